"""The channel from the real packages."""

import csv
import hashlib
import json
import sys
from pathlib import Path

import pytest

from model_code import data
from model_code.channel import read_channel
from model_code.evidence import US


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("channel")
    assert data.main([str(folder)]) == 0
    return folder


def test_the_channel_is_complete(channel: Path) -> None:
    rows = {
        path.name: list(csv.reader(path.open(encoding="utf-8"))) for path in channel.glob("*.csv")
    }
    assert set(rows) == {"us.csv", "world.csv"}
    for lines in rows.values():
        assert lines[0][:3] == ["name", "female", "male"]
    assert len(rows["us.csv"]) == 97_310 + 1
    assert len(rows["world.csv"]) > 700_000
    assert rows["us.csv"][1][:3] == ["James", "23356", "5150472"]


def test_its_origin_is_stated(channel: Path) -> None:
    provenance = json.loads((channel / "provenance.json").read_text("utf-8"))
    for entry in provenance:
        content = (channel / entry["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert entry["licence"]
        assert entry["rows_read"] >= entry["rows_written"] > 0


def test_every_row_is_usable(channel: Path) -> None:
    table, report = read_channel(channel)
    assert report.bad_rows == 0
    assert len(table) > 700_000
    assert (table.people > 0).all()
    assert ((table.today >= 0) & (table.today <= 1)).all()
    assert ((table.recency > 0) & (table.recency <= 1)).all()
    american = table.where(table.population == US)
    recency = dict(zip(american.names, american.recency, strict=True))
    assert recency["jayden"] > recency["mildred"]


def test_a_gpl_package_is_not_imported() -> None:
    assert "nomquamgender" not in sys.modules
    assert "unidecode" not in sys.modules


def test_junk_of_the_world_table_is_left_out() -> None:
    entries = [
        ("&lt;br&gt;maria", [1, 1, 1.0]),
        ("x", [3, 5, 0.0]),
        ("r2d2", [1, 1, 0.0]),
        ("'ndrs", [1, 1, 0.0]),
        ("ji-hwa", [2, 5, 0.812]),
    ]
    rows = list(data.world_rows([(name, list(map(float, value))) for name, value in entries]))
    assert [row.name for row in rows] == ["ndrs", "ji-hwa"]
    assert rows[1].female == pytest.approx(4.06)
    assert rows[1].female + rows[1].male == pytest.approx(5)


def test_a_missing_package_is_said_with_what_installs_it() -> None:
    with pytest.raises(SystemExit, match="no-such-package is missing: run 'make setup'"):
        data.package_file("no-such-package", ".csv")
