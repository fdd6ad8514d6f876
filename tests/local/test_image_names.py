from __future__ import annotations

import pytest

from local.image_names import ImageName

REGISTRY = "000000000000.dkr.ecr.eu-west-1.amazonaws.com"
DIGEST = f"sha256:{'0a' * 32}"


@pytest.mark.parametrize(
    ("ending", "digest", "tag"),
    [("", None, None), (":v1", None, "v1"), (f"@{DIGEST}", DIGEST, None)],
)
def test_a_name_says_whose_image_it_is_and_which(
    ending: str, digest: str | None, tag: str | None
) -> None:
    name = ImageName.parse(f"{REGISTRY}/team/voc-gender{ending}")
    assert name == ImageName(
        REGISTRY, "000000000000", "eu-west-1", "team/voc-gender", digest=digest, tag=tag
    )


@pytest.mark.parametrize(
    "text", ["python:3.12", f"{REGISTRY}/", f"{REGISTRY}/a:b:c", f"{REGISTRY}/a@sha256:12"]
)
def test_what_is_no_image_of_such_a_registry_is_none(text: str) -> None:
    assert ImageName.parse(text) is None
