"""Intrinsic functions, parameters, conditions, the order of resources; with AWS's texts for what is wrong."""

from __future__ import annotations

import base64
import json

import pytest

from localsqs.cloudformation import TemplateError, deploy
from localsqs.cloudformation.template import parse

pytest.importorskip("yaml")

HEAD = """
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Stage: {Type: String, Default: prod}
  Names: {Type: CommaDelimitedList, Default: "tea, cups"}
Mappings:
  Times: {prod: {visibility: 300}, dev: {visibility: 5}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Not [!Condition IsProd]
Resources:
  Orders: {Type: AWS::SQS::Queue, Properties: {QueueName: orders}}
"""


def output_of(engine, value, **parameters):
    """What an output with this value comes to."""
    template = parse(f"{HEAD}Outputs: {{It: {{Value: {value}}}}}\n")
    return deploy(engine, template, stack_name="shop", parameters=parameters).output("It")


URL = "https://sqs.us-east-1.amazonaws.com/000000000000/orders"
ARN = "arn:aws:sqs:us-east-1:000000000000:orders"


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("!Ref Orders", URL),
        ("!Ref Stage", "prod"),
        ("!GetAtt Orders.Arn", ARN),
        ("!GetAtt Orders.QueueName", "orders"),
        ("!GetAtt Orders.QueueUrl", URL),
        ("{'Fn::GetAtt': [Orders, !Sub 'A${Rest}']}", None),
        ("!Sub '${Orders}/${Orders.Arn}/${Stage}/${!Literal}'", f"{URL}/{ARN}/prod/${{Literal}}"),
        ("!Sub ['${x}-${Stage}', {x: !GetAtt Orders.QueueName}]", "orders-prod"),
        ("!Sub '${AWS::Region} ${AWS::AccountId} ${AWS::StackName}'", "us-east-1 000000000000 shop"),
        ("!Sub '${AWS::Partition} ${AWS::URLSuffix}'", "aws amazonaws.com"),
        ("!Join [':', [a, 1, true, !Ref Stage]]", "a:1:true:prod"),
        ("!Join ['+', !Ref Names]", "tea+cups"),
        ("!Select [1, !Ref Names]", "cups"),
        ("!Select ['0', [a, b]]", "a"),
        ("!Select [4, !Split [':', !GetAtt Orders.Arn]]", "000000000000"),
        ("!If [IsProd, yes, no]", "yes"),
        ("!If [IsDev, !Ref Orders, other]", "other"),
        ("!FindInMap [Times, !Ref Stage, visibility]", "300"),
        ("{'Fn::FindInMap': [Times, test, visibility, {DefaultValue: 60}]}", "60"),
        ("{'Fn::Base64': !Sub '${Stage}'}", base64.b64encode(b"prod").decode()),
        ("!Select [2, !GetAZs '']", "us-east-1c"),
        ("!Select [0, !GetAZs eu-west-1]", "eu-west-1a"),
        ("{'Fn::Length': !Ref Names}", "2"),
        ("{'Fn::ToJsonString': {a: [1, !Ref Stage]}}", '{"a":[1,"prod"]}'),
        ("012345678901", "012345678901"),
        ("2012-10-17", "2012-10-17"),
    ],
)
def test_functions(sqs_engine, value, result):
    if result is None:
        with pytest.raises(TemplateError, match="Unresolved resource dependencies"):
            output_of(sqs_engine, value)
        return
    assert output_of(sqs_engine, value) == result


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "!GetAtt Orders",
            "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the "
            "resource attribute",
        ),
        (
            "!GetAtt [Orders, '']",
            "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the "
            "resource attribute",
        ),
        (
            "!GetAtt Orders.Ann",
            "Template error: resource Orders does not support attribute type Ann in Fn::GetAtt",
        ),
        (
            "!Select [x, [a]]",
            "Template error: Fn::Select requires a list argument with two elements: an integer index and a list",
        ),
        (
            "!Select [0, a]",
            "Template error: Fn::Select requires a list argument with two elements: an integer index and a list",
        ),
        ("!Select [2, [a, b]]", "Template error: Fn::Select cannot select nonexistent value at index 2"),
        (
            "!Join [a]",
            "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of "
            "strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.",
        ),
        (
            "!Join ['-', text]",
            "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of "
            "strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.",
        ),
        ("!FindInMap [Times, test, visibility]", "Template error: Unable to get mapping for Times::test::visibility"),
        ("!If [Nobody, a, b]", "Template error: unresolved condition dependency Nobody in Fn::If"),
        ("!If [IsProd, a]", "Template error: Fn::If requires a list argument with three elements"),
        ("!ImportValue nothing", "No export named nothing found."),
        (
            "!Ref Ordres",
            "Template format error: Unresolved resource dependencies [Ordres] in the Outputs block of the template",
        ),
        (
            "!Sub '${Nobody.Arn}'",
            "Template format error: Unresolved resource dependencies [Nobody] in the Outputs block of the template",
        ),
        ("{Ref: [a]}", "Template error: every Ref object must have a single String value."),
        ("!Sub [a, b]", "One or more Fn::Sub intrinsic functions don't specify expected arguments"),
        ("!Split ['', a]", "Template error: every Fn::Split object requires two parameters"),
        ("{'Fn::Foo': x}", "Template error: Encountered unsupported function: Fn::Foo"),
        ("{'Fn::Sub': x, Other: y}", "Fn::Sub must be the only key of its object"),
        ("{'Fn::Length': text}", "Template error: Fn::Length requires a list"),
        ("[a, b]", "The Value field of every Outputs member must evaluate to a String."),
        ("!Ref AWS::NoValue", "The Value field of every Outputs member must evaluate to a String."),
    ],
)
def test_what_functions_refuse(sqs_engine, value, message):
    with pytest.raises(TemplateError) as error:
        output_of(sqs_engine, value)
    assert message in error.value.message
    assert error.value.line == 13
    assert sqs_engine.client("sqs").list_queues().get("QueueUrls") is None, "what was made must go again"


