"""Folders of ours at the paths of AWS's machines."""

from __future__ import annotations

import subprocess
from pathlib import Path

from local.sagemaker import private_mounts


def test_a_folder_of_the_root_that_is_missing_is_named(tmp_path: Path) -> None:
    command = private_mounts.command({"/never-was/opt/ml": tmp_path}, ["true"])

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 1
    assert done.stderr.endswith("create /never-was on this machine\n")


def test_other_folders_get_a_place_that_nobody_else_sees(tmp_path: Path) -> None:
    (tmp_path / "lesson").write_text("one")
    path = "/opt/never-was/deep"
    command = private_mounts.command({path: tmp_path}, ["cat", f"{path}/lesson"])

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stdout) == (0, "one"), done.stderr
    assert not Path("/opt/never-was").exists()
