"""Stacks of queues: made, changed, rolled back, deleted; through deploy() and through boto3's calls."""

from __future__ import annotations

import json
import warnings

import pytest

from localsqs import cloudformation, errors
from localsqs.cloudformation import TemplateError, TemplateWarning, deploy
from localsqs.cloudformation.template import parse

pytest.importorskip("yaml")

ORDERS = """\
Description: A queue with its dead-letter queue
Parameters:
  VisibilityTimeout: {Type: Number, Default: 300}
Resources:
  Orders:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: !Ref VisibilityTimeout
      ReceiveMessageWaitTimeSeconds: 20
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt OrdersDead.Arn
        maxReceiveCount: 3
      Tags:
        - {Key: team, Value: tea}
  OrdersDead:
    Type: AWS::SQS::Queue
    Properties:
      MessageRetentionPeriod: "1209600"
Outputs:
  QueueUrl: {Value: !Ref Orders, Description: Where orders go}
"""


@pytest.fixture
def sqs(sqs_engine):
    return sqs_engine.client("sqs")


@pytest.fixture
def cloudformation_client(sqs_engine):
    return sqs_engine.client("cloudformation")


def queue_attributes(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


def queue_names(sqs):
    return sorted(url.rpartition("/")[2] for url in sqs.list_queues().get("QueueUrls", []))


def with_queue(properties):
    body = {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": properties}}}
    return parse(json.dumps(body), file="template.json")


# --- Queues -----------------------------------------------------------------------------------------------------------


def test_a_queue_has_what_its_properties_say(sqs_engine, sqs):
    stack = deploy(sqs_engine, parse(ORDERS), stack_name="shop", parameters={"VisibilityTimeout": "60"})
    url = stack.output("QueueUrl")
    attributes = queue_attributes(sqs, url)
    assert attributes["VisibilityTimeout"] == "60"
    assert attributes["ReceiveMessageWaitTimeSeconds"] == "20"
    dead = stack.resources["OrdersDead"]
    assert json.loads(attributes["RedrivePolicy"]) == {
        "deadLetterTargetArn": dead.attributes["Arn"],
        "maxReceiveCount": 3,
    }
    assert queue_attributes(sqs, dead.physical_id)["MessageRetentionPeriod"] == "1209600"
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "tea"}


@pytest.mark.parametrize(
    ("properties", "attribute", "value"),
    [
        ({"DelaySeconds": "7"}, "DelaySeconds", "7"),
        ({"MaximumMessageSize": 1024}, "MaximumMessageSize", "1024"),
        ({"VisibilityTimeout": 0}, "VisibilityTimeout", "0"),
        ({"SqsManagedSseEnabled": False}, "SqsManagedSseEnabled", "false"),
        ({"KmsMasterKeyId": "alias/aws/sqs", "KmsDataKeyReusePeriodSeconds": 60}, "KmsDataKeyReusePeriodSeconds", "60"),
        ({"FifoQueue": "true", "ContentBasedDeduplication": True}, "ContentBasedDeduplication", "true"),
        (
            {"FifoQueue": True, "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"},
            "FifoThroughputLimit",
            "perMessageGroupId",
        ),
        (
            {"RedriveAllowPolicy": {"redrivePermission": "denyAll"}},
            "RedriveAllowPolicy",
            '{"redrivePermission":"denyAll"}',
        ),
        (
            {"RedriveAllowPolicy": '{"redrivePermission": "allowAll"}'},
            "RedriveAllowPolicy",
            '{"redrivePermission":"allowAll"}',
        ),
    ],
)
def test_properties_become_attributes(sqs_engine, sqs, properties, attribute, value):
    stack = deploy(sqs_engine, with_queue(properties), stack_name="s")
    assert queue_attributes(sqs, stack.resources["Q"].physical_id)[attribute] == value


def test_unnamed_queues_are_called_after_stack_and_resource(sqs_engine, sqs):
    stack = deploy(sqs_engine, with_queue({}), stack_name="shop")
    name = stack.resources["Q"].attributes["QueueName"]
    assert name.startswith("shop-Q-")
    assert len(name) == len("shop-Q-") + 12
    cloudformation.delete(sqs_engine, stack)
    assert deploy(sqs_engine, with_queue({}), stack_name="shop").resources["Q"].attributes["QueueName"] == name
    fifo = deploy(sqs_engine, with_queue({"FifoQueue": True}), stack_name="x" * 120)
    fifo_name = fifo.resources["Q"].attributes["QueueName"]
    assert fifo_name.endswith(".fifo")
    assert len(fifo_name) == 80
    assert queue_names(sqs) == sorted([name, fifo_name])


@pytest.mark.parametrize(
    ("properties", "prop", "message"),
    [
        ({"VisibilityTimeoutSeconds": 30}, "VisibilityTimeoutSeconds", "did you mean VisibilityTimeout?"),
        ({"visibility_timeout": 30}, "visibility_timeout", "did you mean VisibilityTimeout?"),
        ({"Colour": "red"}, "Colour", "no such property; there are: QueueName, FifoQueue"),
        ({"VisibilityTimeout": "soon"}, "VisibilityTimeout", "must be a whole number, not 'soon'"),
        ({"VisibilityTimeout": 1.5}, "VisibilityTimeout", "must be a whole number, not 1.5"),
        ({"VisibilityTimeout": True}, "VisibilityTimeout", "must be a whole number, not true"),
        ({"VisibilityTimeout": "1e999"}, "VisibilityTimeout", "must be a whole number"),
        ({"VisibilityTimeout": 43201}, "VisibilityTimeout", "must be from 0 to 43200, not 43201"),
        ({"DelaySeconds": [1]}, "DelaySeconds", "must be a whole number, not a list"),
        ({"QueueName": {"a": 1}}, "QueueName", "must be text, not an object"),
        ({"FifoQueue": "yes"}, "FifoQueue", "must be true or false, not 'yes'"),
        ({"RedrivePolicy": "x"}, "RedrivePolicy", "must be an object, or JSON text of one"),
        ({"RedrivePolicy": []}, "RedrivePolicy", "must be an object, or JSON text of one"),
        ({"Tags": {"a": "b"}}, "Tags", "must be a list, not an object"),
        ({"Tags": [{"Key": "a"}]}, "Tags.0", "required property missing: Value"),
        ({"Tags": [{"Key": "a", "Val": "b"}]}, "Tags.0.Val", "did you mean Value?"),
        ({"QueueName": "a b"}, "", "Can only include alphanumeric characters, hyphens, or underscores"),
        ({"RedrivePolicy": {"maxReceiveCount": 3}}, "RedrivePolicy", "mandatory attribute: deadLetterTargetArn"),
        (
            {"RedrivePolicy": {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:x", "maxReceiveCount": 3}},
            "RedrivePolicy",
            "Dead letter target does not exist.",
        ),
    ],
)
def test_what_a_queue_refuses(sqs_engine, sqs, properties, prop, message):
    with pytest.raises(TemplateError) as error:
        deploy(sqs_engine, with_queue(properties), stack_name="s")
    assert error.value.resource == "Q"
    assert error.value.property == prop
    assert message in str(error.value)
    assert str(error.value).startswith("template.json:1: Q")
    assert queue_names(sqs) == []


def test_a_queue_that_is_there_already_is_not_taken_over(sqs_engine, sqs):
    sqs.create_queue(QueueName="orders")
    with pytest.raises(TemplateError, match="identifier 'orders' already exists"):
        deploy(sqs_engine, with_queue({"QueueName": "orders"}), stack_name="s")
    assert queue_names(sqs) == ["orders"]


def test_a_queue_that_is_there_already_is_taken_over_when_asked(sqs_engine, sqs):
    url = sqs.create_queue(QueueName="orders", Attributes={"DelaySeconds": "5"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="kept")
    given = {"QueueName": "orders", "DelaySeconds": 0, "Tags": [{"Key": "a", "Value": "b"}]}
    stack = deploy(sqs_engine, with_queue(given), stack_name="s", adopts=True)
    assert stack.resources["Q"].physical_id == url
    attributes = queue_attributes(sqs, url)
    assert (attributes["DelaySeconds"], attributes["ApproximateNumberOfMessagesDelayed"]) == ("0", "1")
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "b"}


def test_a_queue_that_was_taken_over_stays_when_the_stack_cannot_be_made(sqs_engine, sqs):
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="kept")
    adopted = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "orders"}}
    refused = {"Type": "AWS::SQS::Queue", "DependsOn": "Q", "Properties": {"QueueName": "no name"}}
    template = parse(json.dumps({"Resources": {"Q": adopted, "Last": refused}}), file="template.json")
    with pytest.raises(TemplateError):
        deploy(sqs_engine, template, stack_name="s", adopts=True)
    assert queue_names(sqs) == ["orders"]
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "kept"
    # The same where the queue came with an update.
    deploy(sqs_engine, with_queue({"QueueName": "other"}), stack_name="s", adopts=True)
    refused["DependsOn"] = "Q2"
    template = parse(json.dumps({"Resources": {"Q2": adopted, "Last": refused}}), file="template.json")
    with pytest.raises(TemplateError):
        deploy(sqs_engine, template, stack_name="s")
    assert queue_names(sqs) == ["orders", "other"]


POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}],
}


@pytest.mark.parametrize(
    "policy",
    [
        {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Q"}], "PolicyDocument": POLICY}},
        {"Type": "AWS::SQS::QueueInlinePolicy", "Properties": {"Queue": {"Ref": "Q"}, "PolicyDocument": POLICY}},
    ],
)
def test_queue_policies_come_and_go(sqs_engine, sqs, policy):
    queue = {"Type": "AWS::SQS::Queue"}
    stack = deploy(sqs_engine, parse(json.dumps({"Resources": {"Q": queue, "P": policy}})), stack_name="s")
    url = stack.resources["Q"].physical_id
    assert json.loads(queue_attributes(sqs, url)["Policy"]) == POLICY
    deploy(sqs_engine, parse(json.dumps({"Resources": {"Q": queue}})), stack_name="s")
    assert "Policy" not in queue_attributes(sqs, url)


# --- Update -----------------------------------------------------------------------------------------------------------


def test_properties_that_go_are_reset(sqs_engine, sqs):
    given = {
        "VisibilityTimeout": 300,
        "MaximumMessageSize": 2048,
        "DelaySeconds": 5,
        "SqsManagedSseEnabled": False,
        "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
        "RedriveAllowPolicy": {"redrivePermission": "denyAll"},
    }
    url = deploy(sqs_engine, with_queue(given), stack_name="s").resources["Q"].physical_id
    stack = deploy(sqs_engine, with_queue({"DelaySeconds": 6, "Tags": [{"Key": "b", "Value": "3"}]}), stack_name="s")
    assert stack.status == "UPDATE_COMPLETE"
    assert stack.resources["Q"].physical_id == url
    attributes = queue_attributes(sqs, url)
    assert attributes["VisibilityTimeout"] == "30"
    assert attributes["MaximumMessageSize"] == "262144", "recorded: not the 1048576 of a new queue"
    assert attributes["DelaySeconds"] == "6"
    assert attributes["SqsManagedSseEnabled"] == "false", "recorded: it is not reset"
    assert "RedriveAllowPolicy" not in attributes
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"b": "3"}


