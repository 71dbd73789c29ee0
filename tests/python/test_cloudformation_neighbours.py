"""Functions, mappings, topics and alarms of templates."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap

import pytest

from localsqs import cloudformation
from localsqs.cloudformation import TemplateError, TemplateWarning, deploy
from localsqs.cloudformation.template import parse

pytest.importorskip("yaml")


@pytest.fixture
def sqs(sqs_engine):
    return sqs_engine.client("sqs")


def bodies(sqs, url):
    """Receives and deletes all there is."""
    found = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


# --- Functions --------------------------------------------------------------------------------------------------------

FUNCTION = """\
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 60}}
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      Code: src/
      Timeout: 10
      MemorySize: 256
      Role: arn:aws:iam::000000000000:role/r
      Environment: {Variables: {ACCOUNT: 012345678901, LEVEL: 3, ON: true}}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Queue.Arn
      FunctionName: !Ref Fn
      BatchSize: 5
      FunctionResponseTypes: [ReportBatchItemFailures]
"""

APP = """
import os
import helper

AT_IMPORT = os.environ["ACCOUNT"]

def handler(event, context):
    print(helper.describe(event), AT_IMPORT, os.environ["LEVEL"], os.environ["ON"], context.memory_limit_in_mb)
"""

HELPER = """
def describe(event):
    return "one " + ",".join(record["body"] for record in event["Records"])
