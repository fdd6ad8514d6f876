"""URIs of AWS's own framework images, per region.

The registries' accounts come from the SageMaker Python SDK, which is too large to
install for a synthesis: ``python -m stacks.framework_images PATH_OF_SDK`` copies the
accounts of the two images that are used into ``framework_images.json``.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_ACCOUNTS_FILE = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class FrameworkImage:
    """An image that AWS publishes in a registry of each region.

    Attributes
    ----------
    framework, scope
        Where the SDK's tables list it.
    version
        The framework's version in the SDK's tables.
    repository, tag
        Name in the registry.
    """

    framework: str
    scope: str
    version: str
    repository: str
    tag: str

    def account(self, region: str) -> str:
        """Return the account that owns the registry in a region.

        Raises
        ------
        KeyError
            If AWS does not publish the image there, as far as the SDK knows.
        """
        accounts = _accounts()
        if region not in accounts[self.repository]:
            raise KeyError(f"AWS publishes no image {self.repository} in {region}")
        return accounts[self.repository][region]

    def uri(self, region: str) -> str:
        """Return the URI of the image in a region."""
        return f"{self.account(region)}.dkr.ecr.{region}.amazonaws.com/{self.repository}:{self.tag}"


TENSORFLOW_TRAINING = FrameworkImage(
    framework="tensorflow",
    scope="training",
    version="2.21.0",
    repository="tensorflow-training",
    tag="2.21-cpu-py312",
)
# Serving needs arrays only: this image is a fraction of TensorFlow Serving's, and its
# handlers (model_fn, input_fn, predict_fn, output_fn) take any body.
SCIKIT_LEARN_INFERENCE = FrameworkImage(
    framework="sklearn",
    scope="inference",
    version="1.9-0",
    repository="sagemaker-scikit-learn",
    tag="1.9-0-cpu-py3",
)


def regions() -> set[str]:
    """Return the regions in which AWS publishes both images, as far as the SDK knows."""
    return set.intersection(*map(set, _accounts().values()))


@cache
def _accounts() -> dict[str, dict[str, str]]:
    """Return the registries' accounts, by repository and region."""
    accounts: dict[str, dict[str, str]] = json.loads(_ACCOUNTS_FILE.read_text())
    return accounts


def read_accounts(sdk: Path) -> dict[str, dict[str, str]]:
    """Read the registries' accounts of both images from an installed SageMaker SDK.

    Parameters
    ----------
    sdk
        Folder of the package ``sagemaker.core``.
    """
    accounts = {}
    for image in (TENSORFLOW_TRAINING, SCIKIT_LEARN_INFERENCE):
        config = json.loads((sdk / "image_uri_config" / f"{image.framework}.json").read_text())
        version = config[image.scope]["versions"][image.version]
        accounts[version["repository"]] = dict(sorted(version["registries"].items()))
    return accounts


if __name__ == "__main__":
    _ACCOUNTS_FILE.write_text(json.dumps(read_accounts(Path(sys.argv[1])), indent=2) + "\n")
