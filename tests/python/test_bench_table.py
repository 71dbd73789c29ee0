"""The benchmarks' table: what was aimed at, what was measured. (The benchmarks themselves are not run here.)"""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numpy")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bench_table(monkeypatch: pytest.MonkeyPatch) -> Any:
    for folder in ("tools", "tests/bench"):
        monkeypatch.syspath_prepend(str(ROOT / folder))
    return importlib.import_module("bench_table")


def test_a_row_says_whether_the_aim_was_reached(bench_table):
    rows = [
        ("ratio", "at most", 1.3, ".2f", 1.3),
        ("ratio", "at most", 1.3, ".2f", 1.31),
        ("messages/s", "at least", 50_000, ",.0f", 50_000.0),
        ("messages/s", "at least", 50_000, ",.0f", 49_999.0),
    ]
    assert bench_table.table_of(rows, {"a peer": "no java"}).splitlines()[2:] == [
        "| ratio | at most 1.3 | 1.30 | yes |",
        "| ratio | at most 1.3 | 1.31 | **no** |",
        "| messages/s | at least 50,000 | 50,000 | yes |",
        "| messages/s | at least 50,000 | 49,999 | **no** |",
        "| a peer | | missing: no java | |",
    ]


def test_every_part_can_be_run(bench_table):
    for part in bench_table.PARTS.values():
        script = str(ROOT / "tests" / "bench" / f"{part.script}.py")
        said = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True, check=True).stdout
        for option in ("--json", *part.quick, *part.options):
            assert option.partition("=")[0] in said, (script, option)
        tables = importlib.import_module(part.tables)
        assert callable(tables.aims)
        assert callable(tables.table)


def test_a_part_that_fails_is_named_and_the_others_go_on(bench_table, tmp_path, capsys):
    def fails(build: Path, out: Path, quick: bool) -> Any:
        raise bench_table.Failed("exit status 1 of it")

    def measures(build: Path, out: Path, quick: bool) -> Any:
        return {"localsqs, client made": 2.0, "boto3": 10.0}

    tables = bench_table.Tables(tmp_path, quick=True)
    tables.add("client", "client_bench", fails)
    tables.add("import", "import_bench", measures)
    assert "== client FAILED: exit status 1 of it" in capsys.readouterr().err
    assert "| the part client | | missing: FAILED, exit status 1 of it | |" in tables.text()
    assert "| at most 0.25 | 0.20 | yes |" in tables.text()
    assert list(tables.failed) == ["client"]


def test_peers_that_are_missing_stand_in_the_table(bench_table, tmp_path):
    tables = bench_table.Tables(tmp_path, quick=True)
    missing = {"figures": {}, "missing": {"fauxqs, SQLite": "no npm"}}
    tables.add("durable", "durable_peers", lambda *_: missing)
    assert "| fauxqs, SQLite | | missing: no npm | |" in tables.text()
