from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from local.bridges.function_concurrency import WORKERS_PER_FUNCTION
from tests.local.embedded_aws import EmbeddedAws, function_resources

_CODE = """
import os, time

def handler(event, context):
    time.sleep(0.1)
    return os.getpid()
"""


def test_a_burst_is_answered_by_a_few_processes(embedded_aws: EmbeddedAws) -> None:
    with embedded_aws.stack(function_resources(_CODE), {"Name": {"Ref": "Function"}}) as stack:
        name = stack.outputs["Name"]
        with ThreadPoolExecutor(16) as callers:
            answers = list(callers.map(lambda _: embedded_aws.invoke(name), range(16)))

    assert len(answers) == 16
    assert 1 < len(set(answers)) <= WORKERS_PER_FUNCTION