def test_a_fifo_queue_loses_its_throughput_properties(sqs_engine, sqs):
    given = {"FifoQueue": True, "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
    url = deploy(sqs_engine, with_queue({"FifoQueue": True}), stack_name="a").resources["Q"].physical_id
    assert queue_attributes(sqs, url)["DeduplicationScope"] == "queue"
    url = deploy(sqs_engine, with_queue(given), stack_name="b").resources["Q"].physical_id
    deploy(sqs_engine, with_queue({"FifoQueue": True}), stack_name="b")
    attributes = queue_attributes(sqs, url)
    assert (attributes["DeduplicationScope"], attributes["FifoThroughputLimit"]) == (
        "messageGroup",
        "perMessageGroupId",
    )


def test_a_new_name_is_a_new_queue(sqs_engine, sqs):
    deploy(sqs_engine, with_queue({"QueueName": "old"}), stack_name="s")
    deploy(sqs_engine, with_queue({"QueueName": "new"}), stack_name="s")
    assert queue_names(sqs) == ["new"]


def test_what_is_no_longer_in_the_template_goes_unless_it_is_retained(sqs_engine, sqs):
    names = {name: {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}} for name in "abc"}
    names["b"]["DeletionPolicy"] = "Retain"
    deploy(sqs_engine, parse(json.dumps({"Resources": names})), stack_name="s")
    stack = deploy(sqs_engine, parse(json.dumps({"Resources": {"a": names["a"]}})), stack_name="s")
    assert queue_names(sqs) == ["a", "b"]
    assert list(stack.resources) == ["a"]
    cloudformation.delete(sqs_engine, stack)
    assert queue_names(sqs) == ["b"]