"""


@pytest.fixture
def app(tmp_path):
    """A folder with the code of a function."""
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    (folder / "helper.py").write_text(HELPER)
    return folder


def template_in(tmp_path, text=FUNCTION):
    file = tmp_path / "template.yaml"
    file.write_text(text)
    return file


def logs(stack, logical_id="Mapping"):
    return [invocation.log for invocation in stack.mapping(logical_id).invocations]


def test_a_function_runs_the_code_that_the_template_names(sqs_engine, sqs, tmp_path, app):
    stack = deploy(sqs_engine, template_in(tmp_path), stack_name="s")
    for body in "abcdefg":
        sqs.send_message(QueueUrl=stack.resources["Queue"].physical_id, MessageBody=body)
    report = sqs_engine.run_until_idle()
    assert report.invocations == 2
    assert logs(stack) == ["one a,b,c,d,e 012345678901 3 true 256\n", "one f,g 012345678901 3 true 256\n"]
    tags = sqs_engine.client("lambda").list_tags(Resource=stack.resources["Fn"].attributes["Arn"])["Tags"]
    assert tags["aws:cloudformation:stack-name"] == "s"
    assert tags["aws:cloudformation:logical-id"] == "Fn"
    assert sqs.list_queue_tags(QueueUrl=stack.resources["Queue"].physical_id).get("Tags") is None


def test_a_handler_of_the_caller_takes_the_place_of_the_code(sqs_engine, sqs, tmp_path):
    seen = []
    handlers = {"Fn": lambda event, context: seen.extend(record["body"] for record in event["Records"])}
    stack = deploy(sqs_engine, template_in(tmp_path), stack_name="s", handlers=handlers)
    sqs.send_message(QueueUrl=stack.resources["Queue"].physical_id, MessageBody="a")
    sqs_engine.run_until_idle()
    assert seen == ["a"]


def test_inline_code(sqs_engine, sqs, tmp_path):
    inline = FUNCTION.replace("Code: src/", "Code: {ZipFile: 'def handler(event, context): print(len(event))'}")
    inline = inline.replace("app.handler", "index.handler")
    stack = deploy(sqs_engine, template_in(tmp_path, inline), stack_name="s")
    sqs.send_message(QueueUrl=stack.resources["Queue"].physical_id, MessageBody="a")
    sqs_engine.run_until_idle()
    assert logs(stack) == ["1\n"]


def test_update_and_delete_of_function_and_mapping(sqs_engine, tmp_path, app):
    aws = sqs_engine.client("lambda")
    deploy(sqs_engine, template_in(tmp_path), stack_name="s")
    changed = FUNCTION.replace("Timeout: 10", "Timeout: 20").replace("      BatchSize: 5\n", "")
    changed = changed.replace("[ReportBatchItemFailures]", "[]")
    stack = deploy(sqs_engine, template_in(tmp_path, changed), stack_name="s")
    (function,) = aws.list_functions()["Functions"]
    assert function["Timeout"] == 20
    (mapping,) = aws.list_event_source_mappings()["EventSourceMappings"]
    assert (mapping["BatchSize"], mapping["FunctionResponseTypes"]) == (10, [])
    assert mapping["UUID"] == stack.resources["Mapping"].physical_id
    cloudformation.delete(sqs_engine, stack)
    assert aws.list_functions()["Functions"] == []
    assert aws.list_event_source_mappings()["EventSourceMappings"] == []


@pytest.mark.parametrize(
    ("replacements", "prop", "message"),
    [
        ({"Code: src/": "Code: sources/"}, "Code", "there is no folder"),
        ({"Code: src/": "Code: src/app.py"}, "Code", "localsqs runs a function's code from its folder"),
        ({"app.handler": "app.hander"}, "Handler", "Handler 'hander' missing on module 'app'"),
        ({"app.handler": "apps.handler"}, "Handler", "Unable to import module 'apps'"),
        ({"app.handler": "handler"}, "Handler", "it must be module.function"),
        ({"Timeout: 10": "Timeout: 901"}, "Timeout", "must be from 1 to 900, not 901"),
        ({"MemorySize: 256": "MemorySize: large"}, "MemorySize", "must be a whole number, not 'large'"),
        ({"Timeout: 10": "TimeOut: 10"}, "TimeOut", "did you mean Timeout?"),
        ({"LEVEL: 3": "LEVEL: [3]"}, "Environment.Variables.LEVEL", "must be text, not a list"),
    ],
)
def test_what_a_function_refuses(sqs_engine, tmp_path, app, replacements, prop, message):
    text = FUNCTION
    for old, new in replacements.items():
        text = text.replace(old, new)
    with pytest.raises(TemplateError) as error:
        deploy(sqs_engine, template_in(tmp_path, text), stack_name="s")
    assert (error.value.resource, error.value.property) == ("Fn", prop)
    assert message in str(error.value)
    assert f"template.yaml:{error.value.line}: Fn, {prop}: " in str(error.value)


@pytest.mark.parametrize(
    ("replacements", "resource", "message"),
    [
        ({"VisibilityTimeout: 60": "VisibilityTimeout: 5"}, "Mapping", "Queue visibility timeout: 5 seconds is less"),
        ({"BatchSize: 5": "BatchSize: 50"}, "Mapping", "Maximum batch window in seconds must be greater than 0"),
        ({"BatchSize: 5": "BatchSize: 10001"}, "Mapping", "must be from 1 to 10000"),
        ({"!Ref Fn": "nobody"}, "Mapping", "Function does not exist"),
        ({"!GetAtt Queue.Arn": "'arn:aws:sqs:us-east-1:000000000000:x'"}, "Mapping", "The specified queue does not"),
        ({"BatchSize: 5": "Batchsize: 5"}, "Mapping", "did you mean BatchSize?"),
    ],
)
def test_what_a_mapping_refuses(sqs_engine, tmp_path, app, replacements, resource, message):
    text = FUNCTION
    for old, new in replacements.items():
        text = text.replace(old, new)
    with pytest.raises(TemplateError) as error:
        deploy(sqs_engine, template_in(tmp_path, text), stack_name="s")
    assert error.value.resource == resource
    assert message in str(error.value)
    assert sqs_engine.client("sqs").list_queues().get("QueueUrls") is None


@pytest.mark.parametrize(
    ("replacements", "message"),
    [
        ({"python3.12": "java21"}, "functions for java21 do not run here"),
        ({"Code: src/": "Code: {S3Bucket: b, S3Key: k}"}, "its code does not lie on this machine"),
        ({"Code: src/": "Code: {ImageUri: x}"}, "its code does not lie on this machine"),
    ],
)
def test_functions_that_cannot_run_here_are_skipped_with_their_mappings(
    sqs_engine, sqs, tmp_path, app, replacements, message
):
    text = FUNCTION
    for old, new in replacements.items():
        text = text.replace(old, new)
    with pytest.warns(TemplateWarning, match=message):
        stack = deploy(sqs_engine, template_in(tmp_path, text), stack_name="s")
    assert len(sqs.list_queues()["QueueUrls"]) == 1
    assert sqs_engine.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    cloudformation.delete(sqs_engine, stack)


# --- Sandboxes --------------------------------------------------------------------------------------------------------

SLEEPER = """
from time import sleep

in_progress = 0
calls = 0

def handler(event, context):
    global in_progress, calls
    in_progress += 1
    calls += 1
    sleep(2)
    print(in_progress, calls)
    in_progress -= 1
