"""`localsqs demo`: two days of a small order system, on the real engine, in virtual time.

    localsqs demo                  # 1,000 orders
    localsqs demo --orders 100     # fewer

The example's template (`localsqs/examples/orders/template.yaml`) is deployed as a stack: queues, a function with its
event source mapping, an alarm. Producers send the orders of a night, the function fulfils them as they come, some fail
once and some fail always; the latter end in the dead-letter queue, the alarm goes off, somebody looks, the stack is
updated with a fix, a message move task brings them back, and the alarm is content again. The clock is a `ManualClock`:
two days pass in a moment.

In the end the books are checked: the function's own log, its metrics, the metrics of the queues and the engine's
history must tell the same story, and every order must have been shipped exactly once. Exits with 0 if they do, with 1
if not, with 2 if a package is missing.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

from localsqs import Engine, ManualClock
from localsqs._screen import Screen
from localsqs.cloudformation import deploy
from localsqs.costs import Bill, LambdaUsage
from localsqs.examples import orders as example
from localsqs.examples.orders.producer import Producer
from localsqs.lambda_.report import RunReport
from localsqs.lambda_.warn import LambdaWarning
from localsqs.types import Message

Order = dict[str, Any]

EVENING = datetime(2026, 3, 2, 22, 0, tzinfo=timezone.utc)  # A Monday.
MORNING = datetime(2026, 3, 3, 7, 0, tzinfo=timezone.utc)
FIX_DEPLOYED = datetime(2026, 3, 4, 9, 30, tzinfo=timezone.utc)

STACK = "shop"
ACCEPTED = "CHF,CZK,DKK,EUR,GBP,JPY,PLN,SEK,USD"
FIX = {"AcceptedCurrencies": f"{ACCEPTED},ISK,€"}
MAX_RECEIVE_COUNT = 3
MOVES_PER_SECOND = 5  # Gently: the function has other work as well.
ALARM = "orders-dead-letters"

# What the example needs beside this package: module -> what pip calls it.
NEEDED = {"yaml": "PyYAML", "aws_lambda_powertools": "aws-lambda-powertools", "aws_xray_sdk": "aws-xray-sdk"}

COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the demo; see the module. Returns the exit code."""
    arguments = _parse(argv)
    missing = [package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        names = ", ".join(missing)
        print(f"localsqs demo: the example needs {names}: pip install 'localsqs[demo]'", file=sys.stderr)
        return 2
    try:
        return _run(arguments)
    except BrokenPipeError:  # `localsqs demo | head`: whoever read has read enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(arguments: argparse.Namespace) -> int:
    screen = Screen(sys.stdout)
    started = time.perf_counter()
    with Engine(clock=ManualClock(start=EVENING), seed=arguments.seed) as engine:
        days = Days(engine, screen, example.load_orders()[: arguments.orders])
        screen.title(f"localsqs demo: {len(days.orders):,} orders in virtual time, seed {arguments.seed}")
        with redirect_stdout(StringIO()):  # What the function writes is in its log; here it would break up the story.
            days.deploy_the_stack()
            days.take_orders()
            days.look_at_dead_letters()
            days.deploy_the_fix()
            days.bring_dead_letters_back()
        wrong = _print_books(screen, days.books())
        _print_sums(screen, days, time.perf_counter() - started)
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
    """What the function says in its own log."""

    shipped: Counter[str] = field(default_factory=Counter)  # Order id -> times.
    failed: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, str] = field(default_factory=dict)  # Order id -> of its last failure.

    @property
    def attempts(self) -> int:
        return self.shipped.total() + self.failed.total()

    @property
    def second_tries(self) -> int:
        """Orders that failed and were shipped, but not by way of the dead-letter queue."""
        return sum(1 for order_id in self.shipped if 0 < self.failed[order_id] < MAX_RECEIVE_COUNT)


@dataclass(frozen=True)
class Line:
    """One line of the books: a number as the function's log has it, and where else it was found."""

    what: str
    expected: int
    source: str
    found: int


