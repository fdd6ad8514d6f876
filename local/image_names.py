"""Names of container images in Amazon's registries (ECR)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_IMAGE = re.compile(
    r"(?P<registry>(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com)/"
    r"(?P<repository>[^:@]+)(?:@(?P<digest>sha256:[0-9a-f]{64})|:(?P<tag>[^:@]+))?"
)


@dataclass(frozen=True)
class ImageName:
    """One image, ``ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY`` and a tag or a digest.

    Attributes
    ----------
    registry
        Host of the registry, which names account and region.
    account, region
        Whose registry it is.
    repository
        Name of the repository.
    digest, tag
        One of both; neither where the name has none.
    """

    registry: str
    account: str
    region: str
    repository: str
    digest: str | None
    tag: str | None

    @classmethod
    def parse(cls, text: str) -> ImageName | None:
        """Read a name; None for one that is not of such a registry."""
        match = _IMAGE.fullmatch(text)
        return cls(**match.groupdict()) if match is not None else None
