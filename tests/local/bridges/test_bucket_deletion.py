from __future__ import annotations

from tests.local.embedded_aws import EmbeddedAws


def test_a_stack_whose_bucket_is_not_empty_cannot_be_deleted(embedded_aws: EmbeddedAws) -> None:
    s3 = embedded_aws.client("s3")
    stack = embedded_aws.create_stack(
        {"Bucket": {"Type": "AWS::S3::Bucket"}}, {"Name": {"Ref": "Bucket"}}
    )
    bucket = stack.outputs["Name"]
    s3.put_object(Bucket=bucket, Key="kept", Body=b"text")

    refused = embedded_aws.delete_stack(stack)

    assert refused.status == "DELETE_FAILED"
    assert any("BucketNotEmpty" in reason for reason in refused.reasons("Bucket"))
    assert s3.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"text"

    s3.delete_object(Bucket=bucket, Key="kept")
    assert embedded_aws.delete_stack(stack).status == "DELETE_COMPLETE"
    assert bucket not in {found["Name"] for found in s3.list_buckets()["Buckets"]}
