"""A service of AWS's JSON protocol, inside the emulator's process."""

from __future__ import annotations

import json
import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from ministack import app as ministack_app
from ministack.core import iam_actions, router

from local.aws_api import Record, context, validation
from local.aws_api.callers import Caller, SignedCaller
from local.aws_api.errors import ApiError

Operation = Callable[[Record, Caller], Record]
EmulatorAnswer = tuple[int, dict[str, str], bytes]

_CONTENT_TYPE = "application/x-amz-json-1.1"
_logger = logging.getLogger(__name__)


class JsonService(ABC):
    """A service, with the interface that ministack expects of a service module.

    Parameters
    ----------
    name
        Name for which requests are signed; botocore and IAM call it so, too.
    title
        Name for people.
    """

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self.lock = threading.RLock()
        """Held while a record changes, and never while something is waited for."""
        self._title = title

    @abstractmethod
    def operations(self) -> Mapping[str, Operation]:
        """Return what is implemented, by name."""

    def check(  # noqa: B027 - most services have nothing to add
        self, operation: str, request: Record, caller: Caller
    ) -> None:
        """Refuse what neither the service's model nor the right to the operation does: nothing."""

    async def handle_request(
        self,
        _method: str,
        _path: str,
        headers: Mapping[str, str],
        body: bytes,
        _query_params: Mapping[str, Any],
    ) -> EmulatorAnswer:
        """Answer a request; the names of its headers are in lower case."""
        return await context.run_in_thread(
            lambda: self._answer(headers, body), f"{self.name}-request"
        )

    def perform(self, operation: str, request: object, caller: Caller) -> Record:
        """Check and perform one operation.

        Raises
        ------
        ApiError
            Whatever AWS would refuse, and what is not implemented.
        """
        perform = self.operations().get(operation)
        if perform is None:
            raise ApiError(
                "NotImplementedException",
                f"The embedded {self._title} does not implement the operation "
                f"{operation or '(none named)'}.",
                501,
            )
        checked = validation.parse(self.name, operation, request)
        self.check(operation, checked, caller)
        result = perform(checked, caller)
        with self.lock:
            # A copy: the record goes on changing while the answer is written out.
            return validation.answer(self.name, operation, json.loads(json.dumps(result)))

    def reset(self) -> None:  # noqa: B027 - not every service keeps something
        """Forget everything that is kept."""

    def _answer(self, headers: Mapping[str, str], body: bytes) -> EmulatorAnswer:
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            answer = self.perform(operation, _decoded(body), SignedCaller.of(headers))
        except ApiError as error:
            return _refusal(error)
        except Exception as error:
            _logger.exception("%s of %s", operation, self.name)
            return _refusal(ApiError("InternalFailure", str(error), 500))
        return 200, {"Content-Type": _CONTENT_TYPE}, json.dumps(answer).encode()


def register(
    service: JsonService, *, target_prefix: str, host_pattern: str, is_saved: bool = True
) -> None:
    """Add a service to the emulator of this process, before that loads its state.

    IAM is enforced on it.

    Parameters
    ----------
    service
        The service.
    target_prefix
        What its operations' names stand behind in the header ``X-Amz-Target``.
    host_pattern
        Regular expression of its hosts' names.
    is_saved
        Whether it has a state: ``get_state`` and ``load_persisted_state``.
    """
    name = service.name
    ministack_app.SERVICE_REGISTRY[name] = {"module": name}
    ministack_app.SERVICE_HANDLERS[name] = service.handle_request
    if is_saved:
        ministack_app._state_map[name] = name
    # ministack imports services by name; this one is there already.
    ministack_app._loaded_modules[name] = service
    router.SERVICE_PATTERNS[name] = {
        "target_prefixes": [target_prefix],
        "host_patterns": [host_pattern],
        "credential_scope": name,
    }
    iam_actions.SERVICE_TO_IAM_NAMESPACE[name] = name


def _decoded(body: bytes) -> object:
    try:
        return json.loads(body or b"{}")
    except ValueError as error:
        raise ApiError("SerializationException", f"The body is no JSON: {error}") from error


def _refusal(error: ApiError) -> EmulatorAnswer:
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    return error.status, {"Content-Type": _CONTENT_TYPE, "x-amzn-errortype": error.code}, body