"""


def test_overlapping_invocations_do_not_share_a_module(sqs_engine, sqs, tmp_path, app):
    (app / "app.py").write_text(SLEEPER)
    stack = deploy(sqs_engine, template_in(tmp_path), stack_name="s")
    for number in range(15):
        sqs.send_message(QueueUrl=stack.resources["Queue"].physical_id, MessageBody=str(number))
    started_at = sqs_engine.clock.now()
    sqs_engine.run_until_idle()
    assert (sqs_engine.clock.now() - started_at).total_seconds() == 2, "three batches at a time"
    assert logs(stack) == ["1 1\n"] * 3
    sqs.send_message(QueueUrl=stack.resources["Queue"].physical_id, MessageBody="later")
    sqs_engine.run_until_idle()
    assert logs(stack)[-1] == "1 2\n", "a sandbox is used again"
    assert "app" not in sys.modules, "nothing of it is left behind"


def test_overlapping_invocations_with_powertools(sqs_engine, sqs, tmp_path, app):
    """Its metrics and its processor keep things for the process, which on Lambda is the sandbox."""
    pytest.importorskip("aws_lambda_powertools")
    (app / "app.py").write_text(
        textwrap.dedent("""
        from time import sleep
        from aws_lambda_powertools import Logger, Metrics
        from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

        logger, metrics, processor = Logger(), Metrics(namespace="N"), BatchProcessor(event_type=EventType.SQS)

        def work(record):
            sleep(1)
            metrics.add_metric(name="Done", unit="Count", value=1)
            if int(record.body) % 5 == 0:
                raise ValueError(record.body)

        @logger.inject_lambda_context
        @metrics.log_metrics
        def handler(event, context):
            answer = process_partial_response(event=event, record_handler=work, processor=processor, context=context)
            logger.info("done")
            return answer
        """)
    )
    stack = deploy(sqs_engine, template_in(tmp_path), stack_name="s")
    for number in range(15):
        sqs.send_message(QueueUrl=stack.resources["Queue"].physical_id, MessageBody=str(number))
    sqs_engine.run_for(seconds=30)
    for invocation in stack.mapping("Mapping").invocations:
        assert invocation.status == "partial"
        failed = [record["body"] for record in invocation.records if record["messageId"] in invocation.failed_ids]
        assert failed == [record["body"] for record in invocation.records if int(record["body"]) % 5 == 0]
        lines = [json.loads(line) for line in invocation.log.splitlines()]
        (done,) = [line for line in lines if line.get("message") == "done"]
        assert done["function_request_id"] == invocation.request_id
        (emf,) = [line for line in lines if "_aws" in line]
        assert emf["Done"] == [1.0] * 5


# --- Loading again ----------------------------------------------------------------------------------------------------


def handler_of(engine):
    (function,) = engine._service("lambda").functions.values()
    return function.handler


def test_a_handler_is_loaded_again_when_one_of_its_files_changes(sqs_engine, sqs, tmp_path, app):
    stack = deploy(sqs_engine, template_in(tmp_path), stack_name="s")
    handler = handler_of(sqs_engine)
    assert [file.name for file in handler.files] == ["app.py", "helper.py"]
    assert not handler.has_changed()
    (app / "helper.py").write_text(HELPER.replace("one", "and two"))
    assert handler.has_changed()
    assert handler.reload()
    assert not handler.has_changed()
    sqs.send_message(QueueUrl=stack.resources["Queue"].physical_id, MessageBody="a")
    sqs_engine.run_until_idle()
    assert logs(stack)[0].startswith("and two a")


def test_broken_code_leaves_the_old_in_place(sqs_engine, sqs, tmp_path, app):
    stack = deploy(sqs_engine, template_in(tmp_path), stack_name="s")
    handler = handler_of(sqs_engine)
    (app / "helper.py").write_text("def describe(:")
    assert not handler.reload()
    assert handler.error.error_type == "Runtime.UserCodeSyntaxError"
    assert not handler.has_changed(), "told once"
    sqs.send_message(QueueUrl=stack.resources["Queue"].physical_id, MessageBody="a")
    sqs_engine.run_until_idle()
    assert logs(stack)[0].startswith("one a")
    (app / "helper.py").write_text(HELPER.replace("one", "mended"))
    assert handler.has_changed()
    assert handler.reload()
    assert handler.error is None


def test_a_function_in_processes_of_its_own(sqs_engine, sqs, tmp_path, app):
    pytest.importorskip("awslambdaric")
    stack = deploy(sqs_engine, template_in(tmp_path), stack_name="s", processes=True)
    url = stack.resources["Queue"].physical_id
    sqs.send_message(QueueUrl=url, MessageBody="a")
    sqs_engine.run_until_idle()
    (function,) = sqs_engine._service("lambda").functions.values()
    process = function.runner
    assert [file.name for file in process.files] == ["app.py", "helper.py"]
    assert not process.has_changed()
    (app / "helper.py").write_text(HELPER.replace("one", "and two"))
    assert process.has_changed()
    assert process.reload()
    assert not process.has_changed()
    sqs.send_message(QueueUrl=url, MessageBody="b")
    sqs_engine.run_until_idle()
    process.close()
    assert "one a 012345678901 3 true 256" in logs(stack)[0]
    assert "and two b" in logs(stack)[1]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
@pytest.mark.parametrize("inline", [False, True])
def test_a_function_for_node(sqs_engine, sqs, tmp_path, inline):
    source = "exports.handler = async (event) => { console.log(event.Records.length + ' for ' + process.env.LEVEL) }"
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "index.js").write_text(source)
    text = FUNCTION.replace("python3.12", "nodejs20.x").replace("app.handler", "index.handler")
    if inline:
        text = text.replace("Code: src/", f'Code: {{ZipFile: "{source}"}}')
    stack = deploy(sqs_engine, template_in(tmp_path, text), stack_name="s")
    sqs.send_message(QueueUrl=stack.resources["Queue"].physical_id, MessageBody="a")
    sqs_engine.run_until_idle()
    assert "1 for 3" in logs(stack)[0]
    sqs_engine.close()


# --- Topics -----------------------------------------------------------------------------------------------------------

TOPIC = """\
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: news, DisplayName: News}}
  Queue: {Type: AWS::SQS::Queue}
  Subscription:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Topic
      Protocol: sqs
      Endpoint: !GetAtt Queue.Arn
      RawMessageDelivery: true
      FilterPolicy: {kind: [good]}
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - {Effect: Allow, Principal: {Service: sns.amazonaws.com}, Action: sqs:SendMessage, Resource: "*"}
Outputs:
  TopicArn: {Value: !GetAtt Topic.TopicArn}
  TopicName: {Value: !GetAtt Topic.TopicName}
