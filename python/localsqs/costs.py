"""What AWS would have billed: requests, tiers, prices.

    bill = engine.costs()            # or Bill(engine.usage())
    bill.requests                    # billable requests: calls, each counted once per 64 KiB of payload begun
    bill.total                       # US dollars, a Decimal
    print(bill)                      # a small table

The engine counts, this module prices. Counting follows shared/spec/sqs.md, section 10: every API call is a request,
failed ones and empty receives included; a send or a receive counts one for every 64 KiB of payload or part of it.

AWS Lambda is billed beside it, by invocation and by GB-second, if the usage of functions is given:

    Bill(engine.usage(), functions=[LambdaUsage.of(invocations=1_000_000, milliseconds=120e6, memory_mb=128)])

Prices change and differ from region to region, so they are a value that can be replaced:

    Bill(engine.usage(), prices=dataclasses.replace(US_EAST_1, free_requests=0))

All amounts are exact Decimals. A bill takes everything it is given as the requests of one calendar month.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localsqs.engine import Engine

__all__ = ["US_EAST_1", "Bill", "Charge", "LambdaUsage", "Prices", "Tier", "UsageRow"]

_MILLION = 1_000_000
_HUNDRED_THOUSAND_MILLION = 100_000 * _MILLION


@dataclass(frozen=True)
class Tier:
    """One step of a price list.

    Attributes:
        up_to: The step ends with this many requests a month; None for the last step.
        usd_per_million: US dollars for a million requests within the step.
    """

    up_to: int | None
    usd_per_million: Decimal


@dataclass(frozen=True)
class Prices:
    """A price list of Amazon SQS and AWS Lambda for one region.

    Attributes:
        region: The region the prices are for.
        source: Where they were read, and when.
        free_requests: Requests a month that cost nothing, for an account as a whole.
        standard: Tiers for calls on standard queues, and for calls that concern no queue.
        fifo: Tiers for the calls of `fifo_operations` on FIFO queues.
        fifo_operations: What costs the FIFO rate; other calls on a FIFO queue cost the standard rate.
        fair_queue_usd_per_million: On top, for a million messages sent with a MessageGroupId to a standard queue.
        lambda_usd_per_million: For a million invocations of functions.
        lambda_usd_per_million_gb_seconds: For a million GB-seconds of functions (x86, first tier).
        lambda_free_requests, lambda_free_gb_seconds: What of both costs nothing a month, for an account as a whole.
    """

    region: str
    source: str
    free_requests: int
    standard: tuple[Tier, ...]
    fifo: tuple[Tier, ...]
    fifo_operations: frozenset[str]
    fair_queue_usd_per_million: Decimal
    lambda_usd_per_million: Decimal = Decimal("0.20")
    lambda_usd_per_million_gb_seconds: Decimal = Decimal("16.6667")
    lambda_free_requests: int = _MILLION
    lambda_free_gb_seconds: int = 400_000


US_EAST_1 = Prices(
    region="us-east-1",
    source="public figures of 2026 from third-party pages (shared/spec/sqs.md, section 10); check AWS's own page",
    free_requests=_MILLION,
    standard=(
        Tier(up_to=_HUNDRED_THOUSAND_MILLION, usd_per_million=Decimal("0.40")),
        Tier(up_to=2 * _HUNDRED_THOUSAND_MILLION, usd_per_million=Decimal("0.30")),
        Tier(up_to=None, usd_per_million=Decimal("0.24")),
    ),
    fifo=(
        Tier(up_to=_HUNDRED_THOUSAND_MILLION, usd_per_million=Decimal("0.50")),
        Tier(up_to=2 * _HUNDRED_THOUSAND_MILLION, usd_per_million=Decimal("0.40")),
        Tier(up_to=None, usd_per_million=Decimal("0.35")),
    ),
    fifo_operations=frozenset(
        {
            "SendMessage",
            "SendMessageBatch",
            "ReceiveMessage",
            "DeleteMessage",
            "DeleteMessageBatch",
            "ChangeMessageVisibility",
            "ChangeMessageVisibilityBatch",
        }
    ),
    fair_queue_usd_per_million=Decimal("0.10"),
)


@dataclass(frozen=True)
class UsageRow:
    """Calls of one operation on one type of queue.

    Attributes:
        operation: The AWS name, "SendMessageBatch".
        queue_type: "standard", "fifo", or "none" for calls that concern no queue (ListQueues) or a missing one.
        calls: API calls, failed ones included.
        requests: What is billed for them: one for every 64 KiB of payload begun, at least one a call.
    """

    operation: str
    queue_type: str
    calls: int
    requests: int


@dataclass(frozen=True)
class LambdaUsage:
    """Invocations of functions.

    Attributes:
        requests: Invocations, failed ones included.
        gb_seconds: Their duration times the memory of their function, to the thousandth.
    """

    requests: int
    gb_seconds: Decimal

    @classmethod
    def of(cls, *, invocations: int, milliseconds: float, memory_mb: int) -> LambdaUsage:
        """The usage of one function.

        Args:
            invocations: How many there were.
            milliseconds: Their billed durations together; AWS rounds each up to a whole millisecond.
            memory_mb: The memory size of the function; 1,024 MB are one GB.
        """
        gb_seconds = Decimal(milliseconds) * memory_mb / 1024 / 1000
        return cls(invocations, gb_seconds.quantize(Decimal("0.001")))


@dataclass(frozen=True)
class Charge:
    """One line of a bill.

    Attributes:
        what: "standard rate", "FIFO rate", "free tier", "fair queues", "Lambda requests", "Lambda GB-seconds", ...
        quantity: Requests, messages for "fair queues", GB-seconds.
        usd_per_million: The price that was applied, in US dollars.
    """

    what: str
    quantity: int | Decimal
    usd_per_million: Decimal

    @property
    def usd(self) -> Decimal:
        """The amount in US dollars, exact."""
        return (self.quantity * self.usd_per_million).scaleb(-6)


class Bill:
    """What one month of this usage costs.

    Args:
        usage: The rows of `engine.usage()`: mappings with "operation", "queue_type", "calls" and "requests".
        fair_queue_messages: Messages sent with a MessageGroupId to standard queues.
        functions: What Lambda functions used.
        prices: The price list.

    The free requests are taken from the standard rate first, what is left of them from the FIFO rate; AWS does not
    publish an order, and this one never makes the bill too small. Both rates climb their tiers on their own, and free
    requests count towards a tier. The fair-queue surcharge has no free part.

    Example:
        >>> row = {"operation": "SendMessage", "queue_type": "standard", "calls": 3_500_000, "requests": 3_500_000}
        >>> Bill([row]).total  # 2.5 million at 0.40 USD a million.
        Decimal('1.00')
    """

    def __init__(
        self,
        usage: Iterable[Mapping[str, Any]],
        *,
        fair_queue_messages: int = 0,
        functions: Iterable[LambdaUsage] = (),
        prices: Prices = US_EAST_1,
    ) -> None:
        self.usage: tuple[UsageRow, ...] = tuple(
            UsageRow(row["operation"], row["queue_type"], row["calls"], row["requests"]) for row in usage
        )
        self.fair_queue_messages = fair_queue_messages
        self.functions = tuple(functions)
        self.prices = prices
        self.charges: tuple[Charge, ...] = tuple(self._charges(free_tier=True))

    @property
    def calls(self) -> int:
        """API calls, failed ones included."""
        return sum(row.calls for row in self.usage)

    @property
    def requests(self) -> int:
        """Billable requests: calls counted once for every 64 KiB of payload begun."""
        return sum(row.requests for row in self.usage)

    @property
    def total(self) -> Decimal:
        """US dollars after the free requests of the month. Exact, not rounded to cents."""
        return _at_least_cents(sum((charge.usd for charge in self.charges), Decimal(0)))

    @property
    def total_without_free_tier(self) -> Decimal:
        """US dollars if the free requests of the month were used up elsewhere."""
        return _at_least_cents(sum((charge.usd for charge in self._charges(free_tier=False)), Decimal(0)))

    def with_prices(self, prices: Prices) -> Bill:
        """The same usage at other prices."""
        rows = [dataclasses.asdict(row) for row in self.usage]
        return Bill(rows, fair_queue_messages=self.fair_queue_messages, functions=self.functions, prices=prices)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Bill):
            return NotImplemented
        mine = (self.usage, self.fair_queue_messages, self.functions, self.prices)
        return mine == (other.usage, other.fair_queue_messages, other.functions, other.prices)

    __hash__ = None  # type: ignore[assignment]  # Compared by value, not meant as a key.

    def __repr__(self) -> str:
        return f"<Bill: {self.requests:,} requests, {self.total:f} USD>"

    def __str__(self) -> str:
        usage = [("operation", "queue type", "calls", "requests")]
        usage += [(row.operation, row.queue_type, f"{row.calls:,}", f"{row.requests:,}") for row in self.usage]
        usage.append(("all", "", f"{self.calls:,}", f"{self.requests:,}"))
        places = max([2, *(_decimal_places(charge.usd) for charge in self.charges)])
        charges = [("charge", "quantity", "USD a million", "USD")]
        charges += [(c.what, f"{c.quantity:,}", _price(c.usd_per_million), f"{c.usd:.{places}f}") for c in self.charges]
        charges.append(("total", "", "", f"{self.total:.{places}f}"))
        notes = [f"Prices: {self.prices.region}, {self.prices.source}."]
        return "\n".join([*_table(usage, text_columns=2), "", *_table(charges, text_columns=1), "", *notes])

    def _repr_html_(self) -> str:
        from localsqs import _html

        return _html.of_bill(self)

    def _charges(self, free_tier: bool) -> list[Charge]:
        free = self.prices.free_requests if free_tier else 0
        at_fifo_rate = sum(row.requests for row in self.usage if self._costs_fifo_rate(row))
        at_standard_rate = self.requests - at_fifo_rate
        free_standard = min(free, at_standard_rate)
        free_fifo = min(free - free_standard, at_fifo_rate)
        charges = []
        if free_standard + free_fifo:
            charges.append(Charge("free tier", free_standard + free_fifo, Decimal(0)))
        charges += _tiered("standard rate", self.prices.standard, free_standard, at_standard_rate)
        charges += _tiered("FIFO rate", self.prices.fifo, free_fifo, at_fifo_rate)
        if self.fair_queue_messages:
            charges.append(Charge("fair queues", self.fair_queue_messages, self.prices.fair_queue_usd_per_million))
        return charges + self._lambda_charges(free_tier)

    def _lambda_charges(self, free_tier: bool) -> list[Charge]:
        prices = self.prices
        requests = sum(function.requests for function in self.functions)
        gb_seconds = sum((function.gb_seconds for function in self.functions), Decimal(0))
        charges = []
        for what, used, free, price in (
            ("Lambda requests", requests, prices.lambda_free_requests, prices.lambda_usd_per_million),
            ("Lambda GB-seconds", gb_seconds, prices.lambda_free_gb_seconds, prices.lambda_usd_per_million_gb_seconds),
        ):
            without_price = min(used, free) if free_tier else 0
            if without_price:
                charges.append(Charge(f"{what}, free", without_price, Decimal(0)))
            if used > without_price:
                charges.append(Charge(what, used - without_price, price))
        return charges

    def _costs_fifo_rate(self, row: UsageRow) -> bool:
        return row.queue_type == "fifo" and row.operation in self.prices.fifo_operations


def functions_of(engine: Engine) -> list[LambdaUsage]:
    """What the functions of an engine used; none if it has none."""
    service = engine._service_in_use("lambda")
    if service is None or not service.counters.invocations:
        return []
    return [LambdaUsage(service.counters.invocations, Decimal(service.counters.gb_seconds).quantize(Decimal("0.001")))]


def _tiered(what: str, tiers: tuple[Tier, ...], first: int, end: int) -> list[Charge]:
    """Prices the requests number `first` (counted from 0) up to `end` of a month, a charge for each tier touched."""
    charges = []
    for tier in tiers:
        tier_end = end if tier.up_to is None else min(end, tier.up_to)
        if tier_end > first:
            charges.append(Charge(what, tier_end - first, tier.usd_per_million))
            first = tier_end
    return charges


def _at_least_cents(amount: Decimal) -> Decimal:
    """The exact amount with trailing zeros dropped, but always two places: 0.00, 1.20, 0.0004."""
    cents = amount.quantize(Decimal("0.01"))
    return cents if cents == amount else amount.normalize()


def _price(usd: Decimal) -> str:
    return f"{usd:.{max(2, _decimal_places(usd))}f}"


def _decimal_places(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _table(rows: Sequence[tuple[str, ...]], text_columns: int) -> list[str]:
    """Aligned lines: the first columns to the left, numbers to the right, rules around the body."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column < text_columns else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return [lines[0], rule, *lines[1:-1], rule, lines[-1]]
