"""AWS/SQS metrics: by the minute, true whenever somebody asks and whoever moved the clock."""

from __future__ import annotations

import json
import random
import warnings
from datetime import timedelta

import pytest

import localsqs
from localsqs import _core
from localsqs.cloudwatch import LostEventsWarning, MetricNameWarning, of
from localsqs.cloudwatch.queue_metrics import nearest_name

VISIBLE = "ApproximateNumberOfMessagesVisible"
IN_FLIGHT = "ApproximateNumberOfMessagesNotVisible"
DELAYED = "ApproximateNumberOfMessagesDelayed"
AGE = "ApproximateAgeOfOldestMessage"


@pytest.fixture
def cloudwatch(engine):
    return engine.client("cloudwatch")


def series(engine, metric, queue="orders", *, stat="Sum", period=60, hours=24.0, **more):
    """{minutes since the clock's start: value} of the hours up to now."""
    now = engine.clock.now()
    start = localsqs.ManualClock().now()
    answer = engine.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SQS",
        MetricName=metric,
        Dimensions=[{"Name": "QueueName", "Value": queue}],
        StartTime=max(start, now - timedelta(hours=hours)),
        EndTime=now + timedelta(minutes=1),
        Period=period,
        Statistics=[stat],
        **more,
    )
    return {(point["Timestamp"] - start) / timedelta(minutes=1): point[stat] for point in answer["Datapoints"]}


# --- Gauges -----------------------------------------------------------------------------------------------------------


def test_a_gauge_is_sampled_at_the_end_of_each_minute(engine, sqs, url, cloudwatch):
    engine.clock.advance(seconds=50)
    sqs.send_message(QueueUrl=url, MessageBody="a")
    assert series(engine, VISIBLE) == {}
    engine.clock.advance(seconds=10)
    assert series(engine, VISIBLE) == {0: 1}
    sqs.send_message(QueueUrl=url, MessageBody="b")  # At the very beginning of the next minute.
    assert series(engine, VISIBLE) == {0: 1}
    engine.clock.advance(minutes=2)
    assert series(engine, VISIBLE) == {0: 1, 1: 2, 2: 2}


def test_the_states_of_a_message(engine, sqs, url, cloudwatch):
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "90"})
    sqs.send_message(QueueUrl=url, MessageBody="a", DelaySeconds=70)
    engine.clock.advance(minutes=3)
    sqs.receive_message(QueueUrl=url)
    engine.clock.advance(minutes=3)
    assert series(engine, DELAYED) == {0: 1, 1: 0, 2: 0, 3: 0, 4: 0, 5: 0}
    assert series(engine, IN_FLIGHT) == {0: 0, 1: 0, 2: 0, 3: 1, 4: 0, 5: 0}
    assert series(engine, VISIBLE) == {0: 0, 1: 1, 2: 1, 3: 0, 4: 1, 5: 1}
    assert series(engine, AGE) == {0: 60, 1: 120, 2: 180, 3: 240, 4: 300, 5: 360}


def test_the_age_leaves_out_what_was_received_three_times(engine, sqs, url, cloudwatch):
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    engine.clock.advance(seconds=30)
    for _ in range(3):
        assert sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"]
    engine.clock.advance(seconds=30)
    assert series(engine, AGE) == {}  # Nothing else is there, so nobody knows an age.
    sqs.send_message(QueueUrl=url, MessageBody="good")
    engine.clock.advance(minutes=1)
    assert series(engine, AGE) == {1: 60}


def test_the_age_in_a_fifo_queue_leaves_nothing_out(engine, sqs, fifo_url, cloudwatch):
    sqs.send_message(QueueUrl=fifo_url, MessageBody="a", MessageGroupId="g")
    for _ in range(4):
        assert sqs.receive_message(QueueUrl=fifo_url, VisibilityTimeout=0)["Messages"]
    engine.clock.advance(minutes=1)
    assert series(engine, AGE, "orders.fifo") == {0: 60}


