"""The demo runs, its books agree, and it says so if they do not."""

from __future__ import annotations

import importlib.util
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from localsqs import demo
from localsqs._screen import Screen
from localsqs.examples import orders as example
from localsqs.examples.orders.shop import CURRENCIES

pytest.importorskip("yaml")
pytest.importorskip("aws_lambda_powertools")
pytest.importorskip("aws_xray_sdk")

ROOT = Path(__file__).resolve().parents[2]


def run(capsys, *arguments):
    """Runs the demo in this process: exit code, output, errors."""
    code = demo.main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def without_real_time(text):
    return re.sub(r"real time +\d+\.\d+ s", "real time", text)


@pytest.fixture(scope="module")
def orders():
    return example.load_orders()


@pytest.mark.parametrize("count", ["1", "9", "10", "11", "60", "1000"])
def test_books_agree(capsys, count):
    code, out, err = run(capsys, "--orders", count)
    assert (code, err) == (0, "")
    assert "WRONG" not in out


def test_tells_the_whole_story_in_order_of_engine_time(capsys, orders):
    _, out, _ = run(capsys)
    failing = sum(order["currency"] in ("ISK", "€") for order in orders)
    flaky = sum(order["payment"]["provider"] == "tidepay" for order in orders)
    assert "stack shop deployed from template.yaml" in out
    assert "fails: unknown currency 'ISK'" in out
    assert "fails: no answer from tidepay" in out
    assert "moves to orders-dead" in out
    assert "alarm orders-dead-letters: from OK to ALARM" in out
    assert "all 1,000 orders sent" in out
    assert f"{1000 - failing:,} orders shipped by " in out
    assert f"{flaky} of them at the second try; {failing} dead letters" in out
    assert "in queue alerts: orders-dead-letters is ALARM" in out
    assert "changed: OrdersFunction\n" in out
    assert f"message move task COMPLETED: {failing} orders back in queue orders" in out
    assert "queue orders is empty: 1,000 orders shipped" in out
    assert "in queue alerts: orders-dead-letters is OK" in out
    days = {"Mon": 0, "Tue": 1, "Wed": 2}
    times = [(days[day], clock) for day, clock in re.findall(r"^(Mon|Tue|Wed) (\d\d:\d\d:\d\d)  ", out, re.MULTILINE)]
    assert len(times) > 15
    assert times == sorted(times)


def test_says_what_it_took_and_what_to_try(capsys):
    _, out, _ = run(capsys, "--orders", "20")
    assert re.search(r"engine time +35 h", out)
    assert re.search(r"real time +\d+\.\d\d s", out)
    assert re.search(r"function +\d+ invocations, [1-9]\d* GB-seconds", out)
    assert re.search(r"requests +\d+", out)
    assert re.search(r"AWS's bill +0.00 USD; 0.0000\d+ USD", out)
    template = re.search(r"less (\S*template.yaml)", out)
    assert template is not None
    assert Path(template[1]).is_file()


def test_equal_seeds_give_equal_output(capsys):
    first = run(capsys, "--orders", "150", "--seed", "3")
    second = run(capsys, "--orders", "150", "--seed", "3")
    assert without_real_time(first[1]) == without_real_time(second[1])


def test_fails_if_an_order_is_not_done(capsys, monkeypatch):
    monkeypatch.setattr(demo, "FIX", {"AcceptedCurrencies": f"{demo.ACCEPTED},EEK"})  # A fix that fixes nothing.
    code, out, err = run(capsys, "--orders", "60")
    assert code == 1
    assert "WRONG" in out
    assert "the books do not agree: " in err
    assert "by the function's log: " in err


def test_fails_if_an_order_is_done_twice(capsys, monkeypatch, tmp_path):
    folder = tmp_path / "orders"
    shutil.copytree(example.TEMPLATE.parent, folder)
    forgetful = """
    logger.info("order shipped", extra=about)
    if order["order_id"] == "R-00005" and attempt == 1:
        raise RuntimeError("shipped, and then the line went dead")
"""
    handler = (folder / "handler.py").read_text(encoding="utf-8")
    changed = handler.replace('\n    logger.info("order shipped", extra=about)\n', forgetful)
    assert changed != handler
    (folder / "handler.py").write_text(changed, encoding="utf-8")
    monkeypatch.setattr(example, "TEMPLATE", folder / "template.yaml")
    code, _, err = run(capsys, "--orders", "60")
    assert code == 1
    assert "by the function's log: 59 instead of 60" in err


