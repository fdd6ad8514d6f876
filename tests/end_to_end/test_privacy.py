"""What is kept about a person, how it is kept, and that it can be forgotten."""

from __future__ import annotations

import json
import urllib.request
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from local import loopback
from tests.new_feedback import text_limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Application

_LARGEST_TEXT = 1_000_000
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
"""CloudFront's managed policy; the number is AWS's own."""


def every(client: Any, operation: str, path: str, **arguments: Any) -> Iterator[Any]:
    yield from client.get_paginator(operation).paginate(**arguments).search(path)


def items(application: Application) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every item of every table."""
    dynamodb = application.aws("dynamodb")
    for table in every(dynamodb, "list_tables", "TableNames[]"):
        for item in every(dynamodb, "scan", "Items[]", TableName=table):
            yield table, item


def buckets_of(application: Application) -> list[str]:
    """Names of the buckets of the stage's stacks."""
    cloudformation = application.aws("cloudformation")
    stage = application.settings.stage_name
    return [
        resource["PhysicalResourceId"]
        for stack in every(cloudformation, "describe_stacks", "Stacks[].StackName")
        if stack.startswith(f"{stage}-")
        for resource in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
        if resource["ResourceType"] == "AWS::S3::Bucket"
    ]


def sums(application: Application) -> Counter[str]:
    """What the insights are made from."""
    total: Counter[str] = Counter()
    for table, item in items(application):
        if "Tally" in table:
            for name, value in item.items():
                if name != "Shard":
                    total[name] += int(value["N"])
    return Counter({name: count for name, count in total.items() if count})


def kept_texts(application: Application) -> Iterator[tuple[str, str]]:
    """Yield everything that AWS keeps for the application, by place."""
    for table, item in items(application):
        yield table, json.dumps(item)
    logs = application.aws("logs")
    for group in every(logs, "describe_log_groups", "logGroups[].logGroupName"):
        for message in every(logs, "filter_log_events", "events[].message", logGroupName=group):
            yield group, message
    cloudwatch = application.aws("cloudwatch")
    for metric in every(cloudwatch, "list_metrics", "Metrics[]"):
        yield "metrics", json.dumps(metric)
    s3 = application.aws("s3")
    for bucket in buckets_of(application):
        for version in every(s3, "list_object_versions", "Versions[]", Bucket=bucket):
            place = f"{bucket}/{version['Key']}"
            yield place, version["Key"]
            if version["Size"] <= _LARGEST_TEXT:
                kept = {"Key": version["Key"], "VersionId": version["VersionId"]}
                body = s3.get_object(Bucket=bucket, **kept)["Body"]
                yield place, body.read().decode("utf-8", "replace")
    yield "log of the embedded AWS", application.settings.log_file.read_text(errors="replace")


def places_of(application: Application, marker: str) -> set[str]:
    return {place for place, text in kept_texts(application) if marker.lower() in text.lower()}


def send(application: Application, method: str, path: str, body: Any, **headers: str) -> Any:
    request = urllib.request.Request(
        application.urls["api"] + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
    )
    with loopback.open_url(request, timeout_seconds=60) as response:
        assert response.headers["Cache-Control"] == "no-store", path
        text = response.read()
    return json.loads(text) if text else None


def test_a_deleted_person_is_gone_from_everywhere(application: Application) -> None:
    marker = f"Qzx{uuid.uuid4().hex[:8]}"
    person = {**dict.fromkeys(text_limits(), marker), "Feedback": f"{marker} was late. Bad."}
    before = sums(application)
    key = {"Idempotency-Key": uuid.uuid4().hex}
    ids = [send(application, "POST", "/feedback", person, **key)["ID"]]
    query = f"FirstName={marker}&LastName={marker}&Feedback={marker}%20was%20late"
    ids.append(send(application, "GET", f"/enterfeedback?{query}", None)["ID"])
    joined = ",".join(ids)
    for method, path, body in (
        ("POST", "/feedback", person),
        ("POST", "/identifygender", {"ids": ids}),
        ("GET", f"/identifygender?Id={joined}", None),
        ("POST", "/predictsentiment", {"ids": ids}),
        ("GET", f"/predictsentiment?Id={joined}", None),
        ("POST", "/predict", {"names": [marker]}),
        ("PUT", f"/feedback/{ids[0]}/gender", {"gender": "X"}),
        ("GET", f"/getallcontents?fresh={joined}", None),
        ("GET", "/insights", None),
    ):
        answer = send(application, method, path, body, **(key if path == "/feedback" else {}))
        if path == "/feedback":
            assert answer["ID"] == ids[0]
    # The search finds what is there: the rows, and nothing but the rows.
    (feedbacks,) = places_of(application, marker)
    assert "FeedbackTable" in feedbacks
    assert sums(application) != before

    for identifier in ids:
        send(application, "DELETE", f"/feedback/{identifier}", None)

    assert places_of(application, marker) == set()
    assert sums(application) == before
    listed = send(application, "GET", f"/getallcontents?fresh={joined}", None)
    assert marker not in json.dumps(listed)
    # The ID alone stays for an hour beside the hash of a key: it leads to nothing any more.
    assert {
        place for place in places_of(application, ids[0]) if "Idempotency" not in place
    } == set()
    assert places_of(application, ids[1]) == set()


