"""Alarms: when they change, what they say, whom they tell."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from localsqs import errors
from localsqs.cloudwatch import of
from localsqs.cloudwatch.evaluation import decide, range_length

pytestmark = pytest.mark.filterwarnings("ignore::localsqs.sns.DeliveryWarning")

VISIBLE = "ApproximateNumberOfMessagesVisible"
ALARM_ARN = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:dead"


# --- Deciding ---------------------------------------------------------------------------------------------------------

KEPT = None
OK, ALARM, NO_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    ("m", "points", "missing", "ignore", "breaching", "not_breaching"),
    [
        (3, "0 - X - X", OK, OK, OK, OK),
        (3, "0 - - - -", OK, OK, OK, OK),
        (3, "- - - - -", NO_DATA, KEPT, ALARM, OK),
        (3, "0 X X - X", ALARM, ALARM, ALARM, ALARM),
        (3, "- - X - -", ALARM, KEPT, ALARM, OK),
        (2, "0 - X - X", ALARM, ALARM, ALARM, ALARM),
        (2, "0 0 X 0 X", ALARM, ALARM, ALARM, ALARM),
        (2, "0 - X - -", OK, OK, ALARM, OK),
        (2, "- - - - 0", OK, OK, ALARM, OK),
        (2, "- - - X -", ALARM, KEPT, ALARM, OK),
        # Beyond the published tables.
        (3, "X X X X X", ALARM, ALARM, ALARM, ALARM),
        (3, "X X X X 0", OK, OK, OK, OK),
        (3, "- - - - X", OK, OK, ALARM, OK),
        (1, "- - - - X", ALARM, ALARM, ALARM, ALARM),
        (1, "X 0 0 0 0", OK, OK, OK, OK),
    ],
)
def test_the_tables_of_the_documentation(m, points, missing, ignore, breaching, not_breaching):
    parsed = [{"0": False, "X": True, "-": None}[point] for point in points.split()]
    decided = [decide(parsed, 3, m, treat) for treat in ("missing", "ignore", "breaching", "notBreaching")]
    assert decided == [missing, ignore, breaching, not_breaching]


@pytest.mark.parametrize(("periods", "length"), [(1, 3), (3, 5), (6, 8), (9, 12)])
def test_the_evaluation_range_is_longer_than_the_periods(periods, length):
    assert range_length(periods) == length


# --- Configuration ----------------------------------------------------------------------------------------------------


@pytest.fixture
def cloudwatch(engine):
    return engine.client("cloudwatch")


def alarm(cloudwatch: Any, name: str = "dead", **changes: Any) -> None:
    config = {
        "AlarmName": name,
        "Namespace": "AWS/SQS",
        "MetricName": VISIBLE,
        "Dimensions": [{"Name": "QueueName", "Value": "orders"}],
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        **changes,
    }
    cloudwatch.put_metric_alarm(**{key: value for key, value in config.items() if value is not None})


def described(cloudwatch: Any, name: str = "dead") -> dict[str, Any]:
    (found,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found


def state(cloudwatch: Any, name: str = "dead") -> str:
    return described(cloudwatch, name)["StateValue"]


def test_a_new_alarm(engine, cloudwatch):
    alarm(cloudwatch)
    now = engine.clock.now()
    answer = cloudwatch.describe_alarms()
    assert (answer["CompositeAlarms"], answer["LogAlarms"]) == ([], [])
    assert answer["MetricAlarms"] == [
        {
            "AlarmName": "dead",
            "AlarmArn": ALARM_ARN,
            "AlarmConfigurationUpdatedTimestamp": now,
            "ActionsEnabled": True,
            "OKActions": [],
            "AlarmActions": [],
            "InsufficientDataActions": [],
            "StateValue": "INSUFFICIENT_DATA",
            "StateReason": "Unchecked: Initial alarm creation",
            "StateUpdatedTimestamp": now,
            "StateTransitionedTimestamp": now,
            "MetricName": VISIBLE,
            "Namespace": "AWS/SQS",
            "Statistic": "Maximum",
            "Dimensions": [{"Name": "QueueName", "Value": "orders"}],
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0.0,
            "ComparisonOperator": "GreaterThanThreshold",
        }
    ]


def test_an_update_replaces_the_configuration_and_keeps_the_state(engine, sqs, url, cloudwatch):
    alarm(cloudwatch, AlarmDescription="old", TreatMissingData="ignore")
    sqs.send_message(QueueUrl=url, MessageBody="a")
    engine.clock.advance(minutes=1)
    assert state(cloudwatch) == "ALARM"
    alarm(cloudwatch, Threshold=5)
    found = described(cloudwatch)
    assert found["StateValue"] == "ALARM"
    assert found["Threshold"] == 5.0
    assert "AlarmDescription" not in found
    assert "TreatMissingData" not in found


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        ({"EvaluationPeriods": None}, "MissingParameter", "EvaluationPeriods"),
        ({"ComparisonOperator": None}, "MissingParameter", "ComparisonOperator"),
        ({"Threshold": None}, "MissingParameter", "Threshold"),
        ({"Period": None}, "MissingParameter", "Period"),
        ({"Period": 61}, "ValidationError", "10, 20, 30 or a multiple of 60"),
        ({"EvaluationPeriods": 1441}, "ValidationError", "one day"),
        ({"Period": 86400, "EvaluationPeriods": 8}, "ValidationError", "seven days"),
        ({"Statistic": None}, "ValidationError", "Statistic"),
        ({"ExtendedStatistic": "p99"}, "ValidationError", "Statistic"),
        ({"Statistic": "Median"}, "ValidationError", "enum value set"),
        ({"ComparisonOperator": "Above"}, "ValidationError", "Value 'Above' at 'comparisonOperator'"),
        ({"TreatMissingData": "lost"}, "ValidationError", "treatMissingData"),
        ({"DatapointsToAlarm": 2}, "ValidationError", "DatapointsToAlarm"),
        ({"AlarmActions": ["topic"]}, "ValidationError", "Invalid arn syntax: topic"),
        ({"Metrics": [{"Id": "m", "Expression": "1"}]}, "ValidationError", "mutually exclusive"),
    ],
)
def test_wrong_configurations(cloudwatch, changes, code, text):
    with pytest.raises(errors.ClientError, match=text) as raised:
        alarm(cloudwatch, **changes)
    assert raised.value.response["Error"]["Code"] == code
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize(("period", "periods"), [(60, 1440), (3600, 168), (86400, 7)])
def test_the_longest_evaluations(cloudwatch, period, periods):
    alarm(cloudwatch, Period=period, EvaluationPeriods=periods)
    assert described(cloudwatch)["EvaluationPeriods"] == periods


# --- Life -------------------------------------------------------------------------------------------------------------


def test_an_alarm_on_a_dead_letter_queue(engine, sqs, cloudwatch):
    """ALARM one evaluation after the first message lands there, OK after it is drained."""
    dead = sqs.create_queue(QueueName="orders-dlq")["QueueUrl"]
    policy = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:orders-dlq", "maxReceiveCount": "1"}
    url = sqs.create_queue(QueueName="orders", Attributes={"RedrivePolicy": json.dumps(policy)})["QueueUrl"]
    alarm(cloudwatch, Dimensions=[{"Name": "QueueName", "Value": "orders-dlq"}])
    engine.clock.advance(minutes=2, seconds=10)
    assert state(cloudwatch) == "OK"
    sqs.send_message(QueueUrl=url, MessageBody="poison")
    sqs.receive_message(QueueUrl=url)
    engine.clock.advance(seconds=30)
    sqs.receive_message(QueueUrl=url)  # Moves it, at 2:40.
    assert state(cloudwatch) == "OK"
    engine.clock.advance(seconds=20)
    assert state(cloudwatch) == "ALARM"
    found = described(cloudwatch)
    assert found["StateUpdatedTimestamp"] == engine.clock.now()
    assert found["StateReason"] == (
        "Threshold Crossed: 1 out of the last 1 datapoints [1.0 (01/01/26 00:02:00)] was greater than the threshold "
        "(0.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    data = json.loads(found["StateReasonData"])
    assert data["recentDatapoints"] == [1.0]
    assert data["evaluatedDatapoints"] == [
        {"timestamp": "2026-01-01T00:02:00.000+0000", "sampleCount": 1.0, "value": 1.0}
    ]
    handle = sqs.receive_message(QueueUrl=dead)["Messages"][0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=dead, ReceiptHandle=handle)
    engine.clock.advance(minutes=1)
    assert state(cloudwatch) == "OK"


def walk(engine, sqs, url, cloudwatch, advance) -> list[tuple[str, str]]:
    """The history of an alarm over an hour in which a message comes and goes, time moved by `advance`."""
    alarm(cloudwatch, EvaluationPeriods=3, DatapointsToAlarm=2)
    advance(5)
    sqs.send_message(QueueUrl=url, MessageBody="a")
    advance(10)
    sqs.purge_queue(QueueUrl=url)
    advance(45)
    items = cloudwatch.describe_alarm_history(HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    return [(item["Timestamp"].isoformat(), item["HistorySummary"]) for item in items]


@pytest.mark.parametrize("how", ["advance", "run_for", "small steps"])
def test_it_does_not_matter_who_moved_the_clock(engine, sqs, url, cloudwatch, how):
    def advance(minutes: int) -> None:
        if how == "run_for":
            engine._agenda.run_for(timedelta(minutes=minutes))
        elif how == "advance":
            engine.clock.advance(minutes=minutes)
        else:
            for _ in range(minutes * 4):
                engine.clock.advance(seconds=15)
                of(engine).evaluate()

    assert walk(engine, sqs, url, cloudwatch, advance) == [
        ("2026-01-01T00:17:00+00:00", "Alarm updated from ALARM to OK"),
        ("2026-01-01T00:07:00+00:00", "Alarm updated from OK to ALARM"),
        ("2026-01-01T00:01:00+00:00", "Alarm updated from INSUFFICIENT_DATA to OK"),
    ]


def test_missing_data(engine, cloudwatch):
    for name in ("missing", "ignore", "breaching", "notBreaching"):
        alarm(cloudwatch, name, TreatMissingData=name, EvaluationPeriods=2)
    cloudwatch.set_alarm_state(AlarmName="ignore", StateValue="OK", StateReason="because")
    engine.clock.advance(minutes=3)
    assert [state(cloudwatch, name) for name in ("missing", "ignore", "breaching", "notBreaching")] == [
        "INSUFFICIENT_DATA",
        "OK",
        "ALARM",
        "OK",
    ]
    assert described(cloudwatch, "breaching")["StateReason"] == (
        "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as "
        "[Breaching]."
    )


def test_data_after_a_long_silence(engine, sqs, cloudwatch):
    """Minutes without data are not looked at one by one, and the first minute with some is not missed."""
    alarm(cloudwatch)
    engine.clock.advance(days=3650, seconds=30)
    url = sqs.create_queue(QueueName="orders", Attributes={"MessageRetentionPeriod": "3600"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="a")
    sent_at = engine.clock.now()
    engine.clock.advance(days=30)
    items = cloudwatch.describe_alarm_history(HistoryItemType="StateUpdate")["AlarmHistoryItems"]
    assert [(item["Timestamp"] - sent_at, item["HistorySummary"]) for item in items] == [
        # The message is gone; the queue, not touched for six hours, reports its emptiness until then.
        (timedelta(hours=6, minutes=2, seconds=30), "Alarm updated from OK to INSUFFICIENT_DATA"),
        (timedelta(hours=1, seconds=30), "Alarm updated from ALARM to OK"),
        (timedelta(seconds=30), "Alarm updated from INSUFFICIENT_DATA to ALARM"),
    ]


def test_no_more_data(engine, sqs, url, cloudwatch):
    alarm(cloudwatch, EvaluationPeriods=2)
    engine.clock.advance(minutes=3)
    assert state(cloudwatch) == "OK"
    sqs.delete_queue(QueueUrl=url)
    engine.clock.advance(minutes=10)
    assert state(cloudwatch) == "INSUFFICIENT_DATA"
    assert described(cloudwatch)["StateReason"] == "Insufficient Data: 2 datapoints were unknown."


@pytest.mark.parametrize(
    ("comparison", "breaches"),
    [
        ("GreaterThanThreshold", False),
        ("GreaterThanOrEqualToThreshold", True),
        ("LessThanThreshold", False),
        ("LessThanOrEqualToThreshold", True),
    ],
)
def test_comparisons_at_the_threshold(engine, sqs, url, cloudwatch, comparison, breaches):
    alarm(cloudwatch, ComparisonOperator=comparison, Threshold=1)
    sqs.send_message(QueueUrl=url, MessageBody="a")
    engine.clock.advance(minutes=1)
    assert state(cloudwatch) == ("ALARM" if breaches else "OK")


def test_an_alarm_on_metric_math(engine, sqs, url, cloudwatch):
    stat = {"Metric": {"Namespace": "AWS/SQS", "Dimensions": [{"Name": "QueueName", "Value": "orders"}]}}
    metrics = [
        {
            "Id": name,
            "MetricStat": {"Metric": {**stat["Metric"], "MetricName": metric}, "Period": 60, "Stat": "Maximum"},
            "ReturnData": False,
        }
        for name, metric in (("v", VISIBLE), ("f", "ApproximateNumberOfMessagesNotVisible"))
    ]
    metrics.append({"Id": "all", "Expression": "v + f"})
    plain = ("Namespace", "MetricName", "Dimensions", "Statistic", "Period")
    alarm(cloudwatch, Metrics=metrics, Threshold=1, **dict.fromkeys(plain))
    for _ in range(2):
        sqs.send_message(QueueUrl=url, MessageBody="a")
    sqs.receive_message(QueueUrl=url, VisibilityTimeout=600)
    engine.clock.advance(minutes=1)
    assert state(cloudwatch) == "ALARM"
    assert described(cloudwatch)["Metrics"] == metrics


def test_a_period_of_five_minutes_is_seen_every_minute(engine, sqs, url, cloudwatch):
    alarm(cloudwatch, Period=300)
    engine.clock.advance(minutes=7)
    sqs.send_message(QueueUrl=url, MessageBody="a")
    engine.clock.advance(minutes=1)
    assert state(cloudwatch) == "ALARM"
    sqs.purge_queue(QueueUrl=url)
    engine.clock.advance(minutes=4)
    assert state(cloudwatch) == "ALARM"
    engine.clock.advance(minutes=1)
    assert state(cloudwatch) == "OK"


# --- SetAlarmState, switches, history ---------------------------------------------------------------------------------


def test_set_alarm_state_holds_until_the_next_evaluation(engine, sqs, url, cloudwatch):
    alarm(cloudwatch)
    engine.clock.advance(minutes=1)
    cloudwatch.set_alarm_state(AlarmName="dead", StateValue="ALARM", StateReason="a drill", StateReasonData='{"x":1}')
    found = described(cloudwatch)
    assert (found["StateValue"], found["StateReason"], found["StateReasonData"]) == ("ALARM", "a drill", '{"x":1}')
    engine.clock.advance(minutes=1)
    assert state(cloudwatch) == "OK"


def test_an_action_in_silence_comes_in_time(engine, sqs, cloudwatch, topic):
    alarm(cloudwatch, InsufficientDataActions=[topic])
    engine.clock.advance(hours=1)
    cloudwatch.set_alarm_state(AlarmName="dead", StateValue="OK", StateReason="a drill")
    engine.clock.advance(hours=1)
    (sent,) = engine.history(queue="alerts", kind="Sent")
    assert sent.at.isoformat() == "2026-01-01T01:01:00+00:00"


def test_set_alarm_state_of_nothing(cloudwatch):
    with pytest.raises(cloudwatch.exceptions.ResourceNotFound) as raised:
        cloudwatch.set_alarm_state(AlarmName="dead", StateValue="OK", StateReason="r")
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    with pytest.raises(errors.ClientError) as raised:
        cloudwatch.set_alarm_state(AlarmName="dead", StateValue="INVALID", StateReason="r")
    assert raised.value.response["Error"]["Code"] == "ValidationError"
    assert raised.value.response["Error"]["Message"] == (
        "1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy constraint: Member must "
        "satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]"
    )


def test_finding_alarms(cloudwatch):
    for name in ("b", "a2", "a1"):
        alarm(cloudwatch, name, AlarmActions=[f"arn:aws:sns:us-east-1:000000000000:{name}"])
    cloudwatch.set_alarm_state(AlarmName="a2", StateValue="OK", StateReason="r")

    def names(**filters: Any) -> list[str]:
        return [found["AlarmName"] for found in cloudwatch.describe_alarms(**filters)["MetricAlarms"]]

    assert names() == ["a1", "a2", "b"]
    assert names(AlarmNamePrefix="a") == ["a1", "a2"]
    assert names(AlarmNames=["b", "x"]) == ["b"]
    assert names(StateValue="OK") == ["a2"]
    assert names(ActionPrefix="arn:aws:sns:us-east-1:000000000000:a") == ["a1", "a2"]
    assert names(AlarmTypes=["CompositeAlarm"]) == []
    pages = cloudwatch.get_paginator("describe_alarms").paginate(PaginationConfig={"PageSize": 2})
    assert [[a["AlarmName"] for a in page["MetricAlarms"]] for page in pages] == [["a1", "a2"], ["b"]]
    dimensions = [{"Name": "QueueName", "Value": "orders"}]
    found = cloudwatch.describe_alarms_for_metric(Namespace="AWS/SQS", MetricName=VISIBLE, Dimensions=dimensions)
    assert len(found["MetricAlarms"]) == 3
    found = cloudwatch.describe_alarms_for_metric(Namespace="AWS/SQS", MetricName=VISIBLE, Period=300)
    assert found["MetricAlarms"] == []


def test_waiting_for_an_alarm(engine, cloudwatch):
    start = engine.clock.now()
    with pytest.raises(errors.WaiterError):
        cloudwatch.get_waiter("alarm_exists").wait(AlarmNames=["dead"], WaiterConfig={"MaxAttempts": 3})
    assert engine.clock.now() - start == timedelta(seconds=10)
    alarm(cloudwatch)
    cloudwatch.get_waiter("alarm_exists").wait(AlarmNames=["dead"])
    assert engine.clock.now() - start == timedelta(seconds=10)


def test_deleting(engine, cloudwatch):
    alarm(cloudwatch)
    cloudwatch.delete_alarms(AlarmNames=["dead", "unknown"])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    assert engine._agenda.idle


def test_history(engine, sqs, url, cloudwatch):
    alarm(cloudwatch)
    engine.clock.advance(minutes=1)
    alarm(cloudwatch, Threshold=3)
    cloudwatch.delete_alarms(AlarmNames=["dead"])
    answer = cloudwatch.describe_alarm_history(AlarmName="dead", ScanBy="TimestampAscending")
    items = [(item["HistoryItemType"], item["HistorySummary"]) for item in answer["AlarmHistoryItems"]]
    assert items == [
        ("ConfigurationUpdate", 'Alarm "dead" created'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to OK"),
        ("ConfigurationUpdate", 'Alarm "dead" updated'),
        ("ConfigurationUpdate", 'Alarm "dead" deleted'),
    ]
    data = json.loads(answer["AlarmHistoryItems"][1]["HistoryData"])
    assert data["oldState"]["stateValue"] == "INSUFFICIENT_DATA"
    assert data["newState"]["stateValue"] == "OK"
    updates = cloudwatch.describe_alarm_history(HistoryItemType="StateUpdate", EndDate=engine.clock.now())
    assert updates["AlarmHistoryItems"] == []


def test_tags(cloudwatch):
    alarm(cloudwatch, Tags=[{"Key": "team", "Value": "a"}])
    cloudwatch.tag_resource(ResourceARN=ALARM_ARN, Tags=[{"Key": "team", "Value": "b"}, {"Key": "x", "Value": ""}])
    cloudwatch.untag_resource(ResourceARN=ALARM_ARN, TagKeys=["x"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=ALARM_ARN)["Tags"] == [{"Key": "team", "Value": "b"}]
    with pytest.raises(cloudwatch.exceptions.ResourceNotFoundException):
        cloudwatch.list_tags_for_resource(ResourceARN=ALARM_ARN + "x")


# --- Actions ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def topic(engine, sqs):
    """A topic whose messages arrive in the queue "alerts"."""
    sqs.create_queue(QueueName="alerts")
    sns = engine.client("sns")
    arn = sns.create_topic(Name="alerts")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:000000000000:alerts")
    return arn


def alerts(sqs: Any) -> list[dict[str, Any]]:
    url = sqs.get_queue_url(QueueName="alerts")["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=43200).get("Messages", [])
    return [json.loads(message["Body"]) for message in messages]


def test_a_topic_is_told_of_each_change(engine, sqs, url, cloudwatch, topic):
    alarm(cloudwatch, AlarmDescription="Look!", AlarmActions=[topic], OKActions=[topic])
    engine.clock.advance(minutes=1)
    sqs.send_message(QueueUrl=url, MessageBody="a")
    engine._agenda.run_for(timedelta(minutes=5))
    told_of_ok, told = alerts(sqs)
    assert told_of_ok["Subject"] == 'OK: "dead" in US East (N. Virginia)'
    assert told["Subject"] == 'ALARM: "dead" in US East (N. Virginia)'
    said = json.loads(told["Message"])
    assert list(said) == [
        *("AlarmName", "AlarmDescription", "AWSAccountId", "AlarmConfigurationUpdatedTimestamp", "NewStateValue"),
        *("NewStateReason", "StateChangeTime", "Region", "AlarmArn", "OldStateValue", "OKActions", "AlarmActions"),
        *("InsufficientDataActions", "Trigger"),
    ]
    assert said["AlarmDescription"] == "Look!"
    assert (said["OldStateValue"], said["NewStateValue"]) == ("OK", "ALARM")
    assert said["StateChangeTime"] == "2026-01-01T00:02:00.000+0000"
    assert said["Trigger"] == {
        "MetricName": VISIBLE,
        "Namespace": "AWS/SQS",
        "StatisticType": "Statistic",
        "Statistic": "MAXIMUM",
        "Unit": None,
        "Dimensions": [{"value": "orders", "name": "QueueName"}],
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0.0,
        "TreatMissingData": "",
        "EvaluateLowSampleCountPercentile": "",
    }
    assert alerts(sqs) == []


@pytest.mark.parametrize("how", ["advance", "move_to", "run_for"])
def test_actions_are_performed_at_the_instant_of_the_change(engine, sqs, url, cloudwatch, topic, how):
    alarm(cloudwatch, AlarmActions=[topic])
    sqs.send_message(QueueUrl=url, MessageBody="a")
    end = engine.clock.now() + timedelta(hours=1, seconds=20)
    if how == "advance":
        engine.clock.advance(hours=1, seconds=20)
    elif how == "move_to":
        engine.clock.move_to(end)
    else:
        engine.run_for(hours=1, seconds=20)
    assert engine.clock.now() == end
    (sent,) = engine.history(queue="alerts", kind="Sent")
    assert sent.at.isoformat() == "2026-01-01T00:01:00+00:00"


def test_alarms_do_not_keep_a_run_going(engine, sqs, url, cloudwatch):
    alarm(cloudwatch)
    start = engine.clock.now()
    assert engine._agenda.run_until_idle().reason == "idle"
    assert engine.clock.now() - start < timedelta(minutes=2)


def test_set_alarm_state_runs_actions(engine, sqs, cloudwatch, topic):
    alarm(cloudwatch, AlarmActions=[topic])
    cloudwatch.set_alarm_state(AlarmName="dead", StateValue="ALARM", StateReason="a drill")
    (told,) = alerts(sqs)
    assert json.loads(told["Message"])["NewStateReason"] == "a drill"
    cloudwatch.set_alarm_state(AlarmName="dead", StateValue="ALARM", StateReason="again")
    assert alerts(sqs) == []


def test_actions_can_be_switched_off(engine, sqs, cloudwatch, topic):
    alarm(cloudwatch, AlarmActions=[topic], ActionsEnabled=False)
    cloudwatch.set_alarm_state(AlarmName="dead", StateValue="ALARM", StateReason="r")
    assert alerts(sqs) == []
    cloudwatch.enable_alarm_actions(AlarmNames=["dead"])
    cloudwatch.set_alarm_state(AlarmName="dead", StateValue="OK", StateReason="r")
    cloudwatch.set_alarm_state(AlarmName="dead", StateValue="ALARM", StateReason="r")
    assert len(alerts(sqs)) == 1
    cloudwatch.disable_alarm_actions(AlarmNames=["dead"])
    assert described(cloudwatch)["ActionsEnabled"] is False


def test_actions_are_in_the_history(engine, cloudwatch, topic):
    alarm(cloudwatch, AlarmActions=[topic, "arn:aws:sns:us-east-1:000000000000:gone", "arn:aws:swf:::action/x"])
    cloudwatch.set_alarm_state(AlarmName="dead", StateValue="ALARM", StateReason="r")
    items = cloudwatch.describe_alarm_history(HistoryItemType="Action", ScanBy="TimestampAscending")
    assert [item["HistorySummary"].split(" action ")[0] for item in items["AlarmHistoryItems"]] == [
        "Successfully executed",
        "Failed to execute",
        "Failed to execute",
    ]
    failed = json.loads(items["AlarmHistoryItems"][1]["HistoryData"])
    assert failed["error"] == "Topic does not exist"


def test_a_function_is_called(engine, cloudwatch):
    events: list[Any] = []
    engine.register_function("pager", lambda event, context: events.append(event))
    alarm(cloudwatch, AlarmActions=["arn:aws:lambda:us-east-1:000000000000:function:pager"])
    cloudwatch.set_alarm_state(AlarmName="dead", StateValue="ALARM", StateReason="a drill")
    engine.run_until_idle()
    (event,) = events
    assert event["alarmArn"] == ALARM_ARN
    assert event["alarmData"]["state"]["value"] == "ALARM"
    assert event["alarmData"]["previousState"] == {"value": "INSUFFICIENT_DATA"}