def test_in_a_dead_letter_queue_the_age_counts_from_the_move(engine, sqs, url, cloudwatch):
    sqs.create_queue(QueueName="dead")
    policy = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead", "maxReceiveCount": "1"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(policy)})
    sqs.send_message(QueueUrl=url, MessageBody="a")
    sqs.receive_message(QueueUrl=url)
    engine.clock.advance(minutes=10)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    engine.clock.advance(minutes=2)
    assert series(engine, AGE, "dead") == {10: 60, 11: 120}
    assert sum(series(engine, "NumberOfMessagesSent", "dead").values()) == 0
    assert sum(series(engine, "NumberOfMessagesSent").values()) == 1
    assert series(engine, VISIBLE, "dead")[10] == 1


def test_a_queue_that_nobody_touches_reports_for_six_hours(engine, sqs, url, cloudwatch):
    engine.clock.advance(minutes=30)
    sqs.receive_message(QueueUrl=url)
    engine.clock.advance(hours=12)
    minutes = series(engine, VISIBLE, period=60)
    assert min(minutes) == 0
    assert max(minutes) == 30 + 6 * 60 - 1
    sqs.receive_message(QueueUrl=url)
    engine.clock.advance(minutes=1)
    assert series(engine, VISIBLE)[12 * 60 + 30] == 0


def test_a_queue_that_holds_messages_reports_until_they_expire(engine, sqs, url, cloudwatch):
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "36000"})
    sqs.send_message(QueueUrl=url, MessageBody="a")
    engine.clock.advance(hours=20)
    minutes = series(engine, VISIBLE)
    assert max(minutes) == 599  # It expires at the end of the next one.
    assert set(minutes.values()) == {1}


def test_a_deleted_queue_reports_no_more_and_its_name_goes_on(engine, sqs, url, cloudwatch):
    sqs.send_message(QueueUrl=url, MessageBody="a")
    engine.clock.advance(minutes=2)
    sqs.delete_queue(QueueUrl=url)
    engine.clock.advance(minutes=2)
    assert series(engine, VISIBLE) == {0: 1, 1: 1}
    sqs.create_queue(QueueName="orders")
    engine.clock.advance(minutes=1)
    assert series(engine, VISIBLE) == {0: 1, 1: 1, 4: 0}


# --- Counters ---------------------------------------------------------------------------------------------------------


def test_counters_count_in_the_minute_of_the_call(engine, sqs, url, cloudwatch):
    engine.clock.advance(minutes=1)
    for body in ("a", "bb", "cccc"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    handles = [m["ReceiptHandle"] for m in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2)["Messages"]]
    for handle in [*handles, handles[0]]:  # A repeated delete counts again.
        sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    engine.clock.advance(minutes=1)
    sqs.receive_message(QueueUrl=url)
    sqs.receive_message(QueueUrl=url)
    assert series(engine, "NumberOfMessagesSent") == {0: 0, 1: 3}
    assert series(engine, "NumberOfMessagesReceived") == {0: 0, 1: 2, 2: 1}
    assert series(engine, "NumberOfMessagesDeleted") == {0: 0, 1: 3}
    assert series(engine, "NumberOfEmptyReceives") == {0: 0, 1: 0, 2: 1}
    assert series(engine, "SentMessageSize", stat="Average") == {1: 7 / 3}
    assert series(engine, "SentMessageSize", stat="SampleCount") == {1: 3}
    assert series(engine, "SentMessageSize", stat="Maximum") == {1: 4}


def test_the_size_counts_message_attributes(engine, sqs, url, cloudwatch):
    attributes = {"ab": {"DataType": "String", "StringValue": "xyz"}}
    sqs.send_message(QueueUrl=url, MessageBody="1234", MessageAttributes=attributes)
    assert series(engine, "SentMessageSize") == {0: 4 + 2 + 6 + 3}


def test_fifo_metrics(engine, sqs, fifo_url, cloudwatch):
    for body, group in (("a", "1"), ("b", "1"), ("c", "2"), ("a", "1")):
        sqs.send_message(QueueUrl=fifo_url, MessageBody=body, MessageGroupId=group)
    sqs.receive_message(QueueUrl=fifo_url, MaxNumberOfMessages=2, VisibilityTimeout=600)
    engine.clock.advance(minutes=1)
    assert series(engine, "NumberOfMessagesSent", "orders.fifo") == {0: 3}
    assert series(engine, "NumberOfDeduplicatedSentMessages", "orders.fifo") == {0: 1}
    assert series(engine, "ApproximateNumberOfGroupsWithInflightMessages", "orders.fifo") == {0: 1}
    assert series(engine, "ApproximateNumberOfNoisyGroups", "orders.fifo") == {}