def test_names_the_packages_that_are_missing(capsys, monkeypatch):
    monkeypatch.setattr(demo, "NEEDED", {"yaml": "PyYAML", "no_such_module": "no-such-package"})
    code, out, err = run(capsys)
    assert (code, out) == (2, "")
    assert err == "localsqs demo: the example needs no-such-package: pip install 'localsqs[demo]'\n"


@pytest.mark.parametrize(
    ("option", "value"),
    [("--orders", "0"), ("--orders", "1001"), ("--orders", "ten"), ("--seed", "-1"), ("--seed", str(2**64))],
)
def test_refuses_what_it_cannot_do(capsys, option, value):
    with pytest.raises(SystemExit) as stop:
        demo.main([option, value])
    assert stop.value.code == 2
    assert f"argument {option}: " in capsys.readouterr().err


# --- The screen -------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def test_no_escape_codes_where_output_is_no_terminal(capsys):
    _, out, _ = run(capsys, "--orders", "20")
    assert "\x1b" not in out
    assert "\r" not in out


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colours_on_a_terminal_unless_no_color_is_set(monkeypatch, no_color, coloured):
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    Screen(stream).title("orders")
    assert ("\x1b[1m" in stream.getvalue()) is coloured


def test_the_progress_bar_makes_room_for_the_next_line():
    stream = Terminal()
    screen = Screen(stream)
    screen.progress("sent", 1000, 1000)
    screen.detail("all sent")
    assert "1,000 of 1,000 sent" in stream.getvalue()
    assert stream.getvalue().split("\x1b[K")[-1].strip() == "all sent"


def test_a_letter_the_terminal_lacks_becomes_a_question_mark():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Screen(stream).detail("Gdańsk")
    stream.seek(0)
    assert stream.read().strip() == "Gda?sk"


# --- The orders -------------------------------------------------------------------------------------------------------


@pytest.fixture
def make_orders(monkeypatch):
    """examples/orders/make_orders.py as a module."""
    spec = importlib.util.spec_from_file_location("make_orders", ROOT / "examples/orders/make_orders.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "make_orders", module)  # Its dataclass looks itself up there.
    spec.loader.exec_module(module)
    return module


def test_the_script_reproduces_the_shipped_orders(make_orders, capsys):
    made = make_orders.as_json_lines(make_orders.make_orders()).encode()
    assert made == make_orders.ORDERS_FILE.read_bytes()
    assert len(made) < 400_000
    assert make_orders.main(["--check"]) == 0
    assert "as made by this script" in capsys.readouterr().out


def test_the_shipped_orders_are_those_of_the_repository(orders):
    lines = (ROOT / "python/localsqs/examples/orders/orders.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(orders) == len(lines) == 1000
    assert len({order["order_id"] for order in orders}) == 1000


def test_the_orders_have_what_the_story_needs(orders):
    assert [order["placed_at"] for order in orders] == sorted(order["placed_at"] for order in orders)
    assert {order["currency"] for order in orders} == set(CURRENCIES)
    assert set(CURRENCIES) - set(demo.ACCEPTED.split(",")) == {"ISK", "€"}
    assert any(order["payment"]["provider"] == "tidepay" for order in orders)
    assert any("engraving" in item for order in orders for item in order["items"])
    assert any(not order["customer"].isascii() for order in orders)


# --- The command ------------------------------------------------------------------------------------------------------


def test_the_command_runs_the_demo():
    done = subprocess.run(
        [sys.executable, "-m", "localsqs", "demo", "--orders", "20"], capture_output=True, encoding="utf-8", check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "20 orders in virtual time" in done.stdout


def test_a_reader_that_goes_away_is_no_crash():
    with subprocess.Popen(
        [sys.executable, "-m", "localsqs", "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1
