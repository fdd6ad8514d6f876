from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from local import launcher
from local.bridges.layer_storage import externalize, internalize
from tests.local.embedded_aws import EmbeddedAws, running, zip_of


def _layers(*archives: bytes) -> Any:
    versions = [
        {
            "Content": {"CodeSha256": base64.b64encode(hashlib.sha256(archive).digest()).decode()},
            "_zip_data": archive,
        }
        for archive in archives
    ]
    return SimpleNamespace(_data={("000000000000", "us-east-1", "layer"): {"versions": versions}})


def _archives(layers: Any) -> list[bytes]:
    return [v["_zip_data"] for layer in layers._data.values() for v in layer["versions"]]


def test_archives_leave_the_state_and_come_back(tmp_path: Path) -> None:
    layers = _layers(b"one", b"two", b"one")

    externalize(layers, tmp_path)

    assert b"one" not in json.dumps(list(layers._data.values())).encode()
    assert len(list(tmp_path.iterdir())) == 2
    internalize(layers, tmp_path)
    assert _archives(layers) == [b"one", b"two", b"one"]


def test_files_that_nothing_refers_to_are_removed_at_the_next_start(tmp_path: Path) -> None:
    externalize(_layers(b"deleted"), tmp_path)
    kept = _layers(b"kept")
    externalize(kept, tmp_path)

    internalize(kept, tmp_path)

    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"kept"]


def test_a_layer_survives_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as aws:
        archive = zip_of({"python/module.py": "x = 1"})
        aws.client("lambda").publish_layer_version(LayerName="kept", Content={"ZipFile": archive})
        launcher.stop_emulator(aws.settings)
        restarted = EmbeddedAws(aws.settings, launcher.start_emulator(aws.settings))
        version = restarted.client("lambda").get_layer_version(LayerName="kept", VersionNumber=1)
        assert version["Content"]["CodeSize"] == len(archive)
