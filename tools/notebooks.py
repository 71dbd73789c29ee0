"""Runs the notebooks from a clean kernel and keeps what they show.

    python tools/notebooks.py [--check] [NOTEBOOK ...]

Outputs are written back into notebooks/*.ipynb, without times and versions, so that an unchanged notebook stays the
same. Pictures of cells tagged `gallery:NAME` also go to docs/gallery/NAME.png, for the README. With --check nothing is
written; a notebook that raises ends with its traceback and status 1. Needs nbclient and ipykernel, and what the
notebooks import.
"""

from __future__ import annotations

import argparse
import base64
import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
GALLERY = ROOT / "docs" / "gallery"
TIMEOUT_S = 300
# Run in the kernel before the first cell: pictures small enough to be committed.
_SETUP = """
%matplotlib inline
import matplotlib
matplotlib.rcParams["figure.dpi"] = 80
"""


def execute(path: Path) -> Any:
    """Runs a notebook in a kernel of its own. Gives it with its outputs.

    Raises:
        CellExecutionError: If a cell raises.
    """
    import nbformat
    from nbclient import NotebookClient

    # No progress bars in what is kept, and no debugger in the kernel's way.
    os.environ.update(LOCALSQS_PROGRESS="0", PYDEVD_DISABLE_FILE_VALIDATION="1")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(_SETUP))
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        extra_arguments=["--log-level=40"],
    )
    client.execute()
    notebook.cells.pop(0)
    for number, cell in enumerate(notebook.cells):
        _clean(cell, number)
    return notebook


def _clean(cell: Any, number: int) -> None:
    cell["id"] = f"cell-{number:02}"
    cell["metadata"].pop("execution", None)
    if cell["cell_type"] != "code":
        return
    cell["execution_count"] = None
    for output in cell["outputs"]:
        if "execution_count" in output:
            output["execution_count"] = None
        # The text form of a picture or a table says nothing that the other does not.
        data = output.get("data", {})
        if "image/png" in data:
            output["data"] = {"image/png": data["image/png"]}


def save(path: Path, notebook: Any) -> None:
    import nbformat

    notebook["metadata"].pop("widgets", None)
    notebook["metadata"]["language_info"] = {"name": "python"}
    nbformat.write(notebook, path)
    GALLERY.mkdir(parents=True, exist_ok=True)
    for cell in notebook["cells"]:
        for tag in cell["metadata"].get("tags", []):
            if tag.startswith("gallery:"):
                (GALLERY / f"{tag.removeprefix('gallery:')}.png").write_bytes(_picture(cell))


def _picture(cell: Any) -> bytes:
    pictures = [output["data"]["image/png"] for output in cell["outputs"] if "image/png" in output.get("data", {})]
    return base64.b64decode(pictures[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("notebooks", nargs="*", type=Path)
    arguments = parser.parse_args()
    from nbclient.exceptions import CellExecutionError

    for path in arguments.notebooks or sorted(NOTEBOOKS.glob("*.ipynb")):
        start = time.perf_counter()
        try:
            notebook = execute(path)
        except CellExecutionError as error:
            sys.exit(f"{path.name}: {error}")
        if not arguments.check:
            save(path, notebook)
        print(f"{path.name}: {time.perf_counter() - start:.1f} s, {path.stat().st_size / 1024:.0f} KiB", flush=True)


if __name__ == "__main__":
    main()
