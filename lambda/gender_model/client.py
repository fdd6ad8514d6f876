"""Asks the SageMaker endpoint."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from gender_model.prediction import Population, Prediction, Predictions
from rest_api.errors import ModelFailedError, ModelUnavailableError, TooLargeError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

BYTES_PER_INVOCATION = 3_000_000
"""Well below the 4 MB that a serverless endpoint takes."""

DEADLINE_SECONDS = 25.0
"""For all attempts together: API Gateway gives up after 29."""

CONNECT_SECONDS = 2
READ_SECONDS = 10
"""How long one attempt may take; another begins only if as much is left until the deadline."""

ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.25

_PASSING = frozenset(
    {
        "InternalDependencyException",
        "InternalFailure",
        "InternalServerError",
        "ModelNotReadyException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


class GenderModel:
    """The model behind an endpoint.

    Parameters
    ----------
    client
        A SageMaker runtime client that does not retry by itself.
    endpoint_name
        The endpoint to invoke.
    """

    def __init__(self, client: SageMakerRuntimeClient, *, endpoint_name: str) -> None:
        self._client = client
        self._endpoint = endpoint_name

    @classmethod
    @cache
    def from_environment(cls) -> GenderModel:
        """Return the model behind the endpoint that ``ENDPOINT_NAME`` names."""
        client = boto3.client(
            "sagemaker-runtime",
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"total_max_attempts": 1},
            ),
        )
        return cls(client, endpoint_name=os.environ["ENDPOINT_NAME"])

    def predict(self, names: Sequence[str], *, population: Population | None = None) -> Predictions:
        """Return one prediction per name, in order.

        Each distinct name is sent once, all in one invocation unless that would be more than the
        endpoint takes.

        Raises
        ------
        ModelUnavailableError
            The endpoint starts, updates, is overloaded or too slow, after bounded retries.
        ModelFailedError
            The endpoint refuses or answers what is no prediction.
        TooLargeError
            A name is larger than the container takes.
        """
        deadline = time.monotonic() + DEADLINE_SECONDS
        known: dict[str, Prediction] = {}
        model = ""
        for part in _split(list(dict.fromkeys(names))):
            answer = self._invoke(part, population=population, deadline=deadline)
            model = answer.model
            known.update(zip(part, answer.predictions, strict=True))
        return Predictions(predictions=[known[name] for name in names], model=model)

    def _invoke(
        self, names: Sequence[str], *, population: Population | None, deadline: float
    ) -> Predictions:
        request: dict[str, object] = {"names": list(names)}
        if population is not None:
            request["population"] = population
        body = self._send(json.dumps(request).encode(), deadline=deadline)
        try:
            answer = Predictions.model_validate_json(body)
        except ValidationError as error:
            # The error would quote the answer, and with it the names.
            raise ModelFailedError("The model's answer has not the agreed form.") from _unquoted(
                error
            )
        if len(answer.predictions) != len(names):
            raise ModelFailedError("The model answered for another number of names.")
        return answer

    def _send(self, body: bytes, *, deadline: float) -> bytes:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = self._client.invoke_endpoint(
                    EndpointName=self._endpoint,
                    ContentType="application/json",
                    Accept="application/json",
                    Body=body,
                )
                return response["Body"].read()
            except ClientError as error:
                _raise_unless_passing(error)
            except BotoCoreError:
                # A timeout or a broken connection passes by itself; a deadline bounds the wait.
                pass
            pause = random.uniform(0, FIRST_PAUSE_SECONDS * 2**attempt)  # noqa: S311 - jitter
            ends = time.monotonic() + pause + CONNECT_SECONDS + READ_SECONDS
            if attempt == ATTEMPTS or ends > deadline:
                break
            time.sleep(pause)
        raise ModelUnavailableError("The model does not answer now. Try again in a moment.")


def _split(names: Sequence[str]) -> Iterator[Sequence[str]]:
    part: list[str] = []
    size = 0
    for name in names:
        length = len(json.dumps(name)) + 2
        if part and size + length > BYTES_PER_INVOCATION:
            yield part
            part, size = [], 0
        part.append(name)
        size += length
    if part:
        yield part


def _raise_unless_passing(error: ClientError) -> None:
    code = error.response.get("Error", {}).get("Code", "")
    if code in _PASSING:
        return
    if code == "ModelError":
        original = int(error.response.get("OriginalStatusCode", 500))  # type: ignore[call-overload]
        if original == 413:
            raise TooLargeError("A name is larger than the model takes.") from None
        if original in {429, 503, 504}:
            return
        raise ModelFailedError("The model failed.") from None
    if code == "ValidationError":
        # SageMaker's word for an endpoint that does not exist (yet) or is not in service.
        raise ModelUnavailableError("There is no model in service.") from None
    raise ModelFailedError("The model refused the request.") from None


def _unquoted(error: ValidationError) -> ValueError:
    return ValueError([problem["type"] for problem in error.errors(include_input=False)])