def test_a_name_that_is_nearly_right_gets_a_hint(sqs_engine):
    with pytest.raises(TemplateError) as error:
        output_of(sqs_engine, "!Ref Ordres")
    assert str(error.value).endswith("; did you mean Orders?")


# --- Parameters -------------------------------------------------------------------------------------------------------


def value_of(engine, declaration, **passed):
    text = f"Parameters: {{P: {declaration}}}\nResources: {{Q: {{Type: AWS::SQS::Queue}}}}\n"
    template = parse(f"{text}Outputs: {{It: {{Value: !Join ['|', [!Ref P]]}}}}\n")
    return deploy(engine, template, stack_name="s", parameters=passed).output("It")


@pytest.mark.parametrize(
    ("declaration", "passed", "value"),
    [
        ("{Type: String, Default: 2012-10-17}", {}, "2012-10-17"),
        ("{Type: String, Default: 012}", {}, "012"),
        ("{Type: String}", {"P": True}, "true"),
        ("{Type: Number, Default: 5}", {}, "5"),
        ("{Type: Number, MinValue: 1, MaxValue: 9}", {"P": "9"}, "9"),
        ("{Type: String, AllowedValues: [a, b]}", {"P": "b"}, "b"),
        ("{Type: String, AllowedPattern: '[a-z]+'}", {"P": "abc"}, "abc"),
        ("{Type: String, MinLength: 2, MaxLength: 2}", {"P": "ab"}, "ab"),
        ("{Type: 'AWS::EC2::VPC::Id'}", {"P": "vpc-1"}, "vpc-1"),
    ],
)
def test_parameters(sqs_engine, declaration, passed, value):
    assert value_of(sqs_engine, declaration, **passed) == value


@pytest.mark.parametrize(
    ("declaration", "passed", "message"),
    [
        ("{Type: String}", {}, "Parameters: [P] must have values"),
        ("{Type: String, Default: a}", {"Q": 1}, "Parameters: [Q] do not exist in the template"),
        ("{Type: String, AllowedValues: [a, b]}", {"P": "c"}, "Parameter 'P' must be one of AllowedValues: [a, b]"),
        ("{Type: String, AllowedPattern: '[a-z]+'}", {"P": "A"}, "Parameter 'P' must match pattern [a-z]+"),
        (
            "{Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: must be small}",
            {"P": "A"},
            "Parameter 'P' must be small",
        ),
        ("{Type: Number, MinValue: 2}", {"P": 1}, "Parameter 'P' must be a number not less than 2"),
        ("{Type: Number, MaxValue: 2}", {"P": 3}, "Parameter 'P' must be a number not greater than 2"),
        ("{Type: Number}", {"P": "x"}, "Parameter 'P' must be a number, not 'x'"),
        ("{Type: List<Number>}", {"P": "1,x"}, "Parameter 'P' must be a number, not 'x'"),
        ("{Type: String, MinLength: 2}", {"P": "a"}, "Parameter 'P' must contain at least 2 characters"),
        ("{Type: String, MaxLength: 2}", {"P": "abc"}, "Parameter 'P' must contain at most 2 characters"),
        ("{Default: a}", {}, "Every Parameters object must contain a Type member."),
        ("{Type: Text}", {"P": ""}, "Unrecognized parameter type: Text"),
        ("{Type: String, Defalt: a}", {"P": ""}, "Invalid template parameter property 'Defalt'"),
        ("{Type: String, Default: {a: 1}}", {}, "Every Default member must be a string."),
        ("{Type: 'AWS::SSM::Parameter::Value<String>', Default: /a}", {}, "needs Systems Manager"),
    ],
)
def test_what_parameters_refuse(sqs_engine, declaration, passed, message):
    with pytest.raises(TemplateError) as error:
        value_of(sqs_engine, declaration, **passed)
    assert message in error.value.message


