"""An order system on one queue with a dead-letter queue, written as one writes it against boto3.

    producer.py     collects a channel's orders and sends them ten at a time
    consumer.py     receives, works, deletes; gives more time to what needs it
    shop.py         what is done with an order, and what can go wrong with it
    orders.jsonl    1,000 orders of one night, made by examples/orders/make_orders.py

Nothing in producer.py and consumer.py knows this package: pass them a client of boto3 and they work on AWS.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

Order = dict[str, Any]


def load_orders() -> list[Order]:
    """The 1,000 orders, oldest first."""
    lines = files(__name__).joinpath("orders.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
