"""Executes a notebook in its folder and its own kernel; prints the text that its cells show."""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def main(path: Path, cell_seconds: int) -> None:
    """Run every cell; an error ends it with the cell and its traceback."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=cell_seconds).execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