class Days:
    """The scenario, in the order of its methods."""

    def __init__(self, engine: Engine, screen: Screen, orders: list[Order]) -> None:
        self.engine = engine
        self.clock = engine.clock
        self.sqs = engine.client("sqs")
        self.cloudwatch = engine.client("cloudwatch")
        self.screen = screen
        self.orders = orders
        self.reports: list[RunReport] = []
        self.dead_letters: list[Message] = []
        self.alerts: list[dict[str, Any]] = []
        self.sent_count = 0

    # --- The story --------------------------------------------------------------------------------------------------

    def deploy_the_stack(self) -> None:
        with warnings.catch_warnings():
            # AWS advises more receives than the three of the story.
            warnings.simplefilter("ignore", LambdaWarning)
            stack = deploy(self.engine, example.TEMPLATE, stack_name=STACK)
        self.url, self.dead_url = stack.output("OrdersQueueUrl"), stack.output("DeadLetterQueueUrl")
        self.alerts_url = stack.output("AlertsQueueUrl")
        self.dead_arn = self._attributes(self.dead_url, "QueueArn")["QueueArn"]
        self.mapping = stack.mapping("OrdersMapping")
        self._tell(f"stack {STACK} deployed from template.yaml, {len(stack.resources)} resources: queue orders, the")
        self.screen.detail(
            f"dead-letter queue of what fails {MAX_RECEIVE_COUNT} times, the function, its mapping, an alarm"
        )

    def take_orders(self) -> None:
        """Each channel's producer sends as soon as it has ten orders; the function works meanwhile."""
        channels = sorted({order["channel"] for order in self.orders})
        producers = {channel: Producer(self.sqs, self.url, channel) for channel in channels}
        self._tell(f"the night's orders come in; each channel ({', '.join(channels)}) sends ten a call")
        for number, order in enumerate(self.orders, start=1):
            self._run_to(datetime.fromisoformat(order["placed_at"].replace("Z", "+00:00")))
            producers[order["channel"]].add(order)
            self.screen.progress("sent", number, len(self.orders))
        for producer in producers.values():
            producer.flush()
        self.sent_count = sum(producer.sent_count for producer in producers.values())
        all_sent_at = self.clock.now()
        self._run_until_idle()  # The last retries, and whatever they lead to.
        done_at = self.clock.now()
        self._run_to(max(MORNING, done_at))
        self._print_notes()
        calls = self._calls("SendMessageBatch")
        self._tell(f"all {self.sent_count:,} orders sent in {calls:,} calls", all_sent_at)
        ledger = self.ledger()
        self._tell(
            f"queue orders is empty: {len(ledger.shipped):,} orders shipped by {len(self.mapping.invocations):,} "
            f"invocations, {ledger.second_tries} of them at the second try; {self._counts(self.dead_url)} dead letters",
            done_at,
        )

    def look_at_dead_letters(self) -> None:
        """What one does when the alarm rings: read the alert, receive them all, delete nothing."""
        self._read_alerts()
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
        self._run_to(FIX_DEPLOYED)
        stack = deploy(self.engine, example.TEMPLATE, stack_name=STACK, parameters=FIX)
        changed = sorted({event.logical_id for event in stack.events if event.status == "UPDATE_COMPLETE"} - {STACK})
        self._tell(f"the stack is updated with a fix, ISK and € are accepted; changed: {', '.join(changed)}")

    def bring_dead_letters_back(self) -> None:
        """A message move task sends the dead letters back to where they came from; the function does the rest."""
        if self.dead_letters:
            self.sqs.start_message_move_task(SourceArn=self.dead_arn, MaxNumberOfMessagesPerSecond=MOVES_PER_SECOND)
            self._run_until_idle()
            task = self.sqs.list_message_move_tasks(SourceArn=self.dead_arn)["Results"][0]
            moved = task["ApproximateNumberOfMessagesMoved"]
            self._tell(f"message move task {task['Status']}: {moved} orders back in queue orders")
        self._tell(f"queue orders is empty: {len(self.ledger().shipped):,} orders shipped")
        self._run_to(self.clock.now() + timedelta(minutes=3))  # The alarm looks once a minute.
        self._read_alerts()
        self._tell(f"alarm {ALARM} is {self._alarm_state()}")

    # --- The books --------------------------------------------------------------------------------------------------

    def ledger(self) -> Ledger:
        """From the function's log."""
        ledger = Ledger()
        for entry in self._log():
            order_id = entry["order_id"]
            if entry["message"] == "order shipped":
                ledger.shipped[order_id] += 1
            else:
                ledger.failed[order_id] += 1
                ledger.reasons[order_id] = entry["reason"]
        return ledger

    def books(self) -> list[Line]:
        ledger = self.ledger()
        dead = sum(1 for count in ledger.failed.values() if count >= MAX_RECEIVE_COUNT)
        once = sum(1 for order in self.orders if ledger.shipped[order["order_id"]] == 1)
        orders = len(self.orders)
        # The first OK says that the alarm has begun its work.
        changes = [(alert["OldStateValue"], alert["NewStateValue"]) for alert in self.alerts]
        return [
            Line("orders placed", orders, "sent, by the producers", self.sent_count),
            Line("", orders, "sent, by the history", self._events("Sent", "orders")),
            Line("", orders, "sent, by CloudWatch", self._metric("AWS/SQS", "NumberOfMessagesSent", "orders")),
            Line("shipped exactly once", orders, "by the function's log", once),
            Line("", orders, "by its metric OrdersShipped", self._metric("Shop", "OrdersShipped")),
            Line("", orders, "deleted, by the history", self._events("Deleted", "orders")),
            Line("attempts", ledger.attempts, "received, by the history", self._events("Received", "orders")),
            Line("failures", ledger.failed.total(), "by its metric OrdersFailed", self._metric("Shop", "OrdersFailed")),
            Line("", ledger.failed.total(), "reported by the function", self._reported()),
            Line("failed 3 times", dead, "moved, by the history", self._events("Moved", "orders")),
            Line("", dead, "dead letters looked at", len(self.dead_letters)),
            Line("", dead, "brought back, by the history", self._events("Redriven", "orders-dead")),
            Line("alarm went off", int(dead > 0), "alerts read", changes.count(("OK", "ALARM"))),
            Line("alarm content again", int(dead > 0), "alerts read", changes.count(("ALARM", "OK"))),
            Line("expired", 0, "by the history", self._events("Expired")),
            Line("left in orders", 0, "visible, in flight, delayed", self._counts(self.url)),
            Line("left in orders-dead", 0, "visible, in flight, delayed", self._counts(self.dead_url)),
        ]

    def bill(self) -> Bill:
        """What AWS would bill for queues and function."""
        invocations = sum(report.invocations for report in self.reports)
        gb_seconds = Decimal(sum(report.gb_seconds for report in self.reports)).quantize(Decimal("0.001"))
        return Bill(self.engine.usage(), functions=[LambdaUsage(invocations, gb_seconds)])

    # --- Notes ------------------------------------------------------------------------------------------------------

    def _print_notes(self) -> None:
        """The first of each kind of thing that happened in the night, in order of time."""
        for at, text in sorted(self._notes(), key=lambda note: note[0]):
            self.screen.line(_text(at), text)

    def _notes(self) -> Iterator[tuple[datetime, str]]:
        seen: set[str] = set()
        for invocation in self.mapping.invocations:
            for entry in _entries(invocation.log):
                kind = entry.get("reason", "").partition("'")[0]
                if kind and kind not in seen:
                    seen.add(kind)
                    done = len(invocation.message_ids) - len(invocation.failed_ids)
                    text = f"{entry['order_id']} fails: {entry['reason']}; it comes back after its 300 s,"
                    yield invocation.at, f"{text} {done} others of its batch are done"
        for moved in self.engine.history(queue="orders", kind="Moved")[:1]:
            order = json.loads(moved.details["body"])
            yield moved.at, f"{order['order_id']}, received {MAX_RECEIVE_COUNT} times, moves to orders-dead"
        for item in self._alarm_changes():
            yield item["Timestamp"], f"alarm {ALARM}: {item['HistorySummary'].removeprefix('Alarm updated ')}"

    # --- Helpers ----------------------------------------------------------------------------------------------------

    def _run_to(self, instant: datetime) -> None:
        if instant > self.clock.now():
            self.reports.append(self.engine.run_for(instant - self.clock.now()))

    def _run_until_idle(self) -> None:
        self.reports.append(self.engine.run_until_idle())

    def _log(self) -> Iterator[dict[str, Any]]:
        for invocation in self.mapping.invocations:
            yield from _entries(invocation.log)

    def _receive_dead_letters(self) -> list[Message]:
        answer = self.sqs.receive_message(
            QueueUrl=self.dead_url,
            MaxNumberOfMessages=10,
            # Long enough to see each of them once, and over before the next minute's metrics: messages in flight are
            # not visible, so a long look would content the alarm.
            VisibilityTimeout=30,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return answer.get("Messages", [])

    def _read_alerts(self) -> None:
        """What has come to queue alerts, in order of time; tells what is new since the night."""
        new = []
        while messages := self.sqs.receive_message(QueueUrl=self.alerts_url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                new.append(json.loads(json.loads(message["Body"])["Message"]))
                self.sqs.delete_message(QueueUrl=self.alerts_url, ReceiptHandle=message["ReceiptHandle"])
        new.sort(key=lambda alert: str(alert["StateChangeTime"]))
        for alert in new[-1:]:
            self._tell(
                f"in queue alerts: {alert['AlarmName']} is {alert['NewStateValue']}: {alert['AlarmDescription']}"
            )
        self.alerts += new

    def _alarm_state(self) -> str:
        state: str = self.cloudwatch.describe_alarms(AlarmNames=[ALARM])["MetricAlarms"][0]["StateValue"]
        return state

    def _alarm_changes(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.cloudwatch.describe_alarm_history(
            AlarmName=ALARM, HistoryItemType="StateUpdate"
        )["AlarmHistoryItems"]
        return items

    def _metric(self, namespace: str, name: str, queue: str = "") -> int:
        """The sum of a metric over the two days."""
        dimension = {"Name": "QueueName", "Value": queue} if queue else {"Name": "service", "Value": "orders"}
        answer: dict[str, Any] = self.cloudwatch.get_metric_statistics(
            Namespace=namespace,
            MetricName=name,
            Dimensions=[dimension],
            StartTime=EVENING,
            EndTime=self.clock.now() + timedelta(hours=1),
            Period=3600,
            Statistics=["Sum"],
        )
        return round(sum(float(point["Sum"]) for point in answer["Datapoints"]))

    def _reported(self) -> int:
        """Messages that the function reported as failed."""
        return sum(len(invocation.failed_ids) for invocation in self.mapping.invocations)

    def _attributes(self, url: str, *names: str) -> dict[str, str]:
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names))["Attributes"]

    def _counts(self, url: str) -> int:
        """Messages in the queue in any state. Exact here; AWS's counts lag up to a minute."""
        return sum(int(count) for count in self._attributes(url, *COUNTS).values())

    def _events(self, kind: str, queue: str | None = None) -> int:
        return len(self.engine.history(queue=queue, kind=kind))

    def _calls(self, operation: str) -> int:
        calls: int = sum(row["calls"] for row in self.engine.usage() if row["operation"] == operation)
        return calls

    def _tell(self, text: str, at: datetime | None = None) -> None:
        self.screen.line(_text(at or self.clock.now()), text)


def _text(instant: datetime) -> str:
    return f"{instant:%a %H:%M:%S}"


def _entries(log: str) -> Iterator[dict[str, Any]]:
    """The lines of a function's log that are about an order."""
    for line in log.splitlines():
        if line.startswith("{") and '"order_id"' in line:
            yield json.loads(line)


def _print_books(screen: Screen, books: list[Line]) -> list[str]:
    """Prints the books; returns what is wrong with them."""
    screen.heading("The books: what the function says, and what others say")
    wrong = []
    for line in books:
        agrees = line.expected == line.found
        screen.compared(line.what, f"{line.expected:,}", f"{line.found:,}", line.source, agrees=agrees)
        if not agrees:
            wrong.append(f"{line.source}: {line.found:,} instead of {line.expected:,}")
    return wrong


def _print_sums(screen: Screen, days: Days, real_seconds: float) -> None:
    bill, sums = days.bill(), Counter[str]()
    for row in bill.usage:
        sums[row.operation] += row.requests
    screen.heading("What it took")
    screen.fact("engine time", _duration(days.clock.now() - EVENING))
    screen.fact("real time", f"{real_seconds:.2f} s")
    gb_seconds = sum(report.gb_seconds for report in days.reports)
    screen.fact("function", f"{len(days.mapping.invocations):,} invocations, {gb_seconds:,.0f} GB-seconds")
    screen.fact("requests", f"{bill.requests:,}")
    for operation, requests in sums.most_common(5):
        screen.fact("", f"{requests:>6,}  {operation}")
    screen.fact("", f"{sums.total() - sum(count for _, count in sums.most_common(5)):>6,}  others")
    screen.fact(
        "AWS's bill", f"{bill.total:.2f} USD; {bill.total_without_free_tier:.6f} USD once the free part is used"
    )
    polls = sum(report.idle_polls for report in days.reports)
    screen.fact("", f"and some {polls:,} empty polls of the mapping, which does not poll in vain here")


def _duration(span: timedelta) -> str:
    hours, seconds = divmod(int(span.total_seconds()), 3600)
    return f"{hours} h {seconds // 60} min"


def _print_what_next(screen: Screen) -> None:
    installed = shutil.which("localsqs") is not None
    python = "python" if installed else _short_path(sys.executable)
    localsqs = "localsqs" if installed else f"{python} -m localsqs"
    template = _short_path(str(example.TEMPLATE))
    screen.heading("What to try next")
    screen.code(f"less {template}", "the queues, the function, the alarm")
    screen.code(f"{localsqs} up {template}", "the same live, on an endpoint")
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
