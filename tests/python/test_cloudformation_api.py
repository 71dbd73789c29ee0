"""CloudFormation's API beside botocore: the table of operations, and boto3 itself by way of mock()."""

from __future__ import annotations

import pytest
from service_models import differences, error_differences, page_differences

import localsqs
from localsqs import ManualClock
from localsqs.cloudformation.model import MODEL

pytest.importorskip("yaml")
boto3 = pytest.importorskip("boto3")

TEMPLATE = """\
Description: One queue
Parameters: {Delay: {Type: Number, Default: 3, Description: seconds}}
Resources: {Orders: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: !Ref Delay}}}
Outputs: {Url: {Value: !Ref Orders, Export: {Name: orders-url}}}
"""


def test_the_table_is_that_of_botocore():
    assert differences(MODEL) == []
    assert error_differences(MODEL) == []
    assert page_differences(MODEL) == []


@pytest.fixture
def engine():
    with localsqs.mock(services=["sqs", "cloudformation"], clock=ManualClock(), seed=1) as engine:
        yield engine


@pytest.fixture
def client(engine):
    return boto3.client("cloudformation", region_name="us-east-1")


def test_boto3_through_the_life_of_a_stack(client, engine):
    stack_id = client.create_stack(StackName="shop", TemplateBody=TEMPLATE)["StackId"]
    client.get_waiter("stack_create_complete").wait(StackName="shop")
    client.get_waiter("stack_exists").wait(StackName="shop")
    (stack,) = client.describe_stacks(StackName=stack_id)["Stacks"]
    url = stack["Outputs"][0]["OutputValue"]
    sqs = boto3.client("sqs", region_name="us-east-1")
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"] == {
        "DelaySeconds": "3"
    }

    parameters = [{"ParameterKey": "Delay", "ParameterValue": "4"}]
    client.update_stack(StackName="shop", UsePreviousTemplate=True, Parameters=parameters)
    client.get_waiter("stack_update_complete").wait(StackName="shop")
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["DelaySeconds"])["Attributes"] == {
        "DelaySeconds": "4"
    }

    events = [
        event
        for page in client.get_paginator("describe_stack_events").paginate(StackName="shop")
        for event in page["StackEvents"]
    ]
    assert events[0]["ResourceStatus"] == "UPDATE_COMPLETE"
    assert [each["Name"] for each in client.list_exports()["Exports"]] == ["orders-url"]
    assert client.validate_template(TemplateBody=TEMPLATE)["Parameters"][0]["DefaultValue"] == "3"
    assert client.get_template(StackName="shop")["TemplateBody"] == TEMPLATE
    client.delete_stack(StackName="shop")
    client.get_waiter("stack_delete_complete").wait(StackName="shop")
    assert sqs.list_queues().get("QueueUrls") is None


def test_boto3_gets_its_errors(client):
    client.create_stack(StackName="shop", TemplateBody=TEMPLATE)
    with pytest.raises(client.exceptions.AlreadyExistsException):
        client.create_stack(StackName="shop", TemplateBody=TEMPLATE)
    with pytest.raises(client.exceptions.ClientError) as error:
        client.create_stack(StackName="other", TemplateBody="Resources: {}")
    assert error.value.response["Error"] == {
        "Code": "ValidationError",
        "Message": "Template format error: At least one Resources member must be defined.",
        "Type": "Sender",
    }


def test_boto3s_resource_works_too(engine):
    cloudformation = boto3.resource("cloudformation", region_name="us-east-1")
    stack = cloudformation.create_stack(StackName="shop", TemplateBody=TEMPLATE)
    assert stack.stack_status == "CREATE_COMPLETE"
    assert [summary.logical_resource_id for summary in stack.resource_summaries.all()] == ["Orders"]
    stack.delete()


@pytest.mark.parametrize(
    "operation",
    ["describe_stacks", "list_stacks", "list_stack_resources", "describe_stack_events", "list_exports", "list_imports"],
)
def test_native_paginators(operation):
    with localsqs.Engine(clock=ManualClock(), seed=1) as engine:
        client = engine.client("cloudformation")
        client.create_stack(StackName="a", TemplateBody=TEMPLATE)
        importer = (
            "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {Tags: [{Key: u, Value: !ImportValue orders-url}]}}}"
        )
        client.create_stack(StackName="b", TemplateBody=importer)
        arguments = {
            "list_stack_resources": {"StackName": "a"},
            "describe_stack_events": {"StackName": "a"},
            "list_imports": {"ExportName": "orders-url"},
        }.get(operation, {})
        (page,) = client.get_paginator(operation).paginate(**arguments)
        assert any(isinstance(value, list) and value for value in page.values())


def test_many_events_come_in_pages():
    with localsqs.Engine(clock=ManualClock(), seed=1) as engine:
        client = engine.client("cloudformation")
        queues = "".join(f"  Q{number}: {{Type: AWS::SQS::Queue}}\n" for number in range(60))
        client.create_stack(StackName="a", TemplateBody=f"Resources:\n{queues}")
        pages = list(client.get_paginator("describe_stack_events").paginate(StackName="a"))
        assert [len(page["StackEvents"]) for page in pages] == [100, 22]
        with pytest.raises(localsqs.errors.ClientError, match="Invalid NextToken"):
            client.describe_stack_events(StackName="a", NextToken="x")
