"""`localsqs demo`: a night of a small order system, on the real engine, in virtual time.

    localsqs demo                  # 1,000 orders
    localsqs demo --orders 100     # fewer

Producers send the orders of a night, a consumer works them off in the morning, some orders fail once and some fail
always; the latter end in the dead-letter queue, are looked at, and come back by a message move task once the consumer
is fixed. The programs at work are those in `localsqs.examples.orders`, written against boto3's calls. The clock is a
`ManualClock`: it moves where work takes time and where a long poll waits, so two days pass in a moment.

In the end the books are checked: the consumer's own ledger, the counts of the queues and the engine's history must
tell the same story, and every order must have been done exactly once. Exits with 0 if they do, with 1 if not.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from localsqs import Engine, ManualClock
from localsqs._screen import Screen
from localsqs.costs import Bill
from localsqs.examples import orders as example
from localsqs.examples.orders import consumer
from localsqs.examples.orders.producer import Producer
from localsqs.examples.orders.shop import CURRENCIES_FIXED, ENGRAVING_MINUTES, PaymentTimedOut, Shop, UnknownCurrency
from localsqs.types import ListMessageMoveTasksResultEntry, Message

Order = dict[str, Any]

EVENING = datetime(2026, 3, 2, 22, 0, tzinfo=timezone.utc)  # A Monday.
MORNING = datetime(2026, 3, 3, 7, 0, tzinfo=timezone.utc)
FIX_DEPLOYED = datetime(2026, 3, 4, 9, 30, tzinfo=timezone.utc)

SHIFT = timedelta(hours=12)  # Far more than the work takes: should anything be stuck, the books will show it.

MAX_RECEIVE_COUNT = 3
DEAD_LETTER_DAYS = 14
MOVES_PER_SECOND = 5  # Gently: the consumer has other work as well.

COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the demo; see the module. Returns the exit code."""
    arguments = _parse(argv)
    try:
        return _run(arguments)
    except BrokenPipeError:  # `localsqs demo | head`: whoever read has read enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(arguments: argparse.Namespace) -> int:
    screen = Screen(sys.stdout)
    started = time.perf_counter()
    with Engine(clock=ManualClock(start=EVENING), seed=arguments.seed) as engine:
        night = Night(engine, screen, example.load_orders()[: arguments.orders])
        screen.title(f"localsqs demo: {len(night.orders):,} orders in virtual time, seed {arguments.seed}")
        night.open_queues()
        night.send_orders()
        night.work_off()
        night.look_at_dead_letters()
        night.deploy_the_fix()
        night.bring_dead_letters_back()
        wrong = _print_books(screen, night.books())
        _print_sums(screen, engine, engine.costs(), time.perf_counter() - started)
    if wrong:
        print(f"localsqs demo: the books do not agree: {'; '.join(wrong)}", file=sys.stderr)
        return 1
    _print_what_next(screen)
    return 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="localsqs demo", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--orders", type=_order_count, default=1000, metavar="N", help="the first N of 1,000 orders")
    parser.add_argument("--seed", type=_seed, default=7, help="seeds message ids and handles (default: 7)")
    return parser.parse_args(argv)


def _order_count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 1000:
        raise argparse.ArgumentTypeError("the example has 1 to 1,000 orders")
    return count


def _seed(text: str) -> int:
    seed = int(text)
    if not 0 <= seed < 2**64:
        raise argparse.ArgumentTypeError("a seed has 64 bits: 0 or more, below 2**64")
    return seed


@dataclass
class Ledger:
    """What the consumer did, in its own words."""

    attempts: Counter[str] = field(default_factory=Counter)  # Order id -> times the handler was called.
    successes: Counter[str] = field(default_factory=Counter)
    timed_out: Counter[str] = field(default_factory=Counter)  # Failures that pass by themselves.
    refused: Counter[str] = field(default_factory=Counter)  # Failures that do not.
    extensions: int = 0  # Calls of keep_hold.


@dataclass(frozen=True)
class Line:
    """One line of the books: a number as the ledger has it, and where else it was found."""

    what: str
    expected: int
    source: str
    found: int


