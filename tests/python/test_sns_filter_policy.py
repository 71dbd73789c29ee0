"""Filter policies: what passes, and what is no policy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localsqs.sns.filter_policy import FilterPolicy, FilterPolicyError


def string(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def number(value: str) -> dict[str, str]:
    return {"DataType": "Number", "StringValue": value}


def array(*values: Any) -> dict[str, str]:
    return {"DataType": "String.Array", "StringValue": json.dumps(values)}


@pytest.mark.parametrize(
    ("policy", "attributes", "passes"),
    [
        ({}, {}, True),
        ({"a": ["x"]}, {"a": string("x")}, True),
        ({"a": ["x"]}, {"a": string("y")}, False),
        ({"a": ["x"]}, {}, False),
        ({"a": ["x", "y"]}, {"a": string("y")}, True),
        ({"a": ["x"], "b": ["y"]}, {"a": string("x"), "b": string("y")}, True),
        ({"a": ["x"], "b": ["y"]}, {"a": string("x")}, False),
        ({"a": [{"prefix": "or"}]}, {"a": string("order")}, True),
        ({"a": [{"suffix": "er"}]}, {"a": string("order")}, True),
        ({"a": [{"equals-ignore-case": "ORDER"}]}, {"a": string("order")}, True),
        ({"a": [{"anything-but": "x"}]}, {"a": string("y")}, True),
        ({"a": [{"anything-but": ["x", "y"]}]}, {"a": string("y")}, False),
        ({"a": [{"anything-but": {"prefix": "or"}}]}, {"a": string("order")}, False),
        ({"a": [{"anything-but": "x"}]}, {}, False),
        ({"a": [{"exists": True}]}, {"a": string("x")}, True),
        ({"a": [{"exists": True}]}, {}, False),
        ({"a": [{"exists": False}]}, {}, True),
        ({"a": [{"exists": False}]}, {"a": string("x")}, False),
        ({"a": [{"numeric": ["=", 100]}]}, {"a": number("1e2")}, True),
        ({"a": [{"numeric": [">", 0, "<=", 5]}]}, {"a": number("5")}, True),
        ({"a": [{"numeric": [">", 0, "<", 5]}]}, {"a": number("5")}, False),
        ({"a": [100]}, {"a": number("100.0")}, True),
        ({"a": ["100"]}, {"a": number("100")}, False),
        ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": string("10.0.0.255")}, True),
        ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": string("10.0.1.0")}, False),
        ({"a": ["x"]}, {"a": array("w", "x")}, True),
        ({"a": [True, None]}, {"a": array(1, None)}, True),
        ({"a": ["x"]}, {"a": array("w")}, False),
        ({"a": ["x"]}, {"a": {"DataType": "Binary", "BinaryValue": b"x"}}, False),
        ({"a": [{"exists": False}]}, {"a": {"DataType": "Binary", "BinaryValue": b"x"}}, True),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"b": string("y")}, True),
        ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"a": string("y")}, False),
    ],
)
def test_message_attributes(policy, attributes, passes):
    assert FilterPolicy(json.dumps(policy), "MessageAttributes").matches("text", attributes) is passes


@pytest.mark.parametrize(
    ("policy", "body", "passes"),
    [
        ({"a": ["x"]}, {"a": "x"}, True),
        ({"a": ["x"]}, {"a": ["w", "x"]}, True),
        ({"a": {"b": [1]}}, {"a": {"b": 1.0}}, True),
        ({"a": {"b": [1]}}, {"a": [{"b": 2}, {"b": 1}]}, True),
        ({"a": {"b": [{"exists": False}]}}, {"a": {}}, True),
        ({"a": [None]}, {"a": None}, True),
        ({}, {"a": 1}, True),
        ({"a": ["x"]}, ["a", "x"], False),
        ({"a": ["x"]}, "no object", False),
    ],
)
def test_message_body(policy, body, passes):
    assert FilterPolicy(json.dumps(policy), "MessageBody").matches(json.dumps(body), {}) is passes


def test_a_body_that_is_no_json_does_not_pass():
    assert not FilterPolicy('{"a":["x"]}', "MessageBody").matches("{", {})


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ("{", "failed to parse JSON."),
        ("[]", "failed to parse JSON."),
        ({"a": []}, "Empty arrays are not allowed"),
        ({"a": "x"}, '"a" must be an object or an array'),
        ({"a": [{"wildcard": "*"}]}, "Unrecognized match type wildcard"),
        ({"a": [{"prefix": "a", "suffix": "b"}]}, "Only one key allowed in match expression"),
        ({"a": [["x"]]}, "Match value must be String, number, true, false, or null"),
        ({"a": [{"suffix": 1}]}, "suffix match pattern must be a string"),
        ({"a": [{"exists": "yes"}]}, "exists match pattern must be either true or false."),
        ({"a": [{"numeric": ["=", "x"]}]}, "Value of equals must be numeric"),
        ({"a": [{"numeric": [">", 5, "<", 5]}]}, "Bottom must be less than top"),
        ({"a": [{"anything-but": {"suffix": "x"}}]}, "Unsupported anything-but pattern: suffix"),
        ({"a": {"b": ["x"]}}, "Filter policy scope MessageAttributes does not support nested filter policy"),
        ({str(n): ["x"] for n in range(6)}, "Filter policy can not have more than 5 keys"),
        ({"a": list(range(151))}, "Filter policy is too complex"),
        ({"a": list(range(16)), "b": list(range(10))}, "Filter policy is too complex"),
    ],
)
def test_no_policy(policy, text):
    with pytest.raises(FilterPolicyError) as raised:
        FilterPolicy(policy if isinstance(policy, str) else json.dumps(policy), "MessageAttributes")
    assert str(raised.value).startswith(text)


@pytest.mark.parametrize(
    ("policy", "scope"),
    [
        ({str(n): ["x"] for n in range(5)}, "MessageAttributes"),
        ({"a": list(range(150))}, "MessageAttributes"),
        ({"a": list(range(15)), "b": list(range(10))}, "MessageAttributes"),
        ({"a": {"b": list(range(75))}}, "MessageBody"),
        ({"$or": [{"a": list(range(75))}, {"b": list(range(75))}]}, "MessageAttributes"),
    ],
)
def test_the_most_complex_policies(policy, scope):
    FilterPolicy(json.dumps(policy), scope)


def test_what_is_too_deep_does_not_pass():
    deep = '{"a":' * 900 + "1" + "}" * 900
    assert not FilterPolicy('{"a":["x"]}', "MessageBody").matches(deep, {})
    with pytest.raises(FilterPolicyError):
        FilterPolicy('{"a":' * 5000 + '["x"]' + "}" * 5000, "MessageBody")


def test_depth_counts():
    with pytest.raises(FilterPolicyError, match="too complex"):
        FilterPolicy(json.dumps({"a": {"b": list(range(76))}}), "MessageBody")
