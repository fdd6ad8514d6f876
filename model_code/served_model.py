"""A model in service: loads it, and answers requests whoever takes them from the network.

The own image (``serve.py``) and AWS's framework container (``entry_points/inference.py``) differ
in their HTTP servers only.
"""

import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from model_code import artifact
from model_code.invocations import JSON, JSON_LINES, RequestError, answer, parse
from model_code.predictor import Predictor
from model_code.settings import ServingSettings

_log = logging.getLogger("model_code.served_model")

StartResponse = Callable[[str, list[tuple[str, str]]], Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer over HTTP, and the WSGI application that gives it."""

    status: int
    content_type: str
    body: bytes

    @classmethod
    def refusing(cls, error: RequestError) -> "Answer":
        """Say what is wrong with a request."""
        return cls(error.status, JSON, error.body())

    def __call__(
        self, _environ: Mapping[str, Any], start_response: StartResponse
    ) -> Iterable[bytes]:
        """Send it."""
        start_response(
            f"{self.status} {HTTPStatus(self.status).phrase}",
            [("Content-Type", self.content_type), ("Content-Length", str(len(self.body)))],
        )
        return [self.body]


class ServedModel:
    """A loaded model that answers requests.

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

    @classmethod
    def load(cls, settings: ServingSettings) -> "ServedModel":
        """Load the model that the settings name.

        Raises
        ------
        ArtifactError
            The folder holds no model that can be served.
        """
        model, model_id = artifact.load(settings.model_folder)
        predictor = Predictor(model, threshold=settings.threshold, population=settings.population)
        predictor.predict(["Mary"])  # builds caches before the first caller waits for them
        return cls(predictor, model_id)

    def respond(self, body: bytes, content_type: str) -> Answer:
        """Answer a request of ``/invocations``, whatever is wrong with it or with the model."""
        try:
            request = parse(body, content_type)
            text = answer(request, self._predictor, self.model_id)
        except RequestError as error:
            return Answer.refusing(error)
        except Exception:  # noqa: BLE001  (a caller is owed an answer whatever went wrong)
            # The text of an exception may quote a name: only its place goes to the log.
            _log.error("inference failed at %s", _place_of_failure())
            return Answer.refusing(
                RequestError(500, "InternalError", "The model failed on this request")
            )
        return Answer(200, JSON_LINES if request.content_type == JSON_LINES else JSON, text)


def _place_of_failure() -> str:
    traceback = sys.exc_info()[2]
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    kind = sys.exc_info()[0]
    line = traceback.tb_lineno if traceback else 0
    file = Path(traceback.tb_frame.f_code.co_filename).name if traceback else "?"
    return f"{file}:{line} ({kind.__name__ if kind else '?'})"
