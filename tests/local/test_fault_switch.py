from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from local import fault_switch
from local.fault_switch import Fault
from tests.local.embedded_aws import EmbeddedAws


@pytest.fixture
def aws(embedded_aws: EmbeddedAws) -> Iterator[EmbeddedAws]:
    """Return the shared embedded AWS; no fault outlives the test."""
    yield embedded_aws
    fault_switch.switch(embedded_aws.settings.faults_file, [])


def test_only_the_named_operation_fails_and_only_while_switched_on(aws: EmbeddedAws) -> None:
    dynamodb = aws.client("dynamodb")
    throttled = Fault(
        service="dynamodb",
        actions=["ListTables"],
        status=400,
        code="ProvisionedThroughputExceededException",
    )
    fault_switch.switch(aws.settings.faults_file, [throttled])
    with pytest.raises(dynamodb.exceptions.ProvisionedThroughputExceededException):
        dynamodb.list_tables()
    assert dynamodb.describe_limits()

    fault_switch.switch(aws.settings.faults_file, [])
    assert "TableNames" in dynamodb.list_tables()


def test_a_service_can_be_down_or_answer_garbage(aws: EmbeddedAws) -> None:
    comprehend = aws.client("comprehend")
    down = Fault(service="comprehend", status=503, code="ServiceUnavailable")
    garbage = Fault(service="sagemaker", actions=["InvokeEndpoint"], body="<html>")
    fault_switch.switch(aws.settings.faults_file, [down, garbage])
    with pytest.raises(ClientError, match="ServiceUnavailable"):
        comprehend.detect_sentiment(Text="Good", LanguageCode="en")
    answer = aws.client("sagemaker-runtime").invoke_endpoint(EndpointName="none", Body=b"")
    assert answer["Body"].read() == b"<html>"


def test_a_list_that_cannot_be_read_switches_nothing_on(aws: EmbeddedAws) -> None:
    aws.settings.faults_file.write_text('[{"service": "dynamodb", "status": 400, "cod')
    assert "TableNames" in aws.client("dynamodb").list_tables()
