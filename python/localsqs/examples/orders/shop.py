"""The shop: what is done with an order, and what can go wrong with it.

A stand-in for the real thing: a payment provider, an engraving machine, a packing table. Work takes time on the clock
it is given (`pass_time`), so that it can run in virtual time. Delivery is at least once, so the work must bear being
asked for twice: an order that is done is not done again, and a payment is known by its order.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

Order = dict[str, Any]


class Currency(NamedTuple):
    code: str
    decimal_places: int


# What an order may name as its currency, and what that means. An old app writes the euro as a sign.
CURRENCIES: Mapping[str, Currency] = {
    **{code: Currency(code, 2) for code in ("CHF", "CZK", "DKK", "EUR", "GBP", "PLN", "SEK", "USD")},
    **{code: Currency(code, 0) for code in ("ISK", "JPY")},
    "€": Currency("EUR", 2),
}

PACKING_SECONDS_EACH = 0.5
ENGRAVING_MINUTES = 7  # Longer than the queue's visibility timeout of five.
PROVIDER_OUTAGE_SECONDS = 600


class TryAgainLater(Exception):
    """The work cannot be done now; it probably can in `seconds`."""

    def __init__(self, reason: str, seconds: int) -> None:
        super().__init__(reason)
        self.seconds = seconds


class UnknownCurrency(Exception):
    """The shop does not accept this currency. No retry will help."""


class PaymentTimedOut(TryAgainLater):
    """The payment provider did not answer. It usually does ten minutes later."""


class Payments:
    """Charges each order once, however often it is asked. "tidepay" does not answer the first time."""

    def __init__(self) -> None:
        self.charged: dict[str, tuple[Decimal, str]] = {}  # Order id -> amount, currency.

    def charge(self, order_id: str, provider: str, amount: Decimal, currency: str, attempt: int) -> None:
        if provider == "tidepay" and attempt == 1:
            raise PaymentTimedOut("no answer from tidepay", seconds=PROVIDER_OUTAGE_SECONDS)
        self.charged.setdefault(order_id, (amount, currency))  # The order id is the provider's idempotency key.


class Shop:
    """Fulfils orders.

    What it has done it keeps in its memory, which a function shares with no other invocation at the same time; a real
    shop asks its database.

    Args:
        pass_time: Called with seconds of work: time.sleep, where time is real.
        accepted: The currencies to take, as orders write them; those of ACCEPTED_CURRENCIES in the environment if None.
    """

    def __init__(self, pass_time: Callable[[float], None], accepted: Collection[str] | None = None) -> None:
        self.accepted = os.environ["ACCEPTED_CURRENCIES"].split(",") if accepted is None else accepted
        self.payments = Payments()
        self.shipped: Counter[str] = Counter()  # Order id -> parcels sent; more than one would be a mistake.
        self.at_the_workshop: list[str] = []  # Order ids whose engraving nobody waited for.
        self._pass_time = pass_time

    def fulfil(self, order: Order, attempt: int, keep_hold: Callable[[], None] | None = None) -> None:
        """Charges, engraves, packs and ships.

        Args:
            order: The order.
            attempt: From 1: how often its message has been received.
            keep_hold: Called every two minutes of long work. Without it there is no long work: what is to be engraved
                goes to the workshop, and follows in another parcel.

        Raises:
            UnknownCurrency: Nothing was done.
            PaymentTimedOut: Nothing was done; try again later.
        """
        if order["order_id"] in self.shipped:
            return  # Delivered a second time: at least once is what SQS promises.
        amount, currency = self._amount(order)
        self.payments.charge(order["order_id"], order["payment"]["provider"], amount, currency, attempt)
        for item in order["items"]:
            if "engraving" in item:
                self._engrave(order["order_id"], keep_hold)
            self._pass_time(PACKING_SECONDS_EACH * item["qty"])
        self.shipped[order["order_id"]] += 1

    def _amount(self, order: Order) -> tuple[Decimal, str]:
        name = order["currency"]
        if name not in self.accepted or name not in CURRENCIES:
            raise UnknownCurrency(f"unknown currency {name!r}")
        currency = CURRENCIES[name]
        return Decimal(order["total"]).quantize(Decimal(1).scaleb(-currency.decimal_places)), currency.code

    def _engrave(self, order_id: str, keep_hold: Callable[[], None] | None) -> None:
        if keep_hold is None:
            self.at_the_workshop.append(order_id)
            return
        keep_hold()
        for minute in range(1, ENGRAVING_MINUTES + 1):
            self._pass_time(60)
            if minute % 2 == 0:
                keep_hold()
