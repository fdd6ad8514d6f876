"""``make publish BUCKET_PREFIX=…``: docs/launch.md says what it does."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from local.progress import Step, say
from operations.aws import AwsError, client
from operations.deployment_target import TargetError, running_local
from operations.launch_links.document import launch_link, links_in, render
from operations.launch_links.publishing import check_readers, publish
from operations.launch_links.templates import PublishingError, synthesize
from stacks.settings import Settings, SettingsError, load_settings, read_presets
from stacks.shipped_folder import REPOSITORY, MissingInputError

_DOCUMENT = REPOSITORY / "docs" / "launch.md"


def main(arguments: list[str] | None = None) -> None:
    """Publish to every region and write the links."""
    options = _parser().parse_args(arguments)
    try:
        _publish(options)
    except (
        PublishingError,
        TargetError,
        SettingsError,
        MissingInputError,
        *AwsError,
    ) as error:
        sys.exit(f"publish: {error}")


def _publish(options: argparse.Namespace) -> None:
    if options.readers is not None:
        check_readers(options.readers)
    local = running_local("leave out LOCAL=1") if options.local else None
    where = f"the embedded AWS at {local.endpoint_url}" if local else "AWS"
    chosen = _settings(options)
    links: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for launch in synthesize(chosen, options.bucket_prefix, Path(folder)):
            with Step(f"{launch.region}: publishing to s3://{launch.bucket} on {where}") as step:
                s3 = client("s3", launch.region, local=local)
                new = publish(s3, launch, options.readers)
                step.tell(f"{new} new files, {len(launch.assets) + 1 - new} were there")
                step.tell(launch.url)
            links[launch.region] = launch_link(launch)
    if local is None:
        _write_document(links, keep_others=options.region is not None)
    for link in links.values():
        say(link)


def _write_document(links: dict[str, str], *, keep_others: bool) -> None:
    before = links_in(_DOCUMENT.read_text(encoding="utf-8")) if keep_others else {}
    _DOCUMENT.write_text(render(before | links), encoding="utf-8")
    say(f"The links are in {_DOCUMENT.relative_to(REPOSITORY)}")


def _settings(options: argparse.Namespace) -> list[Settings]:
    overrides = {"environment": "workshop", "method": options.method}
    if options.region:
        overrides["region"] = options.region
    return load_settings(read_presets(), overrides)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="publish", description=__doc__)
    parser.add_argument("bucket_prefix", help="the buckets are called <prefix>-<region>")
    parser.add_argument("--readers", help="private, public, account ids or an organization")
    parser.add_argument("--method", default="high-level", help="high-level or pre-trained")
    parser.add_argument("--region", help="this region alone")
    parser.add_argument("--local", action="store_true", help="to the running embedded AWS")
    return parser


if __name__ == "__main__":
    main()