class Night:
    """The scenario, in the order of its methods."""

    def __init__(self, engine: Engine, screen: Screen, orders: list[Order]) -> None:
        self.engine = engine
        self.clock = engine.clock
        self.sqs = engine.client("sqs")
        self.screen = screen
        self.orders = orders
        self.shop = Shop(pass_time=lambda seconds: self.clock.advance(timedelta(seconds=seconds)))
        self.ledger = Ledger()
        self.dead_letters: list[Message] = []
        self.notes: list[tuple[datetime, str]] = []

    # --- The story --------------------------------------------------------------------------------------------------

    def open_queues(self) -> None:
        self.dead_url = self.sqs.create_queue(
            QueueName="orders-dead", Attributes={"MessageRetentionPeriod": str(DEAD_LETTER_DAYS * 24 * 3600)}
        )["QueueUrl"]
        self.dead_arn = self._attributes(self.dead_url, "QueueArn")["QueueArn"]
        redrive_policy = {"deadLetterTargetArn": self.dead_arn, "maxReceiveCount": str(MAX_RECEIVE_COUNT)}
        self.url = self.sqs.create_queue(
            QueueName="orders",
            Attributes={
                "VisibilityTimeout": str(consumer.VISIBILITY_TIMEOUT),
                "RedrivePolicy": json.dumps(redrive_policy),
            },
        )["QueueUrl"]
        self._tell(
            f"queue orders (visibility timeout {consumer.VISIBILITY_TIMEOUT} s, maxReceiveCount {MAX_RECEIVE_COUNT}), "
            f"dead letters to orders-dead ({DEAD_LETTER_DAYS} days)"
        )

    def send_orders(self) -> None:
        """Each channel's producer sends as soon as it has ten orders; the shop is closed meanwhile."""
        channels = sorted({order["channel"] for order in self.orders})
        producers = {channel: Producer(self.sqs, self.url, channel) for channel in channels}
        self._tell(f"the night's orders come in; each channel ({', '.join(channels)}) sends ten a call")
        for number, order in enumerate(self.orders, start=1):
            self.clock.move_to(datetime.fromisoformat(order["placed_at"].replace("Z", "+00:00")))
            producers[order["channel"]].add(order)
            self.screen.progress("sent", number, len(self.orders))
        for producer in producers.values():
            producer.flush()
        calls = self._calls("SendMessageBatch")
        self.sent_count = sum(producer.sent_count for producer in producers.values())
        self._tell(f"all {self.sent_count:,} orders sent in {calls:,} calls; {self._counts(self.url):,} messages wait")

    def work_off(self) -> None:
        """The consumer works until nothing is left in the queue, which takes the failing orders three receives."""
        self.clock.move_to(MORNING)
        self._tell("the consumer starts: receive 10, wait up to 20 s, hide for 300 s, delete on success")
        self._consume()
        for moved in self.engine.history(queue="orders", kind="Moved")[:1]:
            order = json.loads(moved.details["body"])
            self._note(f"{order['order_id']}, received {MAX_RECEIVE_COUNT} times, moves to orders-dead", moved.at)
        for at, text in sorted(self.notes):
            self.screen.line(_text(at), text)
        self._tell(
            f"queue orders is empty: {len(self.ledger.successes):,} orders done, {len(self.ledger.timed_out)} of them "
            f"at the second try; {self._counts(self.dead_url)} dead letters"
        )

    def look_at_dead_letters(self) -> None:
        """What one does when the alarm rings: receive them all, read them, delete nothing."""
        while messages := self._receive_dead_letters():
            self.dead_letters += messages
        orders = [json.loads(message["Body"]) for message in self.dead_letters]
        currencies = Counter(order["currency"] for order in orders)
        causes = ", ".join(f"{currency} {count}" for currency, count in sorted(currencies.items()))
        self._tell(f"a look at the dead letters, by currency: {causes or 'none'}")
        for order, message in list(zip(orders, self.dead_letters, strict=True))[:2]:
            self.screen.detail(
                f"{order['order_id']}  {order['customer']}, {order['ship_to']['city']}: {order['total']} "
                f"{order['currency']}, received {message['Attributes']['ApproximateReceiveCount']} times with this one"
            )

    def deploy_the_fix(self) -> None:
        self.clock.move_to(FIX_DEPLOYED)
        self.shop.currencies = CURRENCIES_FIXED
        self._tell("a fix is deployed: the shop knows ISK and €")

    def bring_dead_letters_back(self) -> None:
        """A message move task sends the dead letters back to where they came from; the consumer does the rest."""
        self.sqs.start_message_move_task(SourceArn=self.dead_arn, MaxNumberOfMessagesPerSecond=MOVES_PER_SECOND)
        give_up_at = self.clock.now() + SHIFT
        while (task := self._move_task())["Status"] == "RUNNING" and self.clock.now() < give_up_at:
            self.clock.advance(seconds=1)
        moved = task["ApproximateNumberOfMessagesMoved"]
        self._tell(f"message move task {task['Status']}: {moved} orders back in queue orders")
        self._consume()
        self._tell(f"queue orders is empty: {len(self.ledger.successes):,} orders done")

    # --- The books --------------------------------------------------------------------------------------------------

    def books(self) -> list[Line]:
        ledger = self.ledger
        dead = sum(1 for order in self.orders if ledger.refused[order["order_id"]] == MAX_RECEIVE_COUNT)
        once = sum(1 for order in self.orders if ledger.successes[order["order_id"]] == 1)
        shipped = sum(self.shop.shipped.values())
        orders = len(self.orders)
        left = {url: self._counts(url) for url in (self.url, self.dead_url)}
        return [
            Line("orders placed", orders, "sent, by the producers", self.sent_count),
            Line("", orders, "sent, by the history", self._events("Sent", "orders")),
            Line("orders done exactly once", orders, "by the ledger", once),
            Line("", orders, "parcels shipped", shipped),
            Line("", orders, "orders charged", len(self.shop.payments.charged)),
            Line("", orders, "deleted, by the history", self._events("Deleted", "orders")),
            Line("attempts", ledger.attempts.total(), "received, by the history", self._events("Received", "orders")),
            Line("failed 3 times", dead, "moved, by the history", self._events("Moved", "orders")),
            Line("", dead, "dead letters looked at", len(self.dead_letters)),
            Line("", dead, "brought back, by the history", self._events("Redriven", "orders-dead")),
            Line("expired", 0, "by the history", self._events("Expired")),
            Line("left in orders", 0, "visible, in flight, delayed", left[self.url]),
            Line("left in orders-dead", 0, "visible, in flight, delayed", left[self.dead_url]),
        ]

    # --- Helpers ----------------------------------------------------------------------------------------------------

    def _consume(self) -> None:
        shift_ends_at = self.clock.now() + SHIFT

        def closing_time() -> bool:
            return self._counts(self.url) == 0 or self.clock.now() >= shift_ends_at

        consumer.consume(self.sqs, self.url, self._handle, closing_time)
        self.screen.end_progress()

    def _handle(self, order: Order, keep_hold: Callable[[], None]) -> None:
        """The shop's handler, with an entry in the ledger for whatever comes of it."""
        order_id = order["order_id"]
        self.ledger.attempts[order_id] += 1
        try:
            self.shop.fulfil(order, lambda: self._keep_hold(order, keep_hold))
        except PaymentTimedOut as error:
            if not self.ledger.timed_out:
                self._note(f"{order_id} fails: {error}; its visibility timeout is extended to {error.seconds} s")
            self.ledger.timed_out[order_id] += 1
            raise
        except UnknownCurrency as error:
            if not self.ledger.refused:
                self._note(f"{order_id} fails: {error}; left alone, it is visible again after its 300 s")
            self.ledger.refused[order_id] += 1
            raise
        self.ledger.successes[order_id] += 1
        self.screen.progress("done", len(self.ledger.successes), len(self.orders))

    def _keep_hold(self, order: Order, keep_hold: Callable[[], None]) -> None:
        if self.ledger.extensions == 0:
            self._note(f"{order['order_id']} takes {ENGRAVING_MINUTES} min: all in hand get another 300 s now and then")
        self.ledger.extensions += 1
        keep_hold()

    def _note(self, text: str, at: datetime | None = None) -> None:
        """The first of its kind; told when the consumer is through, in order of time."""
        self.notes.append((at or self.clock.now(), text))

    def _receive_dead_letters(self) -> list[Message]:
        answer = self.sqs.receive_message(
            QueueUrl=self.dead_url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=60,  # Long enough to see each of them once.
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return answer.get("Messages", [])

    def _move_task(self) -> ListMessageMoveTasksResultEntry:
        return self.sqs.list_message_move_tasks(SourceArn=self.dead_arn)["Results"][0]

    def _attributes(self, url: str, *names: str) -> dict[str, str]:
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names))["Attributes"]

    def _counts(self, url: str) -> int:
        """Messages in the queue in any state. Exact here; AWS's counts lag up to a minute."""
        return sum(int(count) for count in self._attributes(url, *COUNTS).values())

    def _events(self, kind: str, queue: str | None = None) -> int:
        return len(self.engine.history(queue=queue, kind=kind))

    def _calls(self, operation: str) -> int:
        return sum(row["calls"] for row in self.engine.usage() if row["operation"] == operation)

    def _tell(self, text: str) -> None:
        self.screen.line(_text(self.clock.now()), text)


