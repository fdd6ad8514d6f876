"""One self-contained template per region, and the files that it refers to."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk

from stacks.deliveries import find_deliveries
from stacks.launch_stack import LaunchStack
from stacks.settings import Settings, SettingsError, read_context

STACK_NAME = "voc-gender"
MOST_BYTES = 1_000_000
"""What CloudFormation takes from S3."""

_OLDEST_TIME = (1980, 1, 1, 0, 0, 0)


class PublishingError(Exception):
    """Something cannot be published; the message says what to do."""


@dataclass(frozen=True)
class PublishedFile:
    """A file to publish.

    Attributes
    ----------
    key
        Its name in the bucket, which its content determines.
    path
        Where it lies on this machine.
    """

    key: str
    path: Path


@dataclass(frozen=True)
class LaunchTemplate:
    """What is published to one region.

    Attributes
    ----------
    region, bucket
        Where to.
    template
        The template itself.
    assets
        What it refers to.
    """

    region: str
    bucket: str
    template: PublishedFile
    assets: Sequence[PublishedFile]

    @property
    def url(self) -> str:
        """Address that CloudFormation reads the template from."""
        return f"https://s3.{self.region}.amazonaws.com/{self.bucket}/{self.template.key}"


def bucket_name(prefix: str, region: str) -> str:
    """Name the bucket of a region."""
    return f"{prefix}-{region}"


def synthesize(
    chosen: Sequence[Settings], bucket_prefix: str, folder: Path
) -> Iterator[LaunchTemplate]:
    """Write the templates of several regions.

    Parameters
    ----------
    chosen
        One per region.
    bucket_prefix
        What the buckets' names begin with.
    folder
        Where to write.

    Raises
    ------
    SettingsError
        If the method needs an image, which a template cannot carry.
    PublishingError
        If a template is larger than CloudFormation takes.
    """
    packed: dict[str, Path] = {}
    for settings in chosen:
        if settings.method == "low-level":
            raise SettingsError(
                "method: 'low-level' is not allowed here. It builds an image, which a launch link "
                "cannot carry. Allowed: high-level, pre-trained"
            )
        output = folder / settings.region
        bucket = bucket_name(bucket_prefix, settings.region)
        app = cdk.App(outdir=str(output), context=read_context())
        stack = LaunchStack(
            app,
            STACK_NAME,
            settings=settings,
            assets_bucket=bucket,
            deliveries=find_deliveries(settings),
        )
        app.synth()
        template = output / stack.template_file
        yield LaunchTemplate(
            settings.region,
            bucket,
            _content_addressed(template),
            [*_assets(output, template.name, packed, folder)],
        )


def _content_addressed(template: Path) -> PublishedFile:
    """Write the template without spaces, and name it by its content."""
    content = json.dumps(json.loads(template.read_text()), separators=(",", ":")).encode()
    if len(content) > MOST_BYTES:
        raise PublishingError(
            f"the template has {len(content):,} bytes, and CloudFormation takes {MOST_BYTES:,}. "
            "Switch off a part of the preset workshop in cdk.json, or take 'make deploy', which "
            "makes several stacks"
        )
    compact = template.with_suffix(".compact")
    compact.write_bytes(content)
    return PublishedFile(f"{hashlib.sha256(content).hexdigest()}.template.json", compact)


def _assets(
    output: Path, template_name: str, packed: dict[str, Path], folder: Path
) -> Iterator[PublishedFile]:
    manifest = json.loads((output / f"{STACK_NAME}.assets.json").read_text())
    for asset in manifest["files"].values():
        source = output / asset["source"]["path"]
        if source.name == template_name:
            continue
        (destination,) = asset["destinations"].values()
        key: str = destination["objectKey"]
        if asset["source"]["packaging"] == "zip":
            if key not in packed:
                packed[key] = _zip(source, folder / key)
            source = packed[key]
        yield PublishedFile(key, source)


def _zip(source: Path, target: Path) -> Path:
    """Pack a folder, the same bytes for the same files."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in source.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(source).as_posix(), _OLDEST_TIME)
            entry.external_attr = (path.stat().st_mode & 0o777) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return target