def test_fair_queue_metrics(engine, sqs, url, cloudwatch):
    for number in range(60):
        sqs.send_message(QueueUrl=url, MessageBody=str(number), MessageGroupId="noisy")
    for _ in range(4):
        sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600)
    engine.clock.advance(seconds=30)
    sqs.send_message(QueueUrl=url, MessageBody="q", MessageGroupId="quiet")
    engine.clock.advance(seconds=30)
    assert series(engine, "ApproximateNumberOfNoisyGroups") == {0: 1}
    assert series(engine, VISIBLE) == {0: 21}
    assert series(engine, "ApproximateNumberOfMessagesVisibleInQuietGroups") == {0: 1}
    assert series(engine, "ApproximateNumberOfMessagesNotVisibleInQuietGroups") == {0: 0}
    assert series(engine, "ApproximateAgeOfOldestMessageInQuietGroups") == {0: 30}
    assert series(engine, AGE) == {0: 60}


def test_a_standard_queue_without_tenants_has_no_fair_queue_metrics(engine, sqs, url, cloudwatch):
    sqs.send_message(QueueUrl=url, MessageBody="a")
    engine.clock.advance(minutes=1)
    assert series(engine, "ApproximateNumberOfNoisyGroups") == {}
    assert series(engine, "ApproximateNumberOfMessagesVisibleInQuietGroups") == {}


# --- The truth --------------------------------------------------------------------------------------------------------


def busy_day(engine, seed):
    """Random calls on a queue with a dead-letter queue. Gives back the counts just before the end of each minute."""
    sqs = engine.client("sqs")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead", "maxReceiveCount": "2"}
    attributes = {"RedrivePolicy": json.dumps(policy), "VisibilityTimeout": "70"}
    url = sqs.create_queue(QueueName="orders", Attributes=attributes)["QueueUrl"]
    chance, handles, counts = random.Random(seed), [], []

    def act():
        draw = chance.random()
        if draw < 0.4:
            tenant = {"MessageGroupId": chance.choice("xyz")} if chance.random() < 0.5 else {}
            sqs.send_message(QueueUrl=url, MessageBody="m", DelaySeconds=chance.choice([0, 0, 100, 600]), **tenant)
        elif draw < 0.8:
            answer = sqs.receive_message(QueueUrl=chance.choice([url, url, dead]), MaxNumberOfMessages=3)
            handles.extend(message["ReceiptHandle"] for message in answer.get("Messages", []))
        elif draw < 0.81:
            sqs.purge_queue(QueueUrl=url)
        elif draw < 0.83 and not sqs.list_message_move_tasks(SourceArn=policy["deadLetterTargetArn"]).get("Results"):
            sqs.start_message_move_task(SourceArn=policy["deadLetterTargetArn"])
        elif handles:
            handle = handles.pop(chance.randrange(len(handles)))
            try:
                if chance.random() < 0.6:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
                else:
                    timeout = chance.choice([0, 10, 200])
                    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=timeout)
            except sqs.exceptions.ClientError:
                pass

    start_ns, minute_ns = engine.clock.now_ns(), 60 * 10**9
    for minute in range(1, 200):
        end_ns = start_ns + minute * minute_ns
        for _ in range(chance.randrange(12)):
            engine.clock.move_to_ns(min(engine.clock.now_ns() + chance.randrange(6 * 10**9), end_ns - 1))
            act()
        engine.clock.move_to_ns(end_ns - 1)
        counts.append(
            {name: engine._core.queue_counts("us-east-1", "000000000000", name) for name in ("orders", "dead")}
        )
        engine.clock.move_to_ns(end_ns)
    return counts


@pytest.mark.parametrize("asked", ["before", "after"])
@pytest.mark.parametrize("seed", range(3))
def test_samples_are_what_the_queue_itself_counted(seed, asked):
    with localsqs.Engine(clock=localsqs.ManualClock(auto_advance=False), seed=seed) as engine:
        if asked == "before":
            engine.client("cloudwatch")
        counts = busy_day(engine, seed)
        for queue in ("orders", "dead"):
            sampled = [series(engine, metric, queue) for metric in (VISIBLE, IN_FLIGHT, DELAYED)]
            for minute, counted in enumerate(counts):
                assert tuple(values[minute] for values in sampled) == counted[queue], (queue, minute)


