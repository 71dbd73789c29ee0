"""Bills of Lambda functions, worked by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from localsqs.costs import Bill, Charge, LambdaUsage

MILLION = 1_000_000


def test_the_example_of_awss_price_page():
    """3 million requests of 120 ms at 1,536 MB: 540,000 GB-seconds, 2.33 + 0.40 USD after the free tier."""
    usage = LambdaUsage.of(invocations=3 * MILLION, milliseconds=3 * MILLION * 120, memory_mb=1536)
    assert usage.gb_seconds == 540_000
    bill = Bill([], functions=[usage])
    assert bill.charges == (
        Charge("Lambda requests, free", MILLION, Decimal(0)),
        Charge("Lambda requests", 2 * MILLION, Decimal("0.20")),
        Charge("Lambda GB-seconds, free", 400_000, Decimal(0)),
        Charge("Lambda GB-seconds", Decimal(140_000), Decimal("16.6667")),
    )
    assert round(bill.total, 2) == Decimal("2.73")


@pytest.mark.parametrize(
    ("requests", "gb_seconds", "usd"),
    [
        pytest.param(MILLION, 400_000, "0.00", id="the-free-tier"),
        pytest.param(MILLION + 1, 400_000, "0.0000002", id="a-request-more"),
        pytest.param(MILLION, 400_001, "0.0000166667", id="a-gb-second-more"),
    ],
)
def test_the_free_tier_ends_where_it_ends(requests, gb_seconds, usd):
    assert Bill([], functions=[LambdaUsage(requests, Decimal(gb_seconds))]).total == Decimal(usd)


def test_functions_share_one_free_tier():
    half = LambdaUsage(600_000, Decimal(300_000))
    assert (
        Bill([], functions=[half, half]).total == Bill([], functions=[LambdaUsage(1_200_000, Decimal(600_000))]).total
    )


def test_without_the_free_tier_everything_is_paid():
    bill = Bill([], functions=[LambdaUsage(MILLION, Decimal(100))])
    assert bill.total == 0
    assert bill.total_without_free_tier == Decimal("0.20166667")


def test_as_text():
    lines = str(Bill([], functions=[LambdaUsage(1_500_000, Decimal("12.345"))])).splitlines()
    cells = [line.split() for line in lines]
    assert ["Lambda", "requests", "500,000", "0.20", "0.10"] in cells
    assert ["Lambda", "GB-seconds,", "free", "12.345", "0.00", "0.00"] in cells


def test_an_engine_bills_its_functions(engine, sqs, url):
    """Two invocations of 3 s at 512 MB."""
    import time

    engine.event_source_mapping(
        "orders", lambda event, context: time.sleep(3), batch_size=1, timeout=5, memory_size=512
    )
    for body in "ab":
        sqs.send_message(QueueUrl=url, MessageBody=body)
    engine.run_until_idle()
    assert engine.costs().functions == (LambdaUsage(2, Decimal("3.000")),)