def test_a_failed_update_leaves_everything_as_it_was(sqs_engine, sqs):
    deploy(sqs_engine, parse(ORDERS), stack_name="s")
    before = sqs_engine.client("sqs")
    urls = sqs.list_queues()["QueueUrls"]
    attributes = [queue_attributes(before, url) for url in urls]
    broken = ORDERS.replace("maxReceiveCount: 3", "maxReceiveCount: 3000").replace("1209600", "60")
    with pytest.raises(TemplateError, match="Invalid value for maxReceiveCount: 3000"):
        deploy(sqs_engine, parse(broken), stack_name="s")
    assert sqs.list_queues()["QueueUrls"] == urls
    after = [queue_attributes(sqs, url) for url in urls]
    for old, new in zip(attributes, after, strict=True):
        assert {**old, "LastModifiedTimestamp": ""} == {**new, "LastModifiedTimestamp": ""}
    stack = sqs_engine.client("cloudformation").describe_stacks(StackName="s")["Stacks"][0]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


def test_what_nobody_expected_leaves_nothing_behind(sqs_engine, sqs, monkeypatch):
    from localsqs.cloudformation.resources.sqs import Queue

    def create(self, world, logical_id, properties, generation):
        if logical_id == "Orders":
            raise KeyboardInterrupt
        return make(self, world, logical_id, properties, generation)

    make = Queue.create
    monkeypatch.setattr(Queue, "create", create)
    with pytest.raises(KeyboardInterrupt):
        deploy(sqs_engine, parse(ORDERS), stack_name="s")
    assert queue_names(sqs) == []
    monkeypatch.undo()
    cloudformation.delete(sqs_engine, sqs_engine._service("cloudformation")._stacks[0])
    deploy(sqs_engine, parse(ORDERS), stack_name="s")
    monkeypatch.setattr(Queue, "update", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    before = queue_names(sqs)
    with pytest.raises(KeyboardInterrupt):
        deploy(sqs_engine, parse(ORDERS.replace("Default: 300", "Default: 30")), stack_name="s")
    assert queue_names(sqs) == before


def test_a_stack_that_failed_can_be_deployed_again(sqs_engine, sqs):
    sqs.create_queue(QueueName="orders")
    template = with_queue({"QueueName": "orders"})
    with pytest.raises(TemplateError, match="already exists"):
        deploy(sqs_engine, template, stack_name="s")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="orders")["QueueUrl"])
    stack = deploy(sqs_engine, template, stack_name="s")
    assert stack.status == "CREATE_COMPLETE"
    with pytest.raises(TemplateError):
        deploy(sqs_engine, with_queue({"QueueName": "a b"}), stack_name="s")
    assert deploy(sqs_engine, template, stack_name="s").error is None


def test_a_rollback_that_fails_says_so(sqs_engine, monkeypatch):
    from localsqs.cloudformation.resources.sqs import Queue

    def refuse(*_):
        raise ValueError("it is needed elsewhere")

    client = sqs_engine.client("cloudformation")
    broken = ORDERS.replace("maxReceiveCount: 3", "maxReceiveCount: 0")
    monkeypatch.setattr(Queue, "delete", refuse)
    client.create_stack(StackName="s", TemplateBody=broken)
    (stack,) = client.describe_stacks()["Stacks"]
    assert (stack["StackStatus"], stack["StackStatusReason"]) == ("ROLLBACK_FAILED", "it is needed elsewhere")
    client.delete_stack(StackName="s")
    assert client.describe_stacks()["Stacks"][0]["StackStatus"] == "DELETE_FAILED"
    monkeypatch.undo()
    client.delete_stack(StackName="s")
    assert client.describe_stacks()["Stacks"] == []


