"""Progress bars: for people who watch, never in what is piped, tested or kept."""

from __future__ import annotations

import io
import sys

import pytest

from localsqs import _progress
from localsqs._progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environment", "wanted"),
    [
        pytest.param(Terminal(), {}, True, id="terminal"),
        pytest.param(io.StringIO(), {}, False, id="file"),
        pytest.param(Terminal(), {"LOCALSQS_PROGRESS": "0"}, False, id="switched-off"),
        pytest.param(Terminal(), {"PYTEST_CURRENT_TEST": "x"}, False, id="pytest"),
        pytest.param(None, {}, False, id="no-stderr"),
    ],
)
def test_a_bar_is_wanted_where_somebody_watches(monkeypatch, stream, environment, wanted):
    monkeypatch.delenv("PYTEST_CURRENT_TEST", raising=False)
    monkeypatch.delenv("LOCALSQS_PROGRESS", raising=False)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stderr", stream)
    assert _progress.is_wanted() is wanted


def test_a_bar_counts_and_goes(monkeypatch):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(_progress, "_DELAY_S", 0)
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress(10, "simulated", "s", show=True) as bar:
        for done in range(11):
            bar.to(done)
    assert "simulated" in stream.getvalue()
    assert [part.strip() for part in stream.getvalue().split("\r")[-2:]] == ["", ""]  # The line is empty again.


def test_nothing_is_drawn_unless_wanted(capsys):
    with Progress(10, "simulated", "s") as bar:
        bar.to(10)
    assert capsys.readouterr().err == ""


def test_without_tqdm_there_is_no_bar(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with Progress(10, "simulated", "s", show=True) as bar:
        bar.to(5)
