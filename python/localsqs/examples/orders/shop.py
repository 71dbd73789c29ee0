"""The shop: what is done with an order, and what can go wrong with it.

A stand-in for the real thing: a payment provider, an engraving machine, a packing table. Work takes time on the clock
it is given (`pass_time`), so that it can run in virtual time. Delivery is at least once, so the work must bear being
asked for twice: an order that is done is not done again, and a payment is known by its order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from localsqs.examples.orders.consumer import TryAgainLater

Order = dict[str, Any]


class Currency(NamedTuple):
    code: str
    decimal_places: int


# What an order may name as its currency, and what that means.
CURRENCIES: Mapping[str, Currency] = {
    **{code: Currency(code, 2) for code in ("CHF", "CZK", "DKK", "EUR", "GBP", "PLN", "SEK", "USD")},
    "JPY": Currency("JPY", 0),
}
# The fix: the Icelandic krona, and what an old app writes for the euro.
CURRENCIES_FIXED: Mapping[str, Currency] = {**CURRENCIES, "ISK": Currency("ISK", 0), "€": Currency("EUR", 2)}

PACKING_SECONDS_EACH = 1.5
ENGRAVING_MINUTES = 7  # Longer than the visibility timeout of five.
PROVIDER_OUTAGE_SECONDS = 600


class UnknownCurrency(Exception):
    """The shop does not know how to charge this currency. No retry will help."""


class PaymentTimedOut(TryAgainLater):
    """The payment provider did not answer. It usually does ten minutes later."""


class Payments:
    """Charges each order once, however often it is asked. "tidepay" does not answer when it first sees a payment."""

    def __init__(self) -> None:
        self.charged: dict[str, tuple[Decimal, str]] = {}  # Order id -> amount, currency.
        self._timed_out: set[str] = set()

    def charge(self, order_id: str, payment: Mapping[str, str], amount: Decimal, currency: str) -> None:
        if payment["provider"] == "tidepay" and payment["id"] not in self._timed_out:
            self._timed_out.add(payment["id"])
            raise PaymentTimedOut("no answer from tidepay", seconds=PROVIDER_OUTAGE_SECONDS)
        self.charged.setdefault(order_id, (amount, currency))  # The order id is the provider's idempotency key.


class Shop:
    """Fulfils orders. `fulfil` is the handler that the consumer calls."""

    def __init__(self, pass_time: Callable[[float], None]) -> None:
        self.currencies = CURRENCIES
        self.payments = Payments()
        self.shipped: Counter[str] = Counter()  # Order id -> parcels sent; more than one would be a mistake.
        self._pass_time = pass_time  # time.sleep, where time is real.

    def fulfil(self, order: Order, keep_hold: Callable[[], None]) -> None:
        """Charges, engraves, packs and ships. Calls `keep_hold` every two minutes of long work.

        Raises:
            UnknownCurrency: Nothing was done.
            PaymentTimedOut: Nothing was done; try again later.
        """
        if order["order_id"] in self.shipped:
            return  # Delivered a second time: at least once is what SQS promises.
        amount, currency = self._amount(order)
        self.payments.charge(order["order_id"], order["payment"], amount, currency)
        for item in order["items"]:
            if "engraving" in item:
                self._engrave(keep_hold)
            self._pass_time(PACKING_SECONDS_EACH * item["qty"])
        self.shipped[order["order_id"]] += 1

    def _amount(self, order: Order) -> tuple[Decimal, str]:
        currency = self.currencies.get(order["currency"])
        if currency is None:
            raise UnknownCurrency(f"unknown currency {order['currency']!r}")
        return Decimal(order["total"]).quantize(Decimal(1).scaleb(-currency.decimal_places)), currency.code

    def _engrave(self, keep_hold: Callable[[], None]) -> None:
        keep_hold()
        for minute in range(1, ENGRAVING_MINUTES + 1):
            self._pass_time(60)
            if minute % 2 == 0:
                keep_hold()