"""


def publish(engine, arn, text, kind):
    attributes = {"kind": {"DataType": "String", "StringValue": kind}}
    engine.client("sns").publish(TopicArn=arn, Message=text, MessageAttributes=attributes)


def test_a_topic_delivers_to_its_subscription(sqs_engine, sqs):
    stack = deploy(sqs_engine, parse(TOPIC), stack_name="s")
    assert stack.output("TopicArn") == "arn:aws:sns:us-east-1:000000000000:news"
    assert stack.output("TopicName") == "news"
    for kind in ("good", "bad"):
        publish(sqs_engine, stack.output("TopicArn"), kind, kind)
    url = stack.resources["Queue"].physical_id
    assert bodies(sqs, url) == ["good"]

    changed = TOPIC.replace("      RawMessageDelivery: true\n      FilterPolicy: {kind: [good]}\n", "")
    stack = deploy(sqs_engine, parse(changed.replace("DisplayName: News", "DisplayName: Old")), stack_name="s")
    publish(sqs_engine, stack.output("TopicArn"), "bad", "bad")
    assert [json.loads(body)["Message"] for body in bodies(sqs, url)] == ["bad"]
    attributes = sqs_engine.client("sns").get_topic_attributes(TopicArn=stack.output("TopicArn"))["Attributes"]
    assert attributes["DisplayName"] == "Old"

    cloudformation.delete(sqs_engine, stack)
    assert sqs_engine.client("sns").list_topics()["Topics"] == []
    assert sqs_engine.client("sns").list_subscriptions()["Subscriptions"] == []


@pytest.mark.filterwarnings("ignore::localsqs.sns.DeliveryWarning")  # There is no policy that lets the topic send.
def test_subscriptions_in_the_topic(sqs_engine, sqs):
    text = "Resources:\n  A: {Type: AWS::SQS::Queue}\n  B: {Type: AWS::SQS::Queue}\n  T:\n    Type: AWS::SNS::Topic\n"
    text += "    Properties:\n      Subscription: [{Protocol: sqs, Endpoint: !GetAtt A.Arn}]\n"
    stack = deploy(sqs_engine, parse(text), stack_name="s")
    arn = stack.resources["T"].physical_id
    assert arn.rpartition(":")[2].startswith("s-T-")
    stack = deploy(sqs_engine, parse(text.replace("A.Arn}]", "B.Arn}]")), stack_name="s")
    sqs_engine.client("sns").publish(TopicArn=arn, Message="x")
    assert bodies(sqs, stack.resources["A"].physical_id) == []
    assert len(bodies(sqs, stack.resources["B"].physical_id)) == 1


def test_fifo_topics_get_fifo_names(sqs_engine):
    text = "Resources: {T: {Type: AWS::SNS::Topic, Properties: {FifoTopic: true, ContentBasedDeduplication: true}}}"
    arn = deploy(sqs_engine, parse(text), stack_name="s").resources["T"].physical_id
    assert arn.endswith(".fifo")


@pytest.mark.parametrize(
    ("old", "new", "resource", "message"),
    [
        ("!GetAtt Queue.Arn", "!Ref Queue", "Subscription", "SQS endpoint ARN"),
        ("RawMessageDelivery: true", "RawMessageDelivery: maybe", "Subscription", "must be true or false"),
        ("FilterPolicy: {kind: [good]}", "FilterPolicy: {kind: []}", "Subscription", "Empty arrays are not allowed"),
        ("TopicName: news", "TopicName: news.fifo", "Topic", "Topic Name"),
        ("TopicArn: !Ref Topic", "Topic: !Ref Topic", "Subscription", "did you mean TopicArn?"),
    ],
)
def test_what_topics_and_subscriptions_refuse(sqs_engine, old, new, resource, message):
    with pytest.raises(TemplateError) as error:
        deploy(sqs_engine, parse(TOPIC.replace(old, new)), stack_name="s")
    assert error.value.resource == resource
    assert message in str(error.value)
    assert sqs_engine.client("sns").list_topics()["Topics"] == []


# --- Alarms -----------------------------------------------------------------------------------------------------------

ALARM = """\
Resources:
  Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: dead}}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: Somebody should look
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: !GetAtt Dead.QueueName}]
      Statistic: Maximum
      Period: "60"
      EvaluationPeriods: 1
      Threshold: 0.5
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
"""


def alarm_state(engine):
    (alarm,) = engine.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return alarm["StateValue"]


def test_an_alarm_on_dead_letters(sqs_engine, sqs):
    stack = deploy(sqs_engine, parse(ALARM), stack_name="s")
    url = stack.resources["Dead"].physical_id
    sqs_engine.run_for(minutes=2)
    assert alarm_state(sqs_engine) == "OK"
    sqs.send_message(QueueUrl=url, MessageBody="dead")
    sqs_engine.run_for(minutes=2)
    assert alarm_state(sqs_engine) == "ALARM"
    bodies(sqs, url)
    sqs_engine.run_for(minutes=3)
    assert alarm_state(sqs_engine) == "OK"
    name = stack.resources["Alarm"].physical_id
    assert stack.resources["Alarm"].attributes["Arn"].endswith(f":alarm:{name}")

    deploy(sqs_engine, parse(ALARM.replace("0.5", "7")), stack_name="s")
    (alarm,) = sqs_engine.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert alarm["Threshold"] == 7.0
    cloudformation.delete(sqs_engine, stack)
    assert sqs_engine.client("cloudwatch").describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize(
    ("old", "new", "prop", "message"),
    [
        ('Period: "60"', "Period: 45", "Period", "Period"),
        ("Threshold: 0.5", "Threshold: high", "Threshold", "must be a number, not 'high'"),
        ("Statistic: Maximum", "Statistics: Maximum", "Statistics", "did you mean Statistic?"),
        ("      EvaluationPeriods: 1\n", "", "", "required property missing: EvaluationPeriods"),
        ("GreaterThanThreshold", "Greater", "ComparisonOperator", "failed to satisfy constraint"),
        ("Dimensions: [{Name: QueueName, ", "Dimensions: [{Nme: QueueName, ", "Dimensions.0.Nme", "did you mean Name?"),
    ],
)
def test_what_an_alarm_refuses(sqs_engine, old, new, prop, message):
    with pytest.raises(TemplateError) as error:
        deploy(sqs_engine, parse(ALARM.replace(old, new)), stack_name="s")
    assert error.value.resource == "Alarm"
    assert error.value.property == prop
    assert message in str(error.value)


def test_a_wrong_metric_name_gets_a_warning_with_the_right_one(sqs_engine):
    wrong = ALARM.replace("ApproximateNumberOfMessagesVisible", "ApproximateNumberOfVisibleMessages")
    with pytest.warns(UserWarning, match="ApproximateNumberOfMessagesVisible"):
        deploy(sqs_engine, parse(wrong), stack_name="s")
