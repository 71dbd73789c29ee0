"""Bills, worked by hand. Prices of us-east-1 as in shared/spec/sqs.md, section 10."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from localsqs.costs import US_EAST_1, Bill, Charge

MILLION = 1_000_000
THOUSAND_MILLION = 1_000 * MILLION


def row(operation: str, queue_type: str, calls: int, requests: int | None = None) -> dict[str, object]:
    requests = calls if requests is None else requests
    return {"operation": operation, "queue_type": queue_type, "calls": calls, "requests": requests}


@pytest.mark.parametrize(
    ("standard_requests", "usd"),
    [
        pytest.param(0, "0.00", id="nothing"),
        pytest.param(MILLION, "0.00", id="the-free-million"),
        pytest.param(MILLION + 1, "0.0000004", id="one-more-than-free"),
        pytest.param(3_500_000, "1.00", id="two-and-a-half-millions-at-0.40"),
        pytest.param(100 * THOUSAND_MILLION, "39999.60", id="end-of-the-first-tier"),
        pytest.param(100 * THOUSAND_MILLION + MILLION, "39999.90", id="a-million-of-the-second-tier"),
        pytest.param(200 * THOUSAND_MILLION, "69999.60", id="end-of-the-second-tier"),
        pytest.param(201 * THOUSAND_MILLION, "70239.60", id="a-thousand-millions-of-the-third-tier"),
    ],
)
def test_standard_queues_pay_by_tier_after_a_free_million(standard_requests, usd):
    assert f"{Bill([row('SendMessage', 'standard', standard_requests)]).total:f}" == usd


@pytest.mark.parametrize(
    ("fifo_requests", "usd"),
    [
        pytest.param(MILLION, "0.00", id="the-free-million"),
        pytest.param(3 * MILLION, "1.00", id="two-millions-at-0.50"),
        pytest.param(100 * THOUSAND_MILLION, "49999.50", id="end-of-the-first-tier"),
        pytest.param(101 * THOUSAND_MILLION, "50399.50", id="second-tier"),
        pytest.param(201 * THOUSAND_MILLION, "90349.50", id="third-tier"),
    ],
)
def test_fifo_queues_pay_their_own_rate(fifo_requests, usd):
    assert Bill([row("ReceiveMessage", "fifo", fifo_requests)]).total == Decimal(usd)


@pytest.mark.parametrize(
    ("operation", "usd"),
    [
        ("SendMessage", "0.50"),
        ("SendMessageBatch", "0.50"),
        ("ReceiveMessage", "0.50"),
        ("DeleteMessage", "0.50"),
        ("DeleteMessageBatch", "0.50"),
        ("ChangeMessageVisibility", "0.50"),
        ("ChangeMessageVisibilityBatch", "0.50"),
        ("GetQueueAttributes", "0.40"),
        ("PurgeQueue", "0.40"),
        ("StartMessageMoveTask", "0.40"),
    ],
)
def test_on_a_fifo_queue_only_message_calls_cost_the_fifo_rate(operation, usd):
    assert Bill([row(operation, "fifo", 2 * MILLION)]).total == Decimal(usd)


def test_calls_that_concern_no_queue_cost_the_standard_rate():
    assert Bill([row("ListQueues", "none", 2 * MILLION)]).total == Decimal("0.40")


def test_the_free_million_is_taken_from_the_standard_rate_first():
    # 600,000 standard requests are free, so 400,000 of the FIFO ones are: 1,600,000 * 0.50 / 1,000,000.
    bill = Bill([row("SendMessage", "standard", 600_000), row("SendMessage", "fifo", 2 * MILLION)])
    assert bill.charges == (
        Charge("free tier", MILLION, Decimal(0)),
        Charge("FIFO rate", 1_600_000, Decimal("0.50")),
    )
    assert bill.total == Decimal("0.80")


def test_fair_queue_messages_cost_a_surcharge_without_a_free_part():
    bill = Bill([row("SendMessageBatch", "standard", 50_000)], fair_queue_messages=500_000)
    assert bill.total == Decimal("0.05")
    assert bill.total_without_free_tier == Decimal("0.07")  # and 50,000 * 0.40 / 1,000,000.


def test_requests_are_calls_times_their_64_kib_units():
    # The engine has counted: ten calls of 1 MiB are 160 requests.
    bill = Bill([row("SendMessage", "standard", 10, requests=160), row("DeleteMessage", "standard", 10)])
    assert (bill.calls, bill.requests) == (20, 170)
    assert bill.total_without_free_tier == Decimal("0.000068")


def test_prices_can_be_replaced():
    usage = [row("SendMessage", "standard", 2 * MILLION)]
    dear = dataclasses.replace(US_EAST_1, region="moon-1", source="made up", free_requests=0)
    assert Bill(usage, prices=dear).total == Decimal("0.80")
    assert Bill(usage).with_prices(dear) == Bill(usage, prices=dear)
    assert Bill(usage) != Bill(usage, prices=dear)
    assert "moon-1, made up" in str(Bill(usage, prices=dear))


def test_as_text():
    usage = [row("ReceiveMessage", "standard", 1_200_000), row("SendMessage", "fifo", 200, requests=3_200)]
    assert str(Bill(usage, fair_queue_messages=1_000)).splitlines()[:-1] == [
        "operation       queue type      calls   requests",
        "------------------------------------------------",
        "ReceiveMessage  standard    1,200,000  1,200,000",
        "SendMessage     fifo              200      3,200",
        "------------------------------------------------",
        "all                         1,200,200  1,203,200",
        "",
        "charge          quantity  USD a million     USD",
        "-----------------------------------------------",
        "free tier      1,000,000           0.00  0.0000",
        "standard rate    200,000           0.40  0.0800",
        "FIFO rate          3,200           0.50  0.0016",
        "fair queues        1,000           0.10  0.0001",
        "-----------------------------------------------",
        "total                                    0.0817",
        "",
    ]
    assert repr(Bill(usage)) == "<Bill: 1,203,200 requests, 0.0816 USD>"


def test_an_empty_bill():
    assert Bill([]).total == Decimal(0)
    assert Bill([]).charges == ()
    assert "total" in str(Bill([]))


def test_an_engine_counts_what_its_bill_prices():
    localsqs = pytest.importorskip("localsqs")
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=1) as engine:
        sqs = engine.client("sqs")
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="x" * (64 * 1024 + 1), MessageGroupId="tenant-1")  # 2 units.
        sqs.receive_message(QueueUrl=url)  # 2 units again.
        sqs.receive_message(QueueUrl=url)  # Empty, and billed.
        with pytest.raises(sqs.exceptions.QueueDoesNotExist):
            sqs.get_queue_url(QueueName="nowhere")  # Failed, and billed.
        bill = engine.costs()
    assert (bill.calls, bill.requests) == (5, 7)
    assert bill.fair_queue_messages == 1
    assert bill.total == Decimal("0.0000001")
    assert bill.total_without_free_tier == Decimal("0.0000029")
