"""Metrics that handlers print, and catching what they print."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from typing import Any

import pytest

from localsqs.lambda_.capture import Capture
from localsqs.lambda_.emf import Sample, samples_in


def line(directive: Any = None, /, **root: Any) -> str:
    """An EMF line; `directive` changes the usual one."""
    usual = {"Namespace": "NS", "Dimensions": [["service"]], "Metrics": [{"Name": "A", "Unit": "Count"}]}
    directives = [usual if directive is None else {**usual, **directive}]
    about = {"Timestamp": 1_767_225_600_123, "CloudWatchMetrics": directives}
    return json.dumps({"_aws": about, "service": "svc", "A": [1.0, 2.0], "B": 3, **root})


def test_line_of_powertools() -> None:
    expected = Sample("NS", "A", {"service": "svc"}, [1.0, 2.0], "Count", 60, 1_767_225_600_123)
    assert list(samples_in(f"before\n{line()}\nafter")) == [expected]


def test_each_dimension_set_and_each_metric() -> None:
    text = line(
        {
            "Dimensions": [["service"], ["service", "region"], []],
            "Metrics": [{"Name": "A", "Unit": "Count"}, {"Name": "B", "StorageResolution": 1}],
        },
        region="eu",
    )
    assert [(s.name, s.dimensions, s.values, s.unit, s.resolution_s) for s in samples_in(text)] == [
        ("A", {"service": "svc"}, [1.0, 2.0], "Count", 60),
        ("B", {"service": "svc"}, [3.0], "None", 1),
        ("A", {"service": "svc", "region": "eu"}, [1.0, 2.0], "Count", 60),
        ("B", {"service": "svc", "region": "eu"}, [3.0], "None", 1),
        ("A", {}, [1.0, 2.0], "Count", 60),
        ("B", {}, [3.0], "None", 1),
    ]


@pytest.mark.parametrize("values", [[1.0] * 100, 7, -1.5, 0])
def test_values_taken(values: Any) -> None:
    assert len(list(samples_in(line(A=values)))) == 1


@pytest.mark.parametrize(
    "values",
    [[1.0] * 101, [], "1", None, True, [1, None], {"a": 1}, float("nan"), float("inf"), 10**400, [[1]]],
)
def test_values_not_taken(values: Any) -> None:
    assert list(samples_in(line(A=values))) == []


@pytest.mark.parametrize(
    "directive",
    [
        {"Namespace": ""},
        {"Namespace": None},
        {"Dimensions": [["missing"]]},
        {"Dimensions": [["B"]]},
        {"Dimensions": [[f"d{n}" for n in range(31)]]},
        {"Dimensions": ["service"]},
        {"Metrics": [{"Name": "missing"}]},
        {"Metrics": [{"Name": "A"}, {"Name": "missing"}]},
        {"Metrics": "A"},
        {"Metrics": [{}]},
        {"Metrics": [{"Name": "A"}] * 101},
    ],
)
def test_directive_that_is_skipped(directive: Any) -> None:
    assert list(samples_in(line(directive))) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain",
        '"_aws"',
        '{"_aws"',
        '{"_aws": 1}',
        '{"_aws": {}}',
        '{"_aws": {"CloudWatchMetrics": {}}}',
        '{"_aws": {"CloudWatchMetrics": [1, null, []]}}',
        '["_aws"]',
        f"[{line()}]",
        f"log: {line()}",
        '{"_aws":' * 100_000,
        "\x00\ufffd\ud83d" + line(),
    ],
)
def test_what_is_no_metric(text: str) -> None:
    assert list(samples_in(text)) == []


def test_good_directive_beside_a_bad_one_counts() -> None:
    root = json.loads(line())
    good = root["_aws"]["CloudWatchMetrics"][0]
    root["_aws"]["CloudWatchMetrics"] = [{"Namespace": "other"}, good, 5]
    assert [sample.namespace for sample in samples_in(json.dumps(root))] == ["NS"]


@pytest.mark.parametrize("timestamp", [None, "now", float("nan"), True])
def test_unusable_timestamp(timestamp: Any) -> None:
    root = json.loads(line())
    root["_aws"]["Timestamp"] = timestamp
    assert [sample.timestamp_ms for sample in samples_in(json.dumps(root))] == [None]


# --- Catching --------------------------------------------------------------------------------------------------------


def test_both_streams_are_caught_and_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    with Capture() as capture:
        print("one")
        print("two", file=sys.stderr)
        sys.stdout.writelines(["three", "\n"])
    print("not caught")
    assert capture.text == "one\ntwo\nthree\n"
    assert capsys.readouterr() == ("one\nthree\nnot caught\n", "two\n")


def test_streams_are_put_back() -> None:
    before = sys.stdout, sys.stderr
    with Capture(), Capture():
        assert sys.stdout is not before[0]
    assert (sys.stdout, sys.stderr) == before


def test_captures_nest() -> None:
    with Capture() as outer:
        print("a")
        with Capture() as inner:
            print("b")
        print("c")
    assert (outer.text, inner.text) == ("a\nc\n", "b\n")


def test_threads_do_not_mix() -> None:
    turn, back = threading.Event(), threading.Event()
    texts = []

    def other() -> None:
        with Capture() as capture:
            print("other 1")
            turn.set()
            back.wait(10)
            print("other 2")
        texts.append(capture.text)

    with Capture() as capture:
        thread = threading.Thread(target=other)
        thread.start()
        turn.wait(10)
        print("own")
        back.set()
        thread.join()
    assert (capture.text, texts) == ("own\n", ["other 1\nother 2\n"])


def test_text_of_a_thread_that_the_handler_starts() -> None:
    with Capture() as capture:
        thread = threading.Thread(target=print, args=("from a thread",))
        thread.start()
        thread.join()
    assert capture.text == "from a thread\n"


def test_binary_output_and_closing(capsys: pytest.CaptureFixture[str]) -> None:
    with Capture() as capture:
        sys.stdout.buffer.write(b"\xff ok\n")
        sys.stdout.close()
        print("still open", flush=True)
    assert capture.text == "\ufffd ok\nstill open\n"
    assert not sys.stdout.closed


def test_logger_made_in_a_capture_is_caught_in_later_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with Capture():
        handler = logging.StreamHandler(sys.stdout)
    logger = logging.Logger("made-at-import")
    logger.addHandler(handler)
    with Capture() as capture:
        logger.warning("inside")
    logger.warning("outside")
    assert capture.text == "inside\n"
    assert capsys.readouterr().out == "inside\noutside\n"


def test_output_that_cannot_show_it_gets_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", narrow)
    with Capture() as capture:
        print("\u2603")
    narrow.flush()
    assert capture.text == "\u2603\n"
    assert narrow.buffer.getvalue() == b"\\u2603\n"  # type: ignore[attr-defined]


def test_half_of_a_surrogate_pair_is_an_error_as_on_lambda() -> None:
    with Capture(), pytest.raises(UnicodeEncodeError):
        print("\ud83d")