def test_a_replaced_queue_that_cannot_be_deleted_does_not_fail_the_update(sqs_engine, sqs, monkeypatch):
    from localsqs.cloudformation.resources.sqs import Queue

    def refuse(*_):
        raise ValueError("it is needed elsewhere")

    deploy(sqs_engine, with_queue({"QueueName": "old"}), stack_name="s")
    monkeypatch.setattr(Queue, "delete", refuse)
    stack = deploy(sqs_engine, with_queue({"QueueName": "new"}), stack_name="s")
    assert stack.status == "UPDATE_COMPLETE"
    assert [event.reason for event in stack.events if event.status == "DELETE_FAILED"] == ["it is needed elsewhere"]
    assert queue_names(sqs) == ["new", "old"]


def test_hundreds_of_resources(sqs_engine, sqs):
    """500 are the most that CloudFormation takes; each needs the one after it."""
    resources = {f"Q{number}": {"Type": "AWS::SQS::Queue", "DependsOn": f"Q{number + 1}"} for number in range(499)}
    resources["Q499"] = {"Type": "AWS::SQS::Queue"}
    stack = deploy(sqs_engine, parse(json.dumps({"Resources": resources})), stack_name="s")
    assert next(iter(stack.resources)) == "Q499"
    assert len(queue_names(sqs)) == 500


def test_a_resource_keeps_its_type(sqs_engine):
    deploy(sqs_engine, with_queue({}), stack_name="s")
    body = {"Resources": {"Q": {"Type": "AWS::IAM::Role"}}}
    with pytest.raises(TemplateError, match="Update of resource type is not permitted"):
        deploy(sqs_engine, parse(json.dumps(body)), stack_name="s")


# --- What is not here -------------------------------------------------------------------------------------------------


def test_unknown_types_are_skipped_with_a_warning(sqs_engine):
    text = "Resources:\n  Q: {Type: AWS::SQS::Queue}\n  T: {Type: AWS::DynamoDB::Table, Properties: {x: 1}}\n"
    text += "Outputs: {T: {Value: !Ref T}}\n"
    with pytest.warns(TemplateWarning, match=r"t.yaml:3: T: localsqs has no AWS::DynamoDB::Table, so it is skipped"):
        stack = deploy(sqs_engine, parse(text, file="t.yaml"), stack_name="s")
    assert stack.output("T").startswith("s-T-")


def test_a_misspelt_type_gets_a_hint(sqs_engine):
    with pytest.warns(TemplateWarning, match=r"did you mean AWS::SQS::Queue\?"):
        deploy(sqs_engine, parse("Resources: {Q: {Type: AWS::SQS::Que}}"), stack_name="s")


@pytest.mark.filterwarnings("ignore::localsqs.cloudformation.TemplateWarning")
def test_an_attribute_of_what_is_not_here_is_an_error(sqs_engine):
    text = "Resources:\n  T: {Type: AWS::DynamoDB::Table}\n  Q:\n    Type: AWS::SQS::Queue\n    Properties:\n"
    text += "      QueueName: !GetAtt T.Arn\n"
    with pytest.raises(TemplateError, match=r"T.Arn has no value, since localsqs has no AWS::DynamoDB::Table") as error:
        deploy(sqs_engine, parse(text), stack_name="s")
    assert (error.value.line, error.value.resource, error.value.property) == (6, "Q", "QueueName")


def test_roles_are_skipped_without_a_word(sqs_engine):
    text = "Resources: {R: {Type: AWS::IAM::Role, Properties: {A: {Version: 2012-10-17}}}}\n"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stack = deploy(sqs_engine, parse(f"{text}Outputs: {{A: {{Value: !GetAtt R.Arn}}}}"), stack_name="s")
    assert stack.output("A").startswith("arn:aws:iam::000000000000:role/s-R-")


def test_transforms_that_are_not_here(sqs_engine):
    with pytest.raises(TemplateError, match="the transform Mine is not supported"):
        deploy(sqs_engine, parse("Transform: [Mine]\nResources: {Q: {Type: AWS::SQS::Queue}}"), stack_name="s")


# --- boto3's calls ----------------------------------------------------------------------------------------------------


