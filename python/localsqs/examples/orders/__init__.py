"""An order system: orders on a queue with a dead-letter queue, a function that fulfils them, an alarm.

    template.yaml   the queues, the function, its mapping, the alarm, as CloudFormation has them
    handler.py      the function, with Powertools
    shop.py         what is done with an order, and what can go wrong with it
    producer.py     collects a channel's orders and sends them ten at a time
    consumer.py     the same work without Lambda: receives, works, deletes; gives more time to what needs it
    orders.jsonl    1,000 orders of one night, made by examples/orders/make_orders.py

Nothing in them knows this package: with a client of boto3, and deployed to AWS, they work there.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

Order = dict[str, Any]


TEMPLATE = Path(__file__).with_name("template.yaml")


def load_orders() -> list[Order]:
    """The 1,000 orders, oldest first."""
    lines = files(__name__).joinpath("orders.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]
