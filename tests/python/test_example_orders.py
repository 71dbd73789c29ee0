"""The order system of the examples: the consumer without Lambda, and the template as AWS would take it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

import localsqs
from localsqs.examples import orders as example
from localsqs.examples.orders import consumer
from localsqs.examples.orders.producer import Producer
from localsqs.examples.orders.shop import CURRENCIES, Shop

COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")


@pytest.fixture
def sqs(sqs_engine):
    return sqs_engine.client("sqs")


@pytest.fixture
def queue_urls(sqs):
    dead_url = sqs.create_queue(QueueName="orders-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    attributes = {"VisibilityTimeout": str(consumer.VISIBILITY_TIMEOUT), "RedrivePolicy": policy}
    return sqs.create_queue(QueueName="orders", Attributes=attributes)["QueueUrl"], dead_url


def message_count(sqs, url):
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(COUNTS))["Attributes"]
    return sum(int(attributes[name]) for name in COUNTS)


def consume(sqs, clock, url, shop):
    """Works until the queue is empty. Returns how often each order was tried."""
    attempts = Counter()

    def handle(order, attempt, keep_hold):
        attempts[order["order_id"]] += 1
        assert attempt == attempts[order["order_id"]]
        shop.fulfil(order, attempt, keep_hold)

    consumer.consume(sqs, url, handle, lambda: message_count(sqs, url) == 0)
    return attempts


def test_the_consumer_fulfils_each_order_once(sqs, sqs_clock, queue_urls):
    url, dead_url = queue_urls
    orders = example.load_orders()[:400]
    producer = Producer(sqs, url, "web")
    for order in orders:
        producer.add(order)
    producer.flush()
    assert producer.sent_count == 400

    accepted = set(CURRENCIES) - {"ISK", "€"}
    shop = Shop(lambda seconds: sqs_clock.advance(timedelta(seconds=seconds)), accepted)
    attempts = consume(sqs, sqs_clock, url, shop)

    bad = [order["order_id"] for order in orders if order["currency"] not in accepted]
    flaky = [order["order_id"] for order in orders if order["payment"]["provider"] == "tidepay"]
    assert bad
    assert flaky
    assert {order_id for order_id, count in attempts.items() if count == 3} == set(bad)
    assert {order_id for order_id, count in attempts.items() if count == 2} == set(flaky) - set(bad)
    assert message_count(sqs, dead_url) == len(bad)
    assert len(shop.shipped) == 400 - len(bad)
    assert set(shop.shipped.values()) == {1}
    assert set(shop.shipped) == set(shop.payments.charged)


def test_long_work_keeps_its_messages_hidden(sqs, sqs_clock, queue_urls):
    """Engraving takes seven minutes, the visibility timeout five."""
    url, _ = queue_urls
    engraved = [order for order in example.load_orders() if any("engraving" in item for item in order["items"])]
    assert engraved
    producer = Producer(sqs, url, "web")
    for order in engraved:
        producer.add({**order, "payment": {"provider": "kontopay", "id": "x"}, "currency": "EUR", "total": "10.00"})
    producer.flush()
    shop = Shop(lambda seconds: sqs_clock.advance(timedelta(seconds=seconds)), CURRENCIES)
    started_at = sqs_clock.now()
    attempts = consume(sqs, sqs_clock, url, shop)
    assert set(attempts.values()) == {1}
    assert sqs_clock.now() - started_at > timedelta(minutes=7 * len(engraved))
    assert shop.at_the_workshop == []


def test_the_template_follows_the_advice_of_aws():
    """Visibility timeout of six times the function's timeout and the window; partial batch responses."""
    pytest.importorskip("yaml")
    from localsqs.cloudformation.template import load

    resources = load(example.TEMPLATE).resources
    queue = resources["OrdersQueue"]["Properties"]
    function = resources["OrdersFunction"]["Properties"]
    mapping = resources["OrdersMapping"]["Properties"]
    needed = 6 * function["Timeout"] + mapping["MaximumBatchingWindowInSeconds"]
    assert queue["VisibilityTimeout"] >= needed
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert resources["DeadLetterAlarm"]["Properties"]["MetricName"] == "ApproximateNumberOfMessagesVisible"


def test_the_template_of_the_five_samples_deploys(sqs_engine):
    pytest.importorskip("yaml")
    from localsqs.cloudformation import deploy

    stack = deploy(sqs_engine, Path(localsqs.__file__).parent / "examples/five/template.yaml")
    assert sorted(stack.resources) == ["DLQAlarm", "OrdersDLQ", "OrdersQueue"]