def test_what_a_refused_request_held_is_kept_nowhere(application: Application) -> None:
    marker = f"Qzy{uuid.uuid4().hex[:8]}"
    person = dict.fromkeys(text_limits(), marker)
    refused: list[tuple[str, str, Any]] = [
        ("GET", f"/enterfeedback?FirstName={marker}", None),
        *(
            ("POST", "/feedback", {**person, name: wrong})
            for name, limit in text_limits().items()
            for wrong in ([marker], marker * limit)
        ),
        ("POST", "/predict", {"names": [marker, 7]}),
        ("POST", "/predict", {"names": {marker: marker}}),
        ("PUT", f"/feedback/{uuid.uuid4()}/gender", {"gender": marker}),
        ("GET", f"/getallcontents?after={marker}", None),
    ]
    for method, path, body in refused:
        status, _ = application.call(method, path, body)
        assert status == 400, (method, path)

    kept = list(kept_texts(application))

    answered = [text for _, text in kept if '"answered"' in text and '"status":400' in text]
    assert len(answered) >= len(refused), "the functions' logs are read too"
    assert {place for place, text in kept if marker.lower() in text.lower()} == set()


@pytest.fixture(scope="module")
def buckets(application: Application) -> list[str]:
    """Names of the stage's buckets."""
    found = buckets_of(application)
    assert application.outputs["BucketName"] in found
    return found


def test_every_deployed_bucket_is_encrypted_and_private(
    application: Application, buckets: list[str]
) -> None:
    s3 = application.aws("s3")
    for bucket in buckets:
        (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"][
            "Rules"
        ]
        algorithm = rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
        assert algorithm in ("AES256", "aws:kms"), bucket
        blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        assert all(blocked.values()), bucket


def test_every_deployed_bucket_refuses_what_is_not_encrypted_on_its_way(
    application: Application, buckets: list[str]
) -> None:
    s3 = application.aws("s3")
    for bucket in buckets:
        policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        denied = [
            statement
            for statement in policy["Statement"]
            if statement["Effect"] == "Deny"
            and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        ]
        (statement,) = denied
        assert statement["Action"] == "s3:*"
        assert set(statement["Resource"]) == {f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"}
        assert statement["Principal"] in ("*", {"AWS": "*"})


def test_the_deployed_site_is_encrypted_on_its_way_and_caches_no_answer(
    application: Application,
) -> None:
    cloudfront = application.aws("cloudfront")
    distributions = cloudfront.list_distributions()["DistributionList"]["Items"]
    assert distributions
    for distribution in distributions:
        config = cloudfront.get_distribution_config(Id=distribution["Id"])["DistributionConfig"]
        default = config["DefaultCacheBehavior"]
        assert default["ViewerProtocolPolicy"] in ("redirect-to-https", "https-only")
        (api,) = config["CacheBehaviors"]["Items"]
        assert api["PathPattern"] == "/vocweb/*"
        assert api["ViewerProtocolPolicy"] == "https-only"
        assert api["CachePolicyId"] == CACHING_DISABLED


def test_the_deployed_endpoint_captures_no_data(application: Application) -> None:
    sagemaker = application.aws("sagemaker")
    endpoint = sagemaker.describe_endpoint(EndpointName=application.outputs["EndpointName"])
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    assert not config.get("DataCaptureConfig", {}).get("EnableCapture", False)
    assert not endpoint.get("DataCaptureConfig", {}).get("EnableCapture", False)


def test_logs_forget(application: Application) -> None:
    groups = list(every(application.aws("logs"), "describe_log_groups", "logGroups[]"))
    ours = [group for group in groups if "RestApi" in group["logGroupName"]]
    assert ours
    for group in ours:
        assert group["retentionInDays"] <= 365, group["logGroupName"]
