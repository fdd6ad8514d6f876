"""Faults of the services that the application stands on, each injected for real.

A fault is injected while clients work, and taken away; then it is measured how long it takes
until everything that it concerned works again, and compared what was acknowledged with what is
stored.
"""

from __future__ import annotations

import json
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from local import fault_switch, launcher
from local.fault_switch import Fault
from soak.surroundings import Surroundings

Inject = Callable[[Surroundings], Iterator[None]]
"""Injects a fault up to its ``yield``, and takes it away afterwards."""

MODEL = ("predict", "identify")
TABLE = ("say", "identify", "list", "insights")
SENTIMENT = ("judge",)
EVERYTHING = ("predict", "identify", "judge", "say", "list", "insights")


@dataclass(frozen=True)
class Rehearsal:
    """One fault.

    Attributes
    ----------
    name
        What happens.
    how
        By which means it is made to happen.
    inject
        Makes it happen.
    concerns
        Names of the probes (:mod:`soak.rehearsing`) that must work afterwards.
    seconds
        How long it lasts.
    heals_within
        Seconds after which the embedded AWS itself takes the cause away, if nobody else does.
    """

    name: str
    how: str
    inject: Inject
    concerns: Sequence[str]
    seconds: float = 8.0
    heals_within: float = 0.0


def _signalled(kind: str, number: signal.Signals, undo: signal.Signals | None = None) -> Inject:
    def inject(surroundings: Surroundings) -> Iterator[None]:
        found = surroundings.processes(kind)
        for process in found:
            process.send_signal(number)
        yield
        for process in found:
            if undo is not None and process.is_running():
                process.send_signal(undo)

    return inject


def _switched(*faults: Fault) -> Inject:
    def inject(surroundings: Surroundings) -> Iterator[None]:
        file = surroundings.settings.faults_file
        fault_switch.switch(file, faults)
        try:
            yield
        finally:
            fault_switch.switch(file, [])

    return inject


def _update_endpoint(surroundings: Surroundings) -> Iterator[None]:
    sagemaker = surroundings.aws("sagemaker")
    name = surroundings.outputs["EndpointName"]
    before = sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    variants = sagemaker.describe_endpoint_config(EndpointConfigName=before)["ProductionVariants"]
    copy = f"soak-{time.time_ns()}"
    sagemaker.create_endpoint_config(EndpointConfigName=copy, ProductionVariants=variants)

    def update(configuration: str) -> None:
        sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=configuration)
        sagemaker.get_waiter("endpoint_in_service").wait(
            EndpointName=name, WaiterConfig={"Delay": 1}
        )

    update(copy)
    try:
        yield
    finally:
        update(before)
        sagemaker.delete_endpoint_config(EndpointConfigName=copy)


def _short_of_time(surroundings: Surroundings) -> Iterator[None]:
    """Leave a function less time than its transactions take: it ends between two of them."""
    functions = surroundings.aws("lambda")
    name = _function(surroundings, "identify_gender.")
    timeout = functions.get_function_configuration(FunctionName=name)["Timeout"]
    slow = Fault(service="dynamodb", actions=["TransactWriteItems"], delay_seconds=1.2)
    functions.update_function_configuration(FunctionName=name, Timeout=3)
    fault_switch.switch(surroundings.settings.faults_file, [slow])
    try:
        yield
    finally:
        fault_switch.switch(surroundings.settings.faults_file, [])
        functions.update_function_configuration(FunctionName=name, Timeout=timeout)


def _without_permission(surroundings: Surroundings) -> Iterator[None]:
    functions, iam = surroundings.aws("lambda"), surroundings.aws("iam")
    name = _function(surroundings, "identify_gender.")
    arn = functions.get_function_configuration(FunctionName=name)["Role"]
    role, policy = arn.rpartition("/")[2], "soak-denies"
    denial = {"Effect": "Deny", "Action": "sagemaker:InvokeEndpoint", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denial]})
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=document)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)


def _stopped(surroundings: Surroundings) -> Iterator[None]:
    launcher.stop_emulator(surroundings.settings)
    yield
    launcher.start_emulator(surroundings.settings)


def _killed(surroundings: Surroundings) -> Iterator[None]:
    for process in surroundings.processes("embedded AWS"):
        process.kill()
    yield
    launcher.start_emulator(surroundings.settings)


