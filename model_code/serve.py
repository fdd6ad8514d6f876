"""Serves a trained model over HTTP: ``python -m model_code.serve``.

``GET /ping`` and ``POST /invocations`` on SageMaker's contract, behind waitress, a production
server in pure Python. Inference is a few milliseconds of numpy, so a few threads suffice.
"""

import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import waitress

from model_code import artifact, privileges
from model_code.ending import end_when_idle
from model_code.invocations import (
    JSON,
    JSON_LINES,
    MAXIMUM_BYTES,
    RequestError,
    answer,
    check_size,
    parse,
)
from model_code.predictor import Predictor
from model_code.settings import ServingSettings, SettingsError

_log = logging.getLogger("model_code.serve")

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Application:
    """WSGI application that answers for one model.

    Parameters
    ----------
    predictor
        Loaded model.
    model_id
        Its fingerprint, part of every JSON answer.
    """

    def __init__(self, predictor: Predictor, model_id: str) -> None:
        self._predictor = predictor
        self.model_id = model_id

    def __call__(
        self, environ: Mapping[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request."""
        status, content_type, body = self._respond(environ)
        start_response(
            _STATUS[status],
            [("Content-Type", content_type), ("Content-Length", str(len(body)))],
        )
        return [body]

    def _respond(self, environ: Mapping[str, Any]) -> tuple[int, str, bytes]:
        try:
            path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
            if path == "/ping":
                return 200, JSON, json.dumps({"model": self.model_id}).encode()
            if path == "/invocations" and method == "POST":
                return self._invoke(environ)
        except RequestError as error:
            return error.status, JSON, error.body()
        except Exception:  # noqa: BLE001  (a caller is owed an answer whatever went wrong)
            # The text of an exception may quote a name: only its place goes to the log.
            _log.error("inference failed at %s", _place_of_failure())
            failure = RequestError(500, "InternalError", "The model failed on this request")
            return failure.status, JSON, failure.body()
        return _no_such_route(path)

    def _invoke(self, environ: Mapping[str, Any]) -> tuple[int, str, bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        check_size(length)
        request = parse(environ["wsgi.input"].read(length), environ.get("CONTENT_TYPE", ""))
        body = answer(request, self._predictor, self.model_id)
        return 200, JSON_LINES if request.content_type == JSON_LINES else JSON, body


def _no_such_route(path: str) -> tuple[int, str, bytes]:
    if path == "/invocations":
        error = RequestError(405, "MethodNotAllowed", "/invocations takes POST")
    else:
        error = RequestError(404, "NotFound", "There are /ping and /invocations")
    return error.status, JSON, error.body()


_STATUS = {
    200: "200 OK",
    400: "400 Bad Request",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    413: "413 Content Too Large",
    415: "415 Unsupported Media Type",
    500: "500 Internal Server Error",
}


def _place_of_failure() -> str:
    traceback = sys.exc_info()[2]
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    kind = sys.exc_info()[0]
    line = traceback.tb_lineno if traceback else 0
    file = Path(traceback.tb_frame.f_code.co_filename).name if traceback else "?"
    return f"{file}:{line} ({kind.__name__ if kind else '?'})"


def application(settings: ServingSettings) -> Application:
    """Load the model and return the application that serves it."""
    model, model_id = artifact.load(settings.model_folder)
    predictor = Predictor(model, threshold=settings.threshold, population=settings.population)
    predictor.predict(["Mary"])  # builds caches before the first caller waits for them
    return Application(predictor, model_id)


def main() -> int:
    """Serve until SIGTERM; returns the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    try:
        settings = ServingSettings.from_environment(os.environ)
        app = application(settings)
        privileges.drop(os.environ)
    except (SettingsError, artifact.ArtifactError, privileges.PrivilegesError) as error:
        print(f"serve: {error}", file=sys.stderr)
        return 1
    server = waitress.create_server(
        app,
        host="0.0.0.0",  # noqa: S104  (a container is reached through its published port)
        port=settings.port,
        threads=4,
        recv_bytes=1 << 17,  # a thousand names come in one piece
        max_request_body_size=10 * MAXIMUM_BYTES,  # up to there, our own message
        clear_untrusted_proxy_headers=True,
        ident=None,
    )
    end_when_idle(server)
    _log.info("serving model %s on port %d", app.model_id, settings.port)
    try:
        server.run()
    except (SystemExit, KeyboardInterrupt):
        pass
    finally:
        server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
