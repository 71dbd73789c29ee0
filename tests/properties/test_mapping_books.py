"""No message is lost: whatever handlers do, each message is handled with success, or lies in the dead-letter queue."""

from __future__ import annotations

import json
import sys
import time
import warnings
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import localsqs
from localsqs.testing import make_queue

DOINGS = st.sampled_from(["ok", "ok", "ok", "slow", "late", "raise", "exit", "garbage", "report", "invalid"])

messages = st.lists(
    st.fixed_dictionaries({"does": st.lists(DOINGS, min_size=1, max_size=4), "delay": st.integers(0, 40)}),
    min_size=1,
    max_size=25,
)
options = st.fixed_dictionaries(
    {
        "batch_size": st.integers(1, 10),
        "maximum_batching_window": st.sampled_from([0, 0, 1, 20]),
        "maximum_concurrency": st.sampled_from([None, 2, 10]),
        "reserved_concurrency": st.sampled_from([None, 1, 3]),
        "function_response_types": st.sampled_from([[], ["ReportBatchItemFailures"]]),
    }
)


class Handler:
    """Does with each message what its body says, by the number of times it has come."""

    def __init__(self, reports: bool) -> None:
        self.reports = reports
        self.times: dict[str, int] = {}
        self.succeeded: list[str] = []

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        records = event["Records"]
        doings = []
        for record in records:
            number = self.times[record["messageId"]] = self.times.get(record["messageId"], 0) + 1
            doings.append(json.loads(record["body"])[min(number, 99) - 1 :][:1] or ["ok"])
        flat = [doing[0] for doing in doings]
        if "slow" in flat:
            time.sleep(2)
        if "late" in flat:
            time.sleep(60)
        if "raise" in flat:
            raise ValueError("raise")
        if "exit" in flat:
            sys.exit(1)
        if "garbage" in flat:
            return {1, 2}
        if "invalid" in flat and self.reports:
            return {"batchItemFailures": [{"itemIdentifier": "nobody"}]}
        failed = [r["messageId"] for r, doing in zip(records, flat, strict=True) if doing == "report"]
        if not self.reports:
            failed = []
        self.succeeded += [r["messageId"] for r in records if r["messageId"] not in failed]
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}


def run(seed: int, sent: list[dict[str, Any]], chosen: dict[str, Any], fifo: bool) -> tuple[Any, ...]:
    with warnings.catch_warnings(), localsqs.Engine(clock=localsqs.ManualClock(), seed=seed) as engine:
        warnings.simplefilter("ignore")
        queue = make_queue(engine, "orders", fifo=fifo, dead_letter=True, max_receive_count=3)
        handler = Handler(bool(chosen["function_response_types"]))
        mapping = engine.event_source_mapping(queue, handler, timeout=10, **chosen)
        ids = set()
        for number, message in enumerate(sent):
            members: dict[str, Any] = (
                {"MessageGroupId": str(number % 3), "MessageDeduplicationId": str(number)}
                if fifo
                else {"DelaySeconds": message["delay"]}
            )
            ids.add(queue.send(json.dumps(message["does"]), **members))
        report = engine.run_until_idle()
        dead = {message.message_id for message in queue.dead_letter.messages} if queue.dead_letter else set()
        invocations = [(i.started_ns, i.ended_ns, i.message_ids, i.status) for i in mapping.invocations]

        assert report.idle
        queue.assert_empty()
        # Each message ends in one place.
        assert dead | set(handler.succeeded) == ids
        assert report.dead_letters == len(dead)
        assert report.counters.deleted == len(ids) - len(dead)
        # What the counts say is what the invocations say.
        assert report.messages == sum(len(message_ids) for _, _, message_ids, _ in invocations)
        assert all(ended is not None and ended >= started for started, ended, _, _ in invocations)
        assert all(len(message_ids) <= chosen["batch_size"] for _, _, message_ids, _ in invocations)
        return invocations, engine.history().to_json()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), sent=messages, chosen=options)
def test_no_message_is_lost(seed: int, sent: list[dict[str, Any]], chosen: dict[str, Any]) -> None:
    run(seed, sent, chosen, fifo=False)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), sent=messages, chosen=options)
def test_no_fifo_message_is_lost(seed: int, sent: list[dict[str, Any]], chosen: dict[str, Any]) -> None:
    run(seed, sent, {**chosen, "maximum_batching_window": 0}, fifo=True)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), sent=messages, chosen=options)
def test_a_seed_gives_one_run(seed: int, sent: list[dict[str, Any]], chosen: dict[str, Any]) -> None:
    assert run(seed, sent, chosen, fifo=False) == run(seed, sent, chosen, fifo=False)