@pytest.mark.parametrize("limit", [0, 50])
def test_a_short_history_loses_nothing_once_the_service_is_there(limit):
    with localsqs.Engine(clock=localsqs.ManualClock(auto_advance=False), seed=1, history_limit=limit) as engine:
        engine.client("cloudwatch")
        counts = busy_day(engine, 1)
        assert [int(value) for value in series(engine, VISIBLE).values()] == [c["orders"][0] for c in counts]


def test_metrics_that_begin_late_warn_and_know_what_is_there():
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=1, history_limit=0) as engine:
        sqs = engine.client("sqs")
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        for delay in (0, 0, 0, 900):
            sqs.send_message(QueueUrl=url, MessageBody="a", DelaySeconds=delay)
        sqs.receive_message(QueueUrl=url, VisibilityTimeout=100)
        with pytest.warns(LostEventsWarning, match=r"begin at 2026-01-01T00:00:00\+00:00"):
            engine.client("cloudwatch")
        engine.clock.advance(minutes=3)
        assert series(engine, VISIBLE) == {0: 2, 1: 3, 2: 3}
        assert series(engine, IN_FLIGHT) == {0: 1, 1: 0, 2: 0}
        assert series(engine, DELAYED) == {0: 1, 1: 1, 2: 1}
        assert series(engine, AGE)[2] == 180
        assert sum(series(engine, "NumberOfMessagesSent").values()) == 0


def test_regions_and_accounts_are_apart(engine, sqs, url, cloudwatch):
    sqs.send_message(QueueUrl=url, MessageBody="a")
    engine.clock.advance(minutes=1)
    for options in ({"region_name": "eu-west-1"}, {"aws_account_id": "111122223333"}):
        assert engine.client("cloudwatch", **options).list_metrics()["Metrics"] == []
    assert engine.client("cloudwatch").list_metrics()["Metrics"]


def test_without_the_service_nothing_is_kept(engine, sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="a")
    assert "cloudwatch" not in engine._made
    assert _core.start_metrics(engine._core) is True


# --- Names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("ApproximateNumberOfVisibleMessages", VISIBLE),
        ("approximatenumberofmessagesvisible", VISIBLE),
        ("ApproximateNumberOfMessageVisible", VISIBLE),
        ("NumberOfMessageSent", "NumberOfMessagesSent"),
        ("Latency", None),
    ],
)
def test_the_nearest_name(wrong, right):
    assert nearest_name(wrong) == right


def test_a_wrong_name_finds_nothing_and_warns_once(engine, sqs, url, cloudwatch):
    sqs.send_message(QueueUrl=url, MessageBody="a")
    engine.clock.advance(minutes=1)
    wrong = "ApproximateNumberOfVisibleMessages"
    with pytest.warns(MetricNameWarning, match=f'no metric "{wrong}"; did you mean "{VISIBLE}"') as raised:
        assert series(engine, wrong) == {}
    assert raised[0].filename == __file__  # It points at the caller's code.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert series(engine, wrong) == {}


def test_lenient_takes_the_nearest_name(engine, sqs, url, cloudwatch):
    sqs.send_message(QueueUrl=url, MessageBody="a")
    engine.clock.advance(minutes=1)
    of(engine).lenient = True
    assert series(engine, "ApproximateNumberOfVisibleMessages") == {0: 1}


def test_a_wrong_metric_in_an_alarm_stays_without_data(engine, cloudwatch):
    with pytest.warns(MetricNameWarning):
        cloudwatch.put_metric_alarm(
            AlarmName="wrong",
            Namespace="AWS/SQS",
            MetricName="ApproximateNumberOfVisibleMessages",
            Dimensions=[{"Name": "QueueName", "Value": "orders"}],
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
        )
    engine.clock.advance(minutes=10)
    assert cloudwatch.describe_alarms()["MetricAlarms"][0]["StateValue"] == "INSUFFICIENT_DATA"