def test_create_and_describe(cloudformation_client, sqs_clock):
    created_at = sqs_clock.now()
    stack_id = cloudformation_client.create_stack(
        StackName="shop",
        TemplateBody=ORDERS,
        Parameters=[{"ParameterKey": "VisibilityTimeout", "ParameterValue": "45"}],
        Tags=[{"Key": "a", "Value": "b"}],
    )["StackId"]
    assert stack_id.startswith("arn:aws:cloudformation:us-east-1:000000000000:stack/shop/")
    cloudformation_client.get_waiter("stack_create_complete").wait(StackName="shop")
    (stack,) = cloudformation_client.describe_stacks(StackName="shop")["Stacks"]
    assert stack["StackId"] == stack_id
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["CreationTime"] == created_at
    assert stack["Description"] == "A queue with its dead-letter queue"
    assert stack["Parameters"] == [{"ParameterKey": "VisibilityTimeout", "ParameterValue": "45"}]
    assert stack["Tags"] == [{"Key": "a", "Value": "b"}]
    (output,) = stack["Outputs"]
    assert output["OutputKey"] == "QueueUrl"
    assert output["Description"] == "Where orders go"
    resources = cloudformation_client.describe_stack_resources(StackName="shop")["StackResources"]
    assert [(each["LogicalResourceId"], each["ResourceStatus"]) for each in resources] == [
        ("OrdersDead", "CREATE_COMPLETE"),
        ("Orders", "CREATE_COMPLETE"),
    ]
    assert resources[1]["PhysicalResourceId"] == output["OutputValue"]
    one = cloudformation_client.describe_stack_resource(StackName="shop", LogicalResourceId="Orders")
    assert one["StackResourceDetail"]["ResourceType"] == "AWS::SQS::Queue"
    listed = cloudformation_client.list_stack_resources(StackName="shop")["StackResourceSummaries"]
    assert [each["LogicalResourceId"] for each in listed] == ["OrdersDead", "Orders"]


def test_events_tell_the_story_newest_first(cloudformation_client):
    cloudformation_client.create_stack(StackName="shop", TemplateBody=ORDERS)
    events = cloudformation_client.describe_stack_events(StackName="shop")["StackEvents"]
    assert [(event["LogicalResourceId"], event["ResourceStatus"]) for event in reversed(events)] == [
        ("shop", "CREATE_IN_PROGRESS"),
        ("OrdersDead", "CREATE_IN_PROGRESS"),
        ("OrdersDead", "CREATE_COMPLETE"),
        ("Orders", "CREATE_IN_PROGRESS"),
        ("Orders", "CREATE_COMPLETE"),
        ("shop", "CREATE_COMPLETE"),
    ]