# --- Conditions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("!Equals [a, a]", True),
        ("!Equals [1, '1']", True),
        ("!Equals [true, 'true']", True),
        ("!Equals [[a], [a]]", True),
        ("!And [!Equals [a, a], !Equals [a, b]]", False),
        ("!Or [!Equals [a, a], !Equals [a, b]]", True),
        ("!Not [!Equals [a, a]]", False),
        ("{Condition: Other}", True),
        ("!Not [{Condition: Other}]", False),
        ("!Equals [!Ref AWS::Region, us-east-1]", True),
    ],
)
def test_conditions(sqs_engine, condition, holds):
    text = f"Conditions: {{C: {condition}, Other: !Equals [x, x]}}\n"
    resources = "Resources: {A: {Type: AWS::SQS::Queue}, B: {Type: AWS::SQS::Queue, Condition: C}}\n"
    stack = deploy(sqs_engine, parse(text + resources), stack_name="s")
    assert ("B" in stack.resources) is holds


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("!Not [!Condition C]", "Circular dependency between conditions: [C]"),
        ("!Equals [!Ref A, x]", "Unresolved dependencies [A]. Cannot reference resources in the Conditions block"),
        ("!Equals [a]", "every Fn::Equals object requires a list of 2 string parameters."),
        ("!And [!Equals [a, a]]", "every Fn::And object requires a list of at least 2 and at most 10 boolean"),
        ("!Not [!Equals [a, a], !Equals [a, a]]", "every Fn::Not object requires one boolean parameter."),
        ("maybe", "Conditions can only be boolean operations on parameters and other conditions"),
        ("{Condition: Nobody}", "unresolved condition dependency Nobody"),
    ],
)
def test_what_conditions_refuse(sqs_engine, condition, message):
    text = f"Conditions: {{C: {condition}}}\nResources: {{A: {{Type: AWS::SQS::Queue, Condition: C}}}}\n"
    with pytest.raises(TemplateError) as error:
        deploy(sqs_engine, parse(text), stack_name="s")
    assert message in error.value.message


def test_an_unknown_condition_of_a_resource(sqs_engine):
    with pytest.raises(TemplateError, match=r"Unresolved condition dependency \[C\] in the Resources block") as error:
        deploy(sqs_engine, parse("Resources:\n  A:\n    Type: X\n    Condition: C\n"), stack_name="s")
    assert error.value.line == 4


# --- Order ------------------------------------------------------------------------------------------------------------


def order_of(engine, resources):
    stack = deploy(engine, parse(json.dumps({"Resources": resources})), stack_name="s")
    return list(stack.resources)


def queue(**more):
    return {"Type": "AWS::SQS::Queue", **more}


def redrive_to(name):
    policy = {"deadLetterTargetArn": {"Fn::GetAtt": [name, "Arn"]}, "maxReceiveCount": 3}
    return {"Properties": {"RedrivePolicy": policy}}


@pytest.mark.parametrize(
    ("resources", "order"),
    [
        ({"A": queue(), "B": queue(), "C": queue()}, ["A", "B", "C"]),
        ({"A": queue(**redrive_to("B")), "B": queue()}, ["B", "A"]),
        ({"A": queue(DependsOn="C"), "B": queue(), "C": queue(DependsOn=["B"])}, ["B", "C", "A"]),
        ({"A": queue(Properties={"QueueName": {"Fn::Sub": "x${B.QueueName}"}}), "B": queue()}, ["B", "A"]),
    ],
)
def test_each_resource_comes_after_what_it_needs(sqs_engine, resources, order):
    assert order_of(sqs_engine, resources) == order


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        (
            {"A": queue(**redrive_to("B")), "B": queue(**redrive_to("A"))},
            "Circular dependency between resources: [A, B]",
        ),
        ({"A": queue(DependsOn="A")}, "Circular dependency between resources: [A]"),
        (
            {"Z": queue(**redrive_to("A")), "A": queue(DependsOn="B"), "B": queue(DependsOn="A")},
            "Circular dependency between resources: [A, B]",
        ),
        (
            {"A": queue(**redrive_to("X"))},
            "Template format error: Unresolved resource dependencies [X] in the Resources block of the template",
        ),
        (
            {"A": queue(DependsOn="X")},
            "Template format error: Unresolved resource dependencies [X] in the Resources block of the template",
        ),
    ],
)
def test_circles_and_unknown_names(sqs_engine, resources, message):
    with pytest.raises(TemplateError) as error:
        order_of(sqs_engine, resources)
    assert error.value.message == message


def test_only_the_branch_that_is_taken_counts(sqs_engine):
    resources = {
        "A": queue(Properties={"QueueName": {"Fn::If": ["No", {"Ref": "Gone"}, "a"]}}),
        "Gone": queue(Condition="No"),
        "B": queue(DependsOn="Gone"),
    }
    body = {"Conditions": {"No": {"Fn::Equals": ["a", "b"]}}, "Resources": resources}
    stack = deploy(sqs_engine, parse(json.dumps(body)), stack_name="s")
    assert list(stack.resources) == ["A", "B"]
