"""SAM templates, by way of aws-sam-translator, offline."""

from __future__ import annotations

import socket
import sys

import pytest

from localsqs.cloudformation import TemplateError, deploy
from localsqs.cloudformation.template import load, parse

pytest.importorskip("yaml")
pytest.importorskip("samtranslator")

SAM = """\
AWSTemplateFormatVersion: 2010-09-09
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.12, Timeout: 20, Handler: app.handler}
Parameters:
  Batch: {Type: Number, Default: 5}
Resources:
  Orders: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: 120}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: the code/
      AutoPublishAlias: live
      Policies: [SQSSendMessagePolicy: {QueueName: !GetAtt Orders.QueueName}, AmazonSQSFullAccess]
      Environment: {Variables: {ACCOUNT: 000000000001, SINCE: 2012-10-17}}
      Events:
        New:
          Type: SQS
          Properties:
            Queue: !GetAtt Orders.Arn
            BatchSize: !Ref Batch
            FunctionResponseTypes: [ReportBatchItemFailures]
            FilterCriteria: {Filters: [{Pattern: '{"body": {"kind": ["order"]}}'}]}
"""

APP = """
import os

def handler(event, context):
    print(os.environ["ACCOUNT"], os.environ["SINCE"], len(event["Records"]), context.invoked_function_arn[-5:])
"""


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def connect(*_):
        raise AssertionError("it reaches for the network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def template(tmp_path):
    folder = tmp_path / "the code"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    file = tmp_path / "template.yaml"
    file.write_text(SAM)
    return file


def test_a_function_with_a_queue_as_its_event(sqs_engine, template):
    stack = deploy(sqs_engine, template, stack_name="s", parameters={"Batch": 2})
    assert {"Orders", "Fn", "FnRole", "FnNew", "FnAliaslive"} < set(stack.resources)
    sqs = sqs_engine.client("sqs")
    for body in ('{"kind": "order"}', '{"kind": "offer"}', '{"kind": "order"}', '{"kind": "order"}'):
        sqs.send_message(QueueUrl=stack.resources["Orders"].physical_id, MessageBody=body)
    sqs_engine.run_until_idle()
    assert sorted(each.log for each in stack.mapping("FnNew").invocations) == [
        "000000000001 2012-10-17 1 :live\n",
        "000000000001 2012-10-17 2 :live\n",
    ]
    (mapping,) = sqs_engine.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert mapping["BatchSize"] == 2
    assert mapping["FunctionArn"].endswith(":live")


def test_a_queue_that_sam_makes_for_a_topic(sqs_engine, template):
    """Its visibility timeout is the default of 30 s, so the function must be done by then."""
    topic = SAM.replace("Type: SQS\n", "Type: SNS\n").replace("Queue: !GetAtt Orders.Arn", "Topic: !Ref Topic")
    topic = topic[: topic.index("            BatchSize")] + "            SqsSubscription: true\n"
    topic = topic.replace("Timeout: 20", "Timeout: 5").replace(
        "Resources:\n", "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n"
    )
    template.write_text(topic)
    stack = deploy(sqs_engine, template, stack_name="s")
    assert {"FnNewQueue", "FnNewQueuePolicy", "FnNew", "FnNewEventSourceMapping"} < set(stack.resources)
    sqs_engine.client("sns").publish(TopicArn=stack.resources["Topic"].physical_id, Message="x")
    sqs_engine.run_until_idle()
    assert len(stack.mapping("FnNewEventSourceMapping").invocations) == 1

    template.write_text(topic.replace("Timeout: 5", "Timeout: 31"))
    with pytest.raises(TemplateError, match="Queue visibility timeout: 30 seconds is less than Function timeout: 31"):
        deploy(sqs_engine, template, stack_name="t")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("AutoPublishAlias: live", "AutoPublishAliases: live", "property AutoPublishAliases not defined"),
        ("CodeUri: the code/", "CodeUri: [a]", "'CodeUri' must be of type dict or string"),
        ("Queue: !GetAtt Orders.Arn", "Que: x", "Que"),
    ],
)
def test_what_sam_refuses_names_the_resource(sqs_engine, template, old, new, message):
    template.write_text(SAM.replace(old, new))
    with pytest.raises(TemplateError) as error:
        deploy(sqs_engine, template, stack_name="s")
    assert message in error.value.message
    assert error.value.resource == "Fn"
    assert f"template.yaml:{error.value.line}: Fn: " in str(error.value)


def test_the_template_itself_stays_as_it_was(sqs_engine, template):
    loaded = load(template)
    stack = deploy(sqs_engine, loaded, stack_name="s")
    assert loaded.resources["Fn"]["Type"] == "AWS::Serverless::Function"
    assert stack.plan.source is loaded
    assert stack.plan.template.resources["Fn"]["Type"] == "AWS::Lambda::Function"


def test_serverless_types_need_the_transform(sqs_engine):
    text = SAM.replace("Transform: AWS::Serverless-2016-10-31\n", "").replace("Globals:", "Metadata:")
    with pytest.raises(TemplateError, match="needs the line `Transform: AWS::Serverless-2016-10-31`") as error:
        deploy(sqs_engine, parse(text), stack_name="s")
    assert error.value.resource == "Fn"


def test_without_the_translator_the_error_says_what_to_install(sqs_engine, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "samtranslator"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "samtranslator", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'localsqs\[sam\]'"):
        deploy(sqs_engine, parse(SAM), stack_name="s")
