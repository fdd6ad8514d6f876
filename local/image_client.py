"""Stands in for Docker's command line where the CDK CLI builds and pushes images.

No engine is needed: ``build`` packs what the Dockerfile copies, ``push`` stores it in the
embedded AWS's registry by the registry's own protocol, and the embedded SageMaker runs it from
there. The commands are those that the CDK CLI and the workshop's lessons use.

With ``LOCAL_CONTAINERS=docker`` the engine carries out everything but ``push``: the image stays
where the containers will run, and the registry learns by which id.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from local import loopback
from local.dockerfile import DockerfileError, Stage, read_stage
from local.engine import HOST_VARIABLE, Engine, EngineError
from local.image_names import ImageName

STORE_VARIABLE = "LOCAL_IMAGE_STORE"
PROGRAM = Path(__file__).with_name("image-client.sh")
CONFIG_TYPE = "application/vnd.voc-gender.packed-image.v1+json"
"""Tells the embedded SageMaker that an image was packed here and can be run from its files."""
ENGINE_CONFIG_TYPE = "application/vnd.voc-gender.engine-image.v1+json"
"""Tells the embedded SageMaker that the engine of this machine has the image, and its id there."""
BUILD_OPTIONS_VARIABLE = "LOCAL_DOCKER_BUILD_OPTIONS"
"""Further options of an engine's ``build``, such as a secret or a network."""

_MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_BUILD_OPTIONS = (
    "build-arg",
    "build-context",
    "cache-from",
    "cache-to",
    "network",
    "output",
    "platform",
    "secret",
    "ssh",
)
_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"


class ImageError(Exception):
    """A command that cannot be carried out."""


