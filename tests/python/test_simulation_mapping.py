"""The simulated Lambda mapping beside a real one: the same messages, the same work, the same failures."""

from __future__ import annotations

import json
import time

import pytest

np = pytest.importorskip("numpy")

import localsqs  # noqa: E402
from localsqs.simulation import Fixed, Lambda, Poison, Scenario, Trace, run  # noqa: E402

WORK_S = 0.7


def really(scenario: Scenario, is_poisoned) -> dict[str, float]:
    """The scenario by a mapping of the engine, whose handler sleeps in virtual time."""
    consumers, failures = scenario.consumers, 0

    def handler(event, context):
        nonlocal failures
        failed = []
        for record in event["Records"]:
            time.sleep(WORK_S)
            if is_poisoned(int(record["body"])):
                failures += 1
                if not consumers.report_batch_item_failures:
                    raise RuntimeError
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    with localsqs.Engine(clock=localsqs.ManualClock(), seed=1) as engine:
        sqs = engine.client("sqs")
        sqs.create_queue(QueueName="dead")
        policy = {
            "deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead",
            "maxReceiveCount": scenario.max_receive_count,
        }
        attributes = {"VisibilityTimeout": str(scenario.visibility_timeout), "RedrivePolicy": json.dumps(policy)}
        url = sqs.create_queue(QueueName="orders", Attributes=attributes)["QueueUrl"]
        mapping = engine.event_source_mapping(
            "orders",
            handler,
            batch_size=consumers.batch_size,
            timeout=consumers.timeout,
            maximum_concurrency=consumers.maximum_concurrency,
            function_response_types=["ReportBatchItemFailures"] if consumers.report_batch_item_failures else [],
        )
        start = engine.clock.now()
        for number, at in enumerate(scenario.workload.at):
            ahead = at - (engine.clock.now() - start).total_seconds()
            if ahead > 0:
                engine.run_for(seconds=ahead)
            sqs.send_message(QueueUrl=url, MessageBody=str(number))
        engine.run_for(seconds=scenario.seconds - (engine.clock.now() - start).total_seconds())
        kinds = engine.history().kinds()
        (function,) = engine.costs().functions
        return {
            "invocations": len(mapping.invocations),
            "failed attempts": failures,
            "received": kinds.count("Received"),
            "dead": kinds.count("Moved"),
            "deleted": kinds.count("Deleted"),
            "GB-seconds": float(function.gb_seconds),
        }


def simulated(scenario: Scenario) -> dict[str, float]:
    result = run(scenario, history_limit=100_000)
    kinds = result.history().kinds()
    return {
        "invocations": result.invocations,
        "failed attempts": result.failed,
        "received": kinds.count("Received"),
        "dead": kinds.count("Moved"),
        "deleted": kinds.count("Deleted"),
        "GB-seconds": float(result.bill().functions[0].gb_seconds),
    }


@pytest.mark.filterwarnings("ignore::localsqs.lambda_.warn.LambdaWarning")
@pytest.mark.parametrize(
    "consumers",
    [
        pytest.param(Lambda(batch_size=1, timeout=10), id="one-by-one"),
        pytest.param(Lambda(batch_size=1, timeout=10, maximum_concurrency=2), id="two-at-a-time"),
        pytest.param(
            Lambda(batch_size=10, timeout=10, maximum_concurrency=2, report_batch_item_failures=True), id="partial"
        ),
        pytest.param(Lambda(batch_size=10, timeout=10, maximum_concurrency=2), id="whole-batches"),
    ],
)
def test_the_simulated_mapping_does_what_the_mapping_does(consumers):
    scenario = Scenario(
        workload=Trace(tuple(0.25 * i for i in range(60))),
        consumers=consumers,
        service=Fixed(WORK_S),
        failures=[Poison(0.1)],
        visibility_timeout=60,
        max_receive_count=3,
        seconds=600.0,
        seed=5,
    )
    # The stream of the first failure model, as the run makes it.
    judge = Poison(0.1).begin(np.random.default_rng(np.random.SeedSequence(5).spawn(5)[4]))
    poisoned = {number for number in range(60) if judge(number, 0.0, 0.0)[1]}
    assert len(poisoned) >= 3
    assert simulated(scenario) == really(scenario, poisoned.__contains__)
