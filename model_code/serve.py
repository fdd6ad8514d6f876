"""Serves a trained model over HTTP: ``python -m model_code.serve``.

``GET /ping`` and ``POST /invocations`` on SageMaker's contract, behind waitress, a production
server in pure Python. Inference is a few milliseconds of numpy, so a few threads suffice.
"""

import json
import logging
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import waitress

from model_code import artifact, privileges
from model_code.ending import end_when_idle
from model_code.invocations import JSON, MAXIMUM_BYTES, RequestError
from model_code.served_model import Answer, ServedModel, StartResponse
from model_code.settings import ServingSettings, SettingsError

_log = logging.getLogger("model_code.serve")


class Application:
    """WSGI application that answers for one model.

    Parameters
    ----------
    model
        What answers.
    """

    def __init__(self, model: ServedModel) -> None:
        self._model = model

    def __call__(
        self, environ: Mapping[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request."""
        return self._answer(environ)(environ, start_response)

    def _answer(self, environ: Mapping[str, Any]) -> Answer:
        path = environ.get("PATH_INFO", "")
        if path == "/ping":
            return Answer(200, JSON, json.dumps({"model": self._model.model_id}).encode())
        if path != "/invocations":
            return Answer.refusing(
                RequestError(404, "NotFound", "There are /ping and /invocations")
            )
        if environ["REQUEST_METHOD"] != "POST":
            return Answer.refusing(RequestError(405, "MethodNotAllowed", "/invocations takes POST"))
        # A byte too many is as good a reason to refuse a body as all of them.
        length = min(int(environ.get("CONTENT_LENGTH") or 0), MAXIMUM_BYTES + 1)
        body = environ["wsgi.input"].read(length)
        return self._model.respond(body, environ.get("CONTENT_TYPE", ""))


def main() -> int:
    """Serve until SIGTERM; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    try:
        settings = ServingSettings.from_environment(os.environ)
        model = ServedModel.load(settings)
        privileges.drop(os.environ)
    except (SettingsError, artifact.ArtifactError, privileges.PrivilegesError) as error:
        print(f"serve: {error}", file=sys.stderr)
        return 1
    server = waitress.create_server(
        Application(model),
        host="0.0.0.0",  # noqa: S104  (a container is reached through its published port)
        port=settings.port,
        threads=4,
        recv_bytes=1 << 17,  # a thousand names come in one piece
        max_request_body_size=10 * MAXIMUM_BYTES,  # up to there, our own message
        clear_untrusted_proxy_headers=True,
        ident=None,
    )
    end_when_idle(server)
    _log.info("serving model %s on port %d", model.model_id, settings.port)
    try:
        server.run()
    except (SystemExit, KeyboardInterrupt):
        pass
    finally:
        server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