def _full_disk(surroundings: Surroundings) -> Iterator[None]:
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    # No file of these processes can grow, as on a full disk; it needs no rights and no mount.
    limited = surroundings.processes("embedded AWS")
    for process in limited:
        process.rlimit(resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    yield
    for process in limited:
        process.rlimit(resource.RLIMIT_FSIZE, unlimited)


def _function(surroundings: Surroundings, handler: str) -> str:
    pages = surroundings.aws("lambda").get_paginator("list_functions").paginate()
    (name,) = (
        function["FunctionName"]
        for page in pages
        for function in page["Functions"]
        if function.get("Handler", "").startswith(handler)
    )
    return str(name)


@contextmanager
def injected(rehearsal: Rehearsal, surroundings: Surroundings) -> Iterator[None]:
    """Inject a fault for the duration of a block."""
    steps = rehearsal.inject(surroundings)
    next(steps)
    try:
        yield
    finally:
        next(steps, None)


_WRITES = ("TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem")

MODEL_SERVER_KILLED = Rehearsal(
    "The model server is killed",
    "`kill -9`",
    _signalled("model server", signal.SIGKILL),
    MODEL,
    seconds=1,
)
TABLE_THROTTLED = Rehearsal(
    "The table throttles 7 of 10 requests",
    "DynamoDB answers `ProvisionedThroughputExceededException`",
    _switched(
        Fault(
            service="dynamodb",
            share=0.7,
            status=400,
            code="ProvisionedThroughputExceededException",
        )
    ),
    TABLE,
)
AWS_KILLED = Rehearsal(
    "The local AWS is killed and started again",
    "`kill -9`, then the launcher",
    _killed,
    EVERYTHING,
    seconds=3,
)

ALL = (
    MODEL_SERVER_KILLED,
    Rehearsal(
        "The model server hangs for 8 s",
        "`SIGSTOP`, then `SIGCONT`",
        _signalled("model server", signal.SIGSTOP, signal.SIGCONT),
        MODEL,
    ),
    Rehearsal(
        "The model server hangs for good",
        "`SIGSTOP`; after 30 s without an answer to `/ping` it is replaced",
        _signalled("model server", signal.SIGSTOP),
        MODEL,
        seconds=1,
        heals_within=40,
    ),
    Rehearsal(
        "The model server answers garbage",
        "the endpoint answers `<html>` with status 200",
        _switched(Fault(service="sagemaker", actions=["InvokeEndpoint"], body="<html>")),
        MODEL,
    ),
    Rehearsal(
        "The model server is slow",
        "every answer takes 5 s longer",
        _switched(Fault(service="sagemaker", actions=["InvokeEndpoint"], delay_seconds=5)),
        MODEL,
        seconds=12,
    ),
    Rehearsal(
        "The endpoint is updating",
        "`UpdateEndpoint` to a copy of its configuration, and back",
        _update_endpoint,
        MODEL,
        seconds=2,
    ),
    TABLE_THROTTLED,
    Rehearsal(
        "The table fails",
        "DynamoDB answers 500 to every write",
        _switched(Fault(service="dynamodb", actions=_WRITES, status=500)),
        ("say", "identify"),
    ),
    Rehearsal(
        "A function times out in the middle of a batch",
        "3 s are left to it, and every transaction takes 1.2 s longer",
        _short_of_time,
        ("identify",),
        seconds=12,
    ),
    Rehearsal(
        "The functions' processes are killed",
        "`kill -9`",
        _signalled("functions", signal.SIGKILL),
        EVERYTHING,
        seconds=1,
    ),
    Rehearsal(
        "The sentiment service is down",
        "Comprehend answers 503",
        _switched(Fault(service="comprehend", status=503, code="ServiceUnavailable")),
        SENTIMENT,
    ),
    Rehearsal(
        "A permission is withdrawn",
        "IAM denies `sagemaker:InvokeEndpoint` to the role of Identify Gender",
        _without_permission,
        ("identify",),
    ),
    Rehearsal(
        "The local AWS is stopped and started again",
        "the launcher",
        _stopped,
        EVERYTHING,
        seconds=3,
    ),
    AWS_KILLED,
    Rehearsal(
        "The local AWS hangs for 8 s",
        "`SIGSTOP`, then `SIGCONT`",
        _signalled("embedded AWS", signal.SIGSTOP, signal.SIGCONT),
        EVERYTHING,
    ),
    Rehearsal(
        "The disk of the local AWS is full",
        "no file of its process can grow (`RLIMIT_FSIZE`)",
        _full_disk,
        TABLE,
    ),
)
FEW = (MODEL_SERVER_KILLED, TABLE_THROTTLED, AWS_KILLED)
"""What the end-to-end tests rehearse."""
