"""A small HTTP server for the handler functions of a SageMaker framework container.

It stands in for the serving stack inside ``sagemaker-scikit-learn`` and its siblings, is started
as a script by the interpreter that plays the container, and imports the standard library only.

Environment
-----------
SAGEMAKER_PROGRAM
    File with the handlers ``model_fn(model_dir)`` and, optionally, ``input_fn(body,
    content_type)``, ``predict_fn(data, model)`` and ``output_fn(prediction, accept)``.
SAGEMAKER_SUBMIT_DIRECTORY
    Folder of that file.
SM_MODEL_DIR
    Folder of the model.
SAGEMAKER_BIND_TO_PORT
    Port to listen on, 8080 by default.
SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT
    Type of an answer when the caller accepts everything, JSON by default.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

_TEXT_TYPES = ("application/json", "text/csv")
_JSON = "application/json"


class UnsupportedFormatError(Exception):
    """The default handlers cannot read or write a content type."""


def default_input(body: Any, content_type: str) -> Any:
    """Decode JSON, CSV or npy into what a model's ``predict`` takes."""
    if content_type == _JSON:
        return json.loads(body)
    if content_type in ("text/csv", "application/x-npy"):
        numpy = importlib.import_module("numpy")

        if content_type == "text/csv":
            return numpy.genfromtxt(io.StringIO(body), dtype=numpy.float32, delimiter=",")
        return numpy.load(io.BytesIO(body), allow_pickle=False)
    raise UnsupportedFormatError(f"Content type {content_type} is not supported")


def default_predict(data: Any, model: Any) -> Any:
    """Ask the model."""
    return model.predict(data)


def default_output(prediction: Any, accept: str) -> Any:
    """Encode as JSON or CSV."""
    if hasattr(prediction, "tolist"):
        prediction = prediction.tolist()
    if accept == _JSON:
        return json.dumps(prediction)
    if accept == "text/csv":
        rows = prediction if isinstance(prediction, list) else [prediction]
        return "\n".join(
            ",".join(str(cell) for cell in (row if isinstance(row, list) else [row]))
            for row in rows
        )
    raise UnsupportedFormatError(f"Accept type {accept} is not supported")


class Handlers:
    """The user's functions around one loaded model.

    Parameters
    ----------
    module
        The user's module.
    model_dir
        Folder of the model.
    """

    def __init__(self, module: ModuleType, model_dir: str) -> None:
        if not hasattr(module, "model_fn"):
            raise AttributeError(f"{module.__name__} defines no model_fn(model_dir)")
        self._input = getattr(module, "input_fn", default_input)
        self._predict = getattr(module, "predict_fn", default_predict)
        self._output = getattr(module, "output_fn", default_output)
        self._model = module.model_fn(model_dir)
        # The real container's workers take one request at a time, so handlers need not be
        # safe for threads.
        self._lock = threading.Lock()

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """Run input, prediction and output; answers body and content type."""
        media_type = content_type.partition(";")[0].strip().lower()
        data: str | bytes = body.decode("utf-8") if media_type in _TEXT_TYPES else body
        with self._lock:
            prediction = self._predict(self._input(data, media_type), self._model)
            result = self._output(prediction, accept)
        if isinstance(result, tuple):
            result, accept = result
        if isinstance(result, str):
            result = result.encode("utf-8")
        return bytes(result), accept


def status_of(error: Exception) -> int:
    """HTTP status of an exception from a handler.

    The toolkits inside AWS's containers name their errors so, or give them ``status_code``.
    """
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and 400 <= status <= 599:
        return status
    if type(error).__name__ in ("UnsupportedFormatError", "UnsupportedContentTypeError"):
        return 415
    return 500


def request_handler(
    answer: Callable[[bytes, str, str], tuple[bytes, str]], default_accept: str
) -> type[BaseHTTPRequestHandler]:
    """Build the class that answers ``/ping`` and ``/invocations``."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One write per answer, and no waiting for the acknowledgement of a half-full packet:
        # Nagle's algorithm costs 40 ms per answer.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            if self.path == "/ping":
                self._send(200, b"", "text/plain")
            else:
                self._send(404, b"not found", "text/plain")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path != "/invocations":
                self._send(404, b"not found", "text/plain")
                return
            accept = self.headers.get("Accept", "*/*")
            accept = default_accept if accept in ("", "*/*") else accept
            content_type = self.headers.get("Content-Type", _JSON)
            try:
                result, result_type = answer(body, content_type, accept)
            except Exception as error:  # noqa: BLE001 - whatever a handler raises is an answer
                status = status_of(error)
                if status >= 500:
                    traceback.print_exc()
                text = str(getattr(error, "message", None) or error) or type(error).__name__
                self._send(status, text.encode("utf-8"), "text/plain; charset=utf-8")
            else:
                self._send(200, result, result_type)

        def _send(self, status: int, body: bytes, content_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - inherited
            # Health checks would drown everything else in the log.
            if "/ping" not in str(args[0] if args else ""):
                super().log_message(format, *args)

    return Handler


def load_module(folder: Path, program: str) -> ModuleType:
    """Import the user's script.

    Raises
    ------
    ImportError
        If it cannot be found or imported.
    """
    sys.path.insert(0, str(folder))
    name = Path(program).stem
    spec = importlib.util.spec_from_file_location(name, folder / program)
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder / program} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Load the model, then serve until SIGTERM."""
    signal.signal(signal.SIGTERM, _exit)
    folder = Path(os.environ["SAGEMAKER_SUBMIT_DIRECTORY"])
    module = load_module(folder, os.environ["SAGEMAKER_PROGRAM"])
    handlers = Handlers(module, os.environ["SM_MODEL_DIR"])
    accept = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", _JSON)
    address = ("127.0.0.1", int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080")))
    server = ThreadingHTTPServer(address, request_handler(handlers.answer, accept))
    server.daemon_threads = True
    server.serve_forever()


def _exit(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