def _text(instant: datetime) -> str:
    return f"{instant:%a %H:%M:%S}"


def _print_books(screen: Screen, books: list[Line]) -> list[str]:
    """Prints the books; returns what is wrong with them."""
    screen.heading("The books: the consumer's own count, and what others say")
    wrong = []
    for line in books:
        agrees = line.expected == line.found
        screen.compared(line.what, f"{line.expected:,}", f"{line.found:,}", line.source, agrees=agrees)
        if not agrees:
            wrong.append(f"{line.source}: {line.found:,} instead of {line.expected:,}")
    return wrong


def _print_sums(screen: Screen, engine: Engine, bill: Bill, real_seconds: float) -> None:
    operations: Counter[str] = Counter()
    for row in bill.usage:
        operations[row.operation] += row.requests
    empty = len(engine.history(kind="ReceivedNothing"))
    screen.heading("What it took")
    screen.fact("engine time", _duration(engine.clock.now() - EVENING))
    screen.fact("real time", f"{real_seconds:.2f} s")
    screen.fact("requests", f"{bill.requests:,}")
    for operation, requests in operations.most_common(6):
        note = f", {empty:,} of them empty" if operation == "ReceiveMessage" else ""
        screen.fact("", f"{requests:>6,}  {operation}{note}")
    rest = operations.total() - sum(requests for _, requests in operations.most_common(6))
    screen.fact("", f"{rest:>6,}  others")
    screen.fact("AWS's bill", f"{bill.total:f} USD; {bill.total_without_free_tier:f} USD once the free million is used")


def _duration(span: timedelta) -> str:
    hours, seconds = divmod(int(span.total_seconds()), 3600)
    return f"{hours} h {seconds // 60} min"


def _print_what_next(screen: Screen) -> None:
    installed = shutil.which("localsqs") is not None
    python = "python" if installed else _short_path(sys.executable)
    localsqs = "localsqs" if installed else f"{python} -m localsqs"
    screen.heading("What to try next")
    screen.code(f"less {_short_path(consumer.__file__)}", "the consumer, as for boto3")
    screen.code(f"{localsqs} demo --orders 50", "the same in small")
    screen.code(python, "")
    screen.code(">>> import localsqs", "")
    screen.code('>>> sqs = localsqs.client("sqs")', "boto3's calls; no AWS, no network")
    screen.code('>>> sqs.create_queue(QueueName="orders")', "")
    screen.code('>>> sqs.create_queue(QueueNme="orders")', "boto3's own error, and a hint")


def _short_path(path: str) -> str:
    """Relative to the working directory if it lies below it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
