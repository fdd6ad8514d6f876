"""A small HTTP server for the handler functions of a SageMaker framework container.

It stands in for the serving stack inside ``sagemaker-scikit-learn`` (nginx, gunicorn, Flask and
the toolkit ``sagemaker-containers`` 2.8.6, in whose source the behaviour was read), is started as
a script by the interpreter that plays the container, and imports the standard library only.

What a handler may return from ``output_fn`` is what Flask takes from a view:

- a pair of body and media type, to whose text types Flask adds the character set;
- text or bytes alone, which Flask calls ``text/html``, whatever the caller accepts;
- a WSGI application, for instance a Flask response: the only way to a status other than 200.

Any exception is Flask's page of status 500, which tells the caller nothing; the log has it all.

Environment
-----------
SAGEMAKER_PROGRAM
    File with ``model_fn(model_dir)`` and, optionally, ``input_fn(body, content_type)``,
    ``predict_fn(data, model)`` and ``output_fn(prediction, accept)``, or, in place of these
    three, ``transform_fn(model, body, content_type, accept)``.
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

import csv
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
from wsgiref.util import setup_testing_defaults

_JSON = "application/json"
_CSV = "text/csv"
_NPY = "application/x-npy"
_TEXT_TYPES = (_JSON, _CSV)
_ERROR_PAGE = b"""<!doctype html>
<html lang=en>
<title>500 Internal Server Error</title>
<h1>Internal Server Error</h1>
<p>The server encountered an internal error and was unable to complete your request. Either the \
server is overloaded or there is an error in the application.</p>
"""

Answer = tuple[int, str, bytes]


def default_input(body: Any, content_type: str) -> Any:
    """Decode JSON, CSV or npy into an array, as the container does."""
    numpy = importlib.import_module("numpy")
    if content_type == _JSON:
        return numpy.array(json.loads(body)).astype(numpy.float32)
    if content_type == _CSV:
        return numpy.array(list(csv.reader(io.StringIO(body)))).squeeze().astype(numpy.float32)
    if content_type == _NPY:
        return numpy.load(io.BytesIO(body), allow_pickle=False)
    raise ValueError(f"Content type {content_type} is not supported by this framework.")


def default_predict(data: Any, model: Any) -> Any:
    """Ask the model."""
    return model.predict(data)


def default_output(prediction: Any, accept: str) -> tuple[bytes | str, str]:
    """Encode an array as JSON, CSV or npy."""
    if accept == _JSON:
        return json.dumps(prediction, default=lambda value: value.tolist()), accept
    numpy = importlib.import_module("numpy")
    buffer = io.BytesIO()
    if accept == _NPY:
        numpy.save(buffer, prediction)
        return buffer.getvalue(), accept
    if accept == _CSV:
        rows = numpy.atleast_1d(numpy.array(prediction))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows.reshape(rows.shape[0], -1))
        return text.getvalue(), accept
    raise ValueError(f"Content type {accept} is not supported by this framework.")


class Handlers:
    """The user's functions around one loaded model.

    Parameters
    ----------
    module
        The user's module.
    model_dir
        Folder of the model.

    Raises
    ------
    AttributeError
        If the module cannot load a model.
    TypeError
        If it has both ``transform_fn`` and one of those that it replaces.
    """

    def __init__(self, module: ModuleType, model_dir: str) -> None:
        if not hasattr(module, "model_fn"):
            raise AttributeError(f"{module.__name__} defines no model_fn(model_dir)")
        names = ("input_fn", "predict_fn", "output_fn")
        self._transform = getattr(module, "transform_fn", None)
        if self._transform is not None and any(hasattr(module, name) for name in names):
            raise TypeError(f"transform_fn cannot be used together with {', '.join(names)}")
        self._input = getattr(module, "input_fn", default_input)
        self._predict = getattr(module, "predict_fn", default_predict)
        self._output = getattr(module, "output_fn", default_output)
        self._model = module.model_fn(model_dir)
        # A worker of the real container computes one answer at a time, so handlers need not be
        # safe for threads.
        self._lock = threading.Lock()

    def answer(self, body: bytes, content_type: str, accept: str) -> Answer:
        """Run the handlers; answers status, content type and body."""
        # Only the bare types are decoded: with a parameter, as in "text/csv; charset=utf-8",
        # the handler gets bytes.
        data = body.decode("utf-8", "replace") if content_type in _TEXT_TYPES else body
        with self._lock:
            if self._transform is not None:
                return as_flask_does(self._transform(self._model, data, content_type, accept))
            prediction = self._predict(self._input(data, content_type), self._model)
            return as_flask_does(self._output(prediction, accept))


def as_flask_does(result: Any) -> Answer:
    """Make an answer of what a handler returned.

    Raises
    ------
    TypeError
        If Flask could make nothing of it.
    """
    if isinstance(result, tuple):
        body, media_type = result
        has_charset = media_type.startswith("text/") or media_type.endswith("+xml")
        return 200, f"{media_type}; charset=utf-8" if has_charset else media_type, _bytes(body)
    if isinstance(result, (str, bytes, bytearray)):
        return 200, "text/html; charset=utf-8", _bytes(result)
    if isinstance(result, (dict, list)):
        return 200, _JSON, json.dumps(result).encode()
    if callable(result):
        return _run_wsgi(result)
    raise TypeError(f"a handler returned {type(result).__name__}, which is no response")


def _bytes(body: str | bytes | bytearray) -> bytes:
    return body.encode("utf-8") if isinstance(body, str) else bytes(body)


def _run_wsgi(application: Callable[..., Any]) -> Answer:
    environ: dict[str, Any] = {"REQUEST_METHOD": "POST", "PATH_INFO": "/invocations"}
    setup_testing_defaults(environ)
    started: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        started["status"] = int(status.split(" ", 1)[0])
        started["headers"] = {name.lower(): value for name, value in headers}

    body = b"".join(application(environ, start_response))
    content_type = started["headers"].get("content-type", "text/html; charset=utf-8")
    return started["status"], content_type, body


def request_handler(
    answer: Callable[[bytes, str, str], Answer], default_accept: str
) -> type[BaseHTTPRequestHandler]:
    """Build the class that answers ``/ping`` and ``/invocations``."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One write per answer, and no waiting for the acknowledgement of a half-full packet:
        # Nagle's algorithm costs 40 ms per answer.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            found = self.path == "/ping"
            self._send(200 if found else 404, "text/plain", b"" if found else b"not found")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path != "/invocations":
                self._send(404, "text/plain", b"not found")
                return
            accept = self.headers.get("Accept", "*/*")
            accept = default_accept if accept in ("", "*/*") else accept
            # The container reads an empty type as none.
            content_type = (
                self.headers.get("ContentType") or self.headers.get("Content-Type") or _JSON
            )
            try:
                answered = answer(body, content_type, accept)
            except Exception:  # noqa: BLE001 - whatever a handler raises is an answer
                traceback.print_exc()
                answered = 500, "text/html; charset=utf-8", _ERROR_PAGE
            self._send(*answered)

        def _send(self, status: int, content_type: str, body: bytes) -> None:
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