@pytest.mark.parametrize(
    ("options", "status", "kept"),
    [
        ({}, "ROLLBACK_COMPLETE", 0),
        ({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED", 1),
        ({"DisableRollback": True}, "CREATE_FAILED", 1),
    ],
)
def test_a_resource_that_fails_rolls_back(cloudformation_client, sqs, options, status, kept):
    broken = ORDERS.replace("VisibilityTimeout: !Ref", "VisibilityTimeoutSeconds: !Ref")
    cloudformation_client.create_stack(StackName="shop", TemplateBody=broken, **options)
    (stack,) = cloudformation_client.describe_stacks(StackName="shop")["Stacks"]
    assert stack["StackStatus"] == status
    assert len(queue_names(sqs)) == kept
    events = cloudformation_client.describe_stack_events(StackName="shop")["StackEvents"]
    (failed,) = [event for event in events if event["ResourceStatus"] == "CREATE_FAILED" and "Orders" in str(event)][
        -1:
    ]
    assert failed["LogicalResourceId"] == "Orders"
    assert "did you mean VisibilityTimeout?" in failed["ResourceStatusReason"]
    with pytest.raises(errors.WaiterError, match="terminal failure"):
        cloudformation_client.get_waiter("stack_create_complete").wait(StackName="shop")
    with pytest.raises(errors.ClientError, match=f"is in {status} state and can not be updated"):
        cloudformation_client.update_stack(StackName="shop", TemplateBody=ORDERS)
    cloudformation_client.delete_stack(StackName="shop")
    assert queue_names(sqs) == []


def test_on_failure_delete(cloudformation_client, sqs):
    broken = ORDERS.replace("maxReceiveCount: 3", "maxReceiveCount: 0")
    stack_id = cloudformation_client.create_stack(StackName="shop", TemplateBody=broken, OnFailure="DELETE")["StackId"]
    assert queue_names(sqs) == []
    assert cloudformation_client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"


def test_update(cloudformation_client, sqs):
    cloudformation_client.create_stack(StackName="shop", TemplateBody=ORDERS)
    parameters = [{"ParameterKey": "VisibilityTimeout", "ParameterValue": "10"}]
    cloudformation_client.update_stack(StackName="shop", UsePreviousTemplate=True, Parameters=parameters)
    cloudformation_client.get_waiter("stack_update_complete").wait(StackName="shop")
    (stack,) = cloudformation_client.describe_stacks(StackName="shop")["Stacks"]
    assert queue_attributes(sqs, stack["Outputs"][0]["OutputValue"])["VisibilityTimeout"] == "10"
    same = [{"ParameterKey": "VisibilityTimeout", "UsePreviousValue": True}]
    with pytest.raises(errors.ClientError) as error:
        cloudformation_client.update_stack(StackName="shop", UsePreviousTemplate=True, Parameters=same)
    assert error.value.response["Error"]["Code"] == "ValidationError"
    assert error.value.response["Error"]["Message"] == "No updates are to be performed."


def test_delete_and_what_is_left_to_see(cloudformation_client, sqs):
    stack_id = cloudformation_client.create_stack(StackName="shop", TemplateBody=ORDERS)["StackId"]
    cloudformation_client.delete_stack(StackName="shop")
    cloudformation_client.delete_stack(StackName="shop")  # Twice is no error.
    cloudformation_client.get_waiter("stack_delete_complete").wait(StackName="shop")
    assert queue_names(sqs) == []
    with pytest.raises(errors.ClientError, match="Stack with id shop does not exist"):
        cloudformation_client.describe_stacks(StackName="shop")
    assert cloudformation_client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
    assert cloudformation_client.describe_stacks()["Stacks"] == []
    listed = cloudformation_client.list_stacks(StackStatusFilter=["DELETE_COMPLETE"])["StackSummaries"]
    assert [summary["StackName"] for summary in listed] == ["shop"]
    cloudformation_client.create_stack(StackName="shop", TemplateBody=ORDERS)  # The name is free again.


def test_names_and_protection(cloudformation_client):
    cloudformation_client.create_stack(StackName="shop", TemplateBody=ORDERS, EnableTerminationProtection=True)
    with pytest.raises(cloudformation_client.exceptions.AlreadyExistsException, match=r"Stack \[shop\] already exists"):
        cloudformation_client.create_stack(StackName="shop", TemplateBody=ORDERS)
    with pytest.raises(errors.ClientError, match="TerminationProtection is enabled"):
        cloudformation_client.delete_stack(StackName="shop")


def test_regions_and_accounts_have_their_own_stacks(sqs_engine):
    here = sqs_engine.client("cloudformation")
    there = sqs_engine.client("cloudformation", region_name="eu-west-1")
    here.create_stack(StackName="shop", TemplateBody=ORDERS)
    there.create_stack(StackName="shop", TemplateBody=ORDERS)
    assert len(here.describe_stacks()["Stacks"]) == 1
    assert ":eu-west-1:" in there.describe_stacks()["Stacks"][0]["StackId"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("Resources: {}", "Template format error: At least one Resources member must be defined."),
        ("a: [", "Template format error: YAML not well-formed."),
        (ORDERS.replace("OrdersDead.Arn", "Orders.Arn"), "Circular dependency between resources: [Orders]"),
    ],
)
def test_templates_that_are_refused_make_no_stack(cloudformation_client, body, message):
    with pytest.raises(errors.ClientError) as created:
        cloudformation_client.create_stack(StackName="s", TemplateBody=body)
    with pytest.raises(errors.ClientError) as validated:
        cloudformation_client.validate_template(TemplateBody=body)
    for error in (created.value.response["Error"], validated.value.response["Error"]):
        assert error["Code"] == "ValidationError"
        assert message in error["Message"]
    assert cloudformation_client.describe_stacks()["Stacks"] == []


def test_calls_without_a_template(cloudformation_client):
    with pytest.raises(errors.ClientError, match="Either Template URL or Template Body must be specified"):
        cloudformation_client.create_stack(StackName="s")
    with pytest.raises(errors.ClientError, match="localsqs reads no TemplateURL"):
        cloudformation_client.create_stack(StackName="s", TemplateURL="https://x/y")
    with pytest.raises(errors.ParamValidationError, match="StackName"):
        cloudformation_client.create_stack(TemplateBody=ORDERS)


def test_validate_and_get_template(cloudformation_client):
    answer = cloudformation_client.validate_template(TemplateBody=ORDERS)
    assert answer["Parameters"] == [{"ParameterKey": "VisibilityTimeout", "DefaultValue": "300", "NoEcho": False}]
    assert answer["Description"] == "A queue with its dead-letter queue"
    cloudformation_client.create_stack(StackName="shop", TemplateBody=ORDERS)
    assert cloudformation_client.get_template(StackName="shop")["TemplateBody"] == ORDERS
    body = cloudformation_client.get_template(StackName="shop", TemplateStage="Processed")["TemplateBody"]
    assert body["Resources"]["Orders"]["Type"] == "AWS::SQS::Queue"


def test_secrets_are_not_echoed(cloudformation_client):
    text = "Parameters: {P: {Type: String, NoEcho: true}}\nResources: {Q: {Type: AWS::SQS::Queue}}"
    secret = [{"ParameterKey": "P", "ParameterValue": "secret"}]
    cloudformation_client.create_stack(StackName="s", TemplateBody=text, Parameters=secret)
    assert "secret" not in str(cloudformation_client.describe_stacks())


# --- Exports ----------------------------------------------------------------------------------------------------------

EXPORTER = "Resources: {Q: {Type: AWS::SQS::Queue}}\nOutputs: {A: {Value: !GetAtt Q.Arn, Export: {Name: dead-arn}}}"
IMPORTER = """
Resources:
  Q:
    Type: AWS::SQS::Queue
    Properties:
      RedrivePolicy: {deadLetterTargetArn: !ImportValue dead-arn, maxReceiveCount: 1}
"""


def test_exports_and_imports(cloudformation_client):
    with pytest.raises(errors.ClientError, match="Stack with id in does not exist"):
        cloudformation_client.describe_stacks(StackName="in")
    cloudformation_client.create_stack(StackName="out", TemplateBody=EXPORTER)
    (export,) = cloudformation_client.list_exports()["Exports"]
    assert export["Name"] == "dead-arn"
    cloudformation_client.create_stack(StackName="in", TemplateBody=IMPORTER)
    assert cloudformation_client.list_imports(ExportName="dead-arn")["Imports"] == ["in"]
    cloudformation_client.create_stack(StackName="again", TemplateBody=EXPORTER)
    assert cloudformation_client.describe_stacks(StackName="again")["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    cloudformation_client.delete_stack(StackName="out")
    (stack,) = cloudformation_client.describe_stacks(StackName="out")["Stacks"]
    assert stack["StackStatus"] == "DELETE_FAILED"
    assert stack["StackStatusReason"] == "Export dead-arn cannot be deleted as it is in use by in"
    cloudformation_client.delete_stack(StackName="in")
    cloudformation_client.delete_stack(StackName="out")
    assert cloudformation_client.list_exports()["Exports"] == []


def test_an_import_of_nothing_fails_the_resource(cloudformation_client):
    cloudformation_client.create_stack(StackName="in", TemplateBody=IMPORTER)
    (stack,) = cloudformation_client.describe_stacks(StackName="in")["Stacks"]
    assert (stack["StackStatus"], stack["StackStatusReason"]) == (
        "ROLLBACK_COMPLETE",
        "No export named dead-arn found.",
    )


def test_equal_seeds_make_equal_stacks():
    from localsqs import Engine, ManualClock

    engines = [Engine(clock=ManualClock(), seed=5) for _ in range(2)]
    answers = [engine.client("cloudformation").create_stack(StackName="s", TemplateBody=ORDERS) for engine in engines]
    assert answers[0] == answers[1]
    assert engines[0].client("sqs").list_queues()["QueueUrls"] == engines[1].client("sqs").list_queues()["QueueUrls"]
