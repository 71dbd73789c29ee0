"""The notebooks run from a clean kernel, and what is committed of them can be read and stays small."""

from __future__ import annotations

import importlib.util
import inspect
import json
from pathlib import Path

import pytest

import localsqs

pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("matplotlib")
pytest.importorskip("pandas")

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
KIB_MAX = 300


def runner():
    spec = importlib.util.spec_from_file_location("run_notebooks", ROOT / "tools" / "notebooks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def ids(path: Path) -> str:
    return path.stem


def test_there_are_notebooks():
    assert [path.name[:2] for path in NOTEBOOKS] == [f"{number:02}" for number in range(1, len(NOTEBOOKS) + 1)]
    assert len(NOTEBOOKS) >= 6


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_a_notebook_runs(path):
    if path.stem == "07_durability" and "durability" not in inspect.signature(localsqs.Engine).parameters:
        pytest.skip("this localsqs keeps its queues in memory")
    notebook = runner().execute(path)  # Raises what a cell raises.
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in shown)
    assert not [output for output in shown if output.get("name") == "stderr"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_what_is_committed_is_small_and_shows_something(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert path.stat().st_size < KIB_MAX * 1024
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert sum(bool(cell["outputs"]) for cell in code) > len(code) / 3
    assert not [output for cell in code for output in cell["outputs"] if output["output_type"] == "error"]
    assert notebook["cells"][0]["cell_type"] == "markdown"
    text = "".join("".join(cell["source"]) for cell in notebook["cells"])
    for part in ("**The question.**", "## What to do"):
        assert part in text


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_links_between_notebooks_lead_somewhere(path):
    import re

    for target in re.findall(r"\]\(([^)]+\.ipynb)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists()


def test_the_gallery_is_what_the_notebooks_show():
    tags = [
        tag.removeprefix("gallery:")
        for path in NOTEBOOKS
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        for tag in cell["metadata"].get("tags", [])
    ]
    assert sorted(tags) == sorted(path.stem for path in (ROOT / "docs" / "gallery").glob("*.png"))
