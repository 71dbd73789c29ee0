"""CloudWatch and SNS where no AWS package is installed, and a patched boto3 where one is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from test_without_botocore import run

import localsqs

pytestmark = pytest.mark.filterwarnings("ignore::localsqs.sns.DeliveryWarning")


def test_an_alarm_tells_a_topic_which_tells_a_queue():
    code = """
import datetime, json, pickle, warnings
warnings.simplefilter("ignore")
cloudwatch, sns = engine.client("cloudwatch"), engine.client("sns")
topic = sns.create_topic(Name="alerts")["TopicArn"]
alerts = sqs.create_queue(QueueName="alerts")["QueueUrl"]
sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:000000000000:alerts")
cloudwatch.put_metric_alarm(AlarmName="dead", Namespace="AWS/SQS", MetricName="ApproximateNumberOfMessagesVisible",
    Dimensions=[{"Name": "QueueName", "Value": "orders"}], Statistic="Maximum", Period=60, EvaluationPeriods=1,
    Threshold=0, ComparisonOperator="GreaterThanThreshold", AlarmActions=[topic])
sqs.send_message(QueueUrl=url, MessageBody="42")
engine.run_for(minutes=2)
body = json.loads(sqs.receive_message(QueueUrl=alerts)["Messages"][0]["Body"])
print(json.loads(body["Message"])["NewStateValue"])
try:
    sns.publish(TopicArn=topic + "x", Message="a")
except sns.exceptions.NotFoundException as error:
    assert type(pickle.loads(pickle.dumps(error))) is sns.exceptions.NotFoundException
    print(error.response["Error"]["Code"])
try:
    cloudwatch.get_metric_statistics(Namespace="x", MetricName=1, EndTime="yesterday", Periods=3)
except errors.ParamValidationError as error:
    print(str(error).count(chr(10)), error.hint)
"""
    assert run(code).splitlines() == ["ALARM", "NotFound", "5 Did you mean Period?"]


def test_a_patched_boto3():
    boto3 = pytest.importorskip("boto3")
    with localsqs.mock(services=["sqs", "sns", "cloudwatch"], clock=localsqs.ManualClock()) as engine:
        sqs, sns, cloudwatch = (boto3.client(name, region_name="us-east-1") for name in ("sqs", "sns", "cloudwatch"))
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        topic = sns.create_topic(Name="news")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:000000000000:orders")
        sns.publish(TopicArn=topic, Message="a")
        assert len(sqs.receive_message(QueueUrl=url)["Messages"]) == 1
        engine.clock.advance(minutes=1)
        now = engine.clock.now()
        request = {
            "Namespace": "AWS/SQS",
            "MetricName": "NumberOfMessagesReceived",
            "Dimensions": [{"Name": "QueueName", "Value": "orders"}],
            "StartTime": now - timedelta(minutes=5),
            "Period": 60,
            "Statistics": ["Sum"],
        }
        (point,) = cloudwatch.get_metric_statistics(EndTime=now, **request)["Datapoints"]
        assert point["Sum"] == 1.0
        with pytest.raises(cloudwatch.exceptions.InvalidParameterValueException):
            cloudwatch.get_metric_statistics(EndTime=now - timedelta(hours=1), **request)
        with pytest.raises(sns.exceptions.NotFoundException):
            sns.get_topic_attributes(TopicArn=topic + "x")
        assert [page["Topics"] for page in sns.get_paginator("list_topics").paginate()] == [[{"TopicArn": topic}]]