class ImageStore:
    """Images of this machine by their names, as an engine keeps them.

    Parameters
    ----------
    folder
        Where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def build(self, context: Path, *, name: str, dockerfile: Path, target: str | None) -> str:
        """Pack what a Dockerfile copies, and answer the image's digest.

        Raises
        ------
        ImageError
            If the Dockerfile cannot be read, or copies what is not there.
        """
        try:
            stage = read_stage(dockerfile, target)
        except (DockerfileError, OSError) as error:
            raise ImageError(str(error)) from error
        layer = _pack(context, stage)
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {"Entrypoint": stage.entry_point, "WorkingDir": stage.working_folder},
                "rootfs": {"type": "layers", "diff_ids": [_digest(gzip.decompress(layer))]},
            },
            sort_keys=True,
        ).encode()
        folder = self._of(name)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "config").write_bytes(config)
        (folder / "layer").write_bytes(layer)
        return _digest(config)

    def exists(self, name: str) -> bool:
        """Whether an image of this name was built or tagged here."""
        return self._of(name).is_dir()

    def tag(self, name: str, other: str) -> None:
        """Give an image a further name."""
        if not self.exists(name):
            raise ImageError(f"No such image: {name}")
        shutil.copytree(self._of(name), self._of(other), dirs_exist_ok=True)

    def push(self, name: str, endpoint_url: str) -> str:
        """Store an image in the registry of the embedded AWS, and answer its digest there.

        Raises
        ------
        ImageError
            If the name is not of a registry, or the registry refuses.
        """
        if not self.exists(name):
            raise ImageError(f"An image does not exist locally with the tag: {name}")
        config, layer = ((self._of(name) / part).read_bytes() for part in ("config", "layer"))
        return store_in_registry(name, endpoint_url, (CONFIG_TYPE, config), (_LAYER_TYPE, layer))

    def _of(self, name: str) -> Path:
        full = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
        return self._folder / hashlib.sha256(full.encode()).hexdigest()[:32]


def store_in_registry(name: str, endpoint_url: str, *blobs: tuple[str, bytes]) -> str:
    """Store an image in the registry of the embedded AWS, and answer its digest there.

    Parameters
    ----------
    name
        ``ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME:TAG``.
    endpoint_url
        The embedded AWS.
    blobs
        Media type and content of the configuration, and of each layer.

    Raises
    ------
    ImageError
        If the name is not of a registry, or the registry refuses.
    """
    image = ImageName.parse(name)
    if image is None or image.tag is None:
        raise ImageError(f"{name} is not ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME:TAG")
    repository = f"{endpoint_url}/v2/{image.repository}"
    # The registry's host says whose repository it is: the name alone is every region's.
    scope = urllib.parse.urlencode({"ns": image.registry})
    entries = []
    for media_type, content in blobs:
        digest = _digest(content)
        query = f"{urllib.parse.urlencode({'digest': digest})}&{scope}"
        _send("POST", f"{repository}/blobs/uploads/?{query}", content, media_type)
        entries.append({"mediaType": media_type, "digest": digest, "size": len(content)})
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST_TYPE,
            "config": entries[0],
            "layers": entries[1:],
        }
    ).encode()
    _send("PUT", f"{repository}/manifests/{image.tag}?{scope}", manifest, _MANIFEST_TYPE)
    return _digest(manifest)


def _pack(context: Path, stage: Stage) -> bytes:
    files = {
        path: origin
        for source, target in stage.copies
        for path, origin in _copied(context, source, target)
    }
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name in sorted(files):
            content = files[name].read_bytes()
            member = tarfile.TarInfo(name.lstrip("/"))
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _copied(context: Path, source: str, target: str) -> Iterator[tuple[str, Path]]:
    """Yield what one source of a ``COPY`` brings, and where in the image it goes."""
    origins = [context / source] if source == "." else sorted(context.glob(source))
    if not origins:
        raise ImageError(f"COPY {source}: not found in {context}")
    into_folder = target.endswith("/") or len(origins) > 1
    for origin in origins:
        if origin.is_dir():
            for path in sorted(origin.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    yield f"{target.rstrip('/')}/{path.relative_to(origin).as_posix()}", path
        else:
            yield f"{target.rstrip('/')}/{origin.name}" if into_folder else target, origin


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _send(method: str, url: str, body: bytes, content_type: str) -> None:
    request = urllib.request.Request(  # noqa: S310 - the endpoint is this machine's
        url, method=method, data=body, headers={"Content-Type": content_type}
    )
    try:
        loopback.open_url(request, timeout_seconds=60).close()
    except urllib.error.HTTPError as error:
        raise ImageError(
            f"the registry refused: {error.read().decode(errors='replace')}"
        ) from error
    except urllib.error.URLError as error:
        raise ImageError(f"the registry does not answer: {error.reason}") from error


def main(arguments: Sequence[str]) -> int:
    """Carry out one command; answers the exit code."""
    if HOST_VARIABLE in os.environ:
        try:
            return _by_engine(Engine.find(), list(arguments))
        except (EngineError, ImageError) as error:
            sys.stderr.write(f"{error}\n")
            return 1
    options, _ignored = _parser().parse_known_args(arguments)
    command: Callable[[ImageStore, Any], int] = options.carry_out
    try:
        return command(ImageStore(Path(os.environ[STORE_VARIABLE])), options)
    except ImageError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _by_engine(engine: Engine, arguments: list[str]) -> int:
    command = arguments[0] if arguments else ""
    if command == "login":
        return 0
    if command == "push":
        name = arguments[-1]
        image = engine.image_id(name)
        if image is None:
            raise ImageError(f"An image does not exist locally with the tag: {name}")
        config = json.dumps({"image": image}).encode()
        store_in_registry(name, os.environ["AWS_ENDPOINT_URL"], (ENGINE_CONFIG_TYPE, config))
        return 0
    if command == "build":
        arguments[1:1] = shlex.split(os.environ.get(BUILD_OPTIONS_VARIABLE, ""))
    environment = engine.client_environment()
    return subprocess.run([engine.program, *arguments], env=environment, check=False).returncode


def _build(store: ImageStore, options: Any) -> int:
    dockerfile = Path(options.file) if options.file else options.context / "Dockerfile"
    if not dockerfile.is_absolute() and options.file:
        dockerfile = options.context / dockerfile
    digest = store.build(
        options.context, name=options.tag, dockerfile=dockerfile, target=options.target
    )
    sys.stdout.write(f"Packed {options.tag} {digest} (what RUN would install is not in it)\n")
    return 0


def _inspect(store: ImageStore, options: Any) -> int:
    return 0 if store.exists(options.name) else 1


def _tag(store: ImageStore, options: Any) -> int:
    store.tag(options.name, options.other)
    return 0


def _push(store: ImageStore, options: Any) -> int:
    digest = store.push(options.name, os.environ["AWS_ENDPOINT_URL"])
    sys.stdout.write(f"Pushed {options.name} {digest}\n")
    return 0


def _nothing(_store: ImageStore, _options: Any) -> int:
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="docker", description=__doc__, allow_abbrev=False)
    parser.add_argument("--config")
    commands = parser.add_subparsers(required=True)
    build = commands.add_parser("build", allow_abbrev=False)
    build.add_argument("-t", "--tag", required=True)
    build.add_argument("-f", "--file")
    build.add_argument("--target")
    # Of what follows, nothing changes what is packed; the values must not be taken for the folder.
    for option in _BUILD_OPTIONS:
        build.add_argument(f"--{option}", action="append")
    build.add_argument("context", type=Path)
    build.set_defaults(carry_out=_build)
    inspect = commands.add_parser("inspect")
    inspect.add_argument("name")
    inspect.set_defaults(carry_out=_inspect)
    tag = commands.add_parser("tag")
    tag.add_argument("name")
    tag.add_argument("other")
    tag.set_defaults(carry_out=_tag)
    push = commands.add_parser("push")
    push.add_argument("name")
    push.set_defaults(carry_out=_push)
    for name in ("login", "images"):
        commands.add_parser(name).set_defaults(carry_out=_nothing)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
