"""What objects look like in a notebook: small tables, escaped, without script."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from localsqs import _html, look


class Cells(HTMLParser):
    """The texts of the cells, and that every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        assert tag in {"table", "caption", "thead", "tbody", "tr", "th", "td", "div"}
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1] in {"th", "td"}:
            self.cells.append(data)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (True, "yes"), (1_234_567, "1,234,567"), (0.12345, "0.123"), (12_345.6, "12,346"), ("a", "a")],
)
def test_values_as_text(value, text):
    assert _html.text_of(value) == text


def test_text_is_escaped():
    assert "<b>" not in _html.table(["<b>"], [["<b>"]], caption="<b>", note="<b>")
    assert "<b>" not in _html.facts([("<b>", "<b>")], caption="<b>")


def test_numbers_stand_to_the_right():
    html = _html.table(["name", "count"], [["a", 1], ["b", None]])
    assert html.count("text-align:right") == 3
    assert Cells(html).cells == ["name", "count", "a", "1", "b", "–"]


def test_an_engine_lists_its_queues(engine, sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="x")
    cells = Cells(engine._repr_html_()).cells
    assert cells[cells.index("orders") :][:5] == ["orders", "standard", "1", "0", "0"]


def test_an_engine_without_queues(engine):
    assert Cells(engine._repr_html_()).cells == ["queues", "0"]


def test_a_queue_and_a_bill(engine, sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (state,) = look.queues(engine)
    assert "orders" in Cells(state._repr_html_()).cells
    assert {"SendMessage", "free tier", "total"} <= set(Cells(engine.costs()._repr_html_()).cells)
