"""Bytes that a stranger chose, for every member of every operation: an AWS or parameter error, and nothing changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import localsqs
from localsqs import _core, errors

SHAPES = _core.shapes()
METHODS = {operation: method for method, operation in _core.method_to_operation().items()}

NASTY_TEXTS = [
    "",
    "\0",
    "a\0b",
    "\x1b[31m",
    "\ud800",
    "\udfff\ud800",
    "\ufffe",
    "\u202e",
    "é" * 200,
    "🦄" * 300,
    "a" * 10_000_000,
    "%s%n{}{0}",
    "../../etc/passwd",
    "arn:aws:sqs:us-east-1:000000000000:orders:",
    "arn:" + ":" * 1000,
    "https://sqs.us-east-1.amazonaws.com/000000000000/orders/../orders",
    "http://[::1/q",
    "-1",
    "NaN",
    "1e309",
    "9223372036854775808",
    "[" * 100_000,
    '{"a":' * 50_000 + "1" + "}" * 50_000,
    '{"deadLetterTargetArn":' + "[" * 50_000,
    '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:orders","maxReceiveCount":1e999}',
    '{"Statement":[{"Effect":"Allow","Principal":' + '{"AWS":' * 10_000,
    '{"\ud800":1}',
    "AQAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAYHeE7yGJyj/",
    "=" * 1000,
]
NASTY_NUMBERS = [-1, 0, 2**31, -(2**31) - 1, 2**63 - 1, -(2**63), 2**63, 2**64, 10**400, True]
NASTY_BLOBS = [b"", b"\xff\xfe\0", bytes(range(256)), b"x" * 2_000_000]


def nasty_values(shape: dict[str, Any], good: Any) -> list[Any]:
    """Values of the right Python type that no sane caller sends."""
    kind = shape["type"]
    if kind == "string":
        return list(NASTY_TEXTS)
    if kind == "integer":
        return list(NASTY_NUMBERS)
    if kind == "blob":
        return list(NASTY_BLOBS)
    if kind == "list":
        inner = nasty_values(shape["member"], None)
        return [
            [],
            [value for value in inner if value != "a" * 10_000_000],
            *([value] for value in inner),
            [good] * 5000,
        ]
    if kind == "map":
        inner = nasty_values(shape["value"], None)
        keyed = [{text: inner[0]} for text in NASTY_TEXTS]
        known = ["RedrivePolicy", "Policy", "RedriveAllowPolicy", "DelaySeconds", "FifoQueue", "KmsMasterKeyId"]
        return [{}, *keyed, *({name: value} for value in inner for name in ("a", *known))]
    values = [{}]
    for name, member in shape["members"].items():
        base = dict.fromkeys(shape["required"], "String")
        values += [{**base, name: value} for value in nasty_values(member, None)[:40]]
    return values


class World:
    """An engine with something in it to be broken."""

    def __init__(self) -> None:
        self.engine = localsqs.Engine(clock=localsqs.ManualClock(), seed=1)
        self.sqs = self.engine.client("sqs")
        self.url = self.sqs.create_queue(QueueName="orders", tags={"a": "b"})["QueueUrl"]
        self.sqs.create_queue(QueueName="f.fifo", Attributes={"FifoQueue": "true"})
        for i in range(3):
            self.sqs.send_message(QueueUrl=self.url, MessageBody=str(i))
        self.handle = self.sqs.receive_message(QueueUrl=self.url)["Messages"][0]["ReceiptHandle"]

    def good(self, name: str, shape: dict[str, Any]) -> Any:
        known = {
            "QueueUrl": self.url,
            "QueueName": "other",
            "ReceiptHandle": self.handle,
            "SourceArn": "arn:aws:sqs:us-east-1:000000000000:orders",
            "AWSAccountIds": ["123456789012"],
            "Actions": ["SendMessage"],
            "Attributes": {"VisibilityTimeout": "7"},
        }
        if name in known:
            return known[name]
        kind = shape["type"]
        if kind == "structure":
            return {required: self.good(required, shape["members"][required]) for required in shape["required"]}
        if kind == "list":
            return [self.good("", shape["member"])]
        if kind == "map":
            return {"a": self.good("", shape["value"])}
        return {"string": "a", "integer": 1, "blob": b"a"}[kind]


def outcome(world: World, operation: str, arguments: dict[str, Any]) -> str:
    """ "refused" or "done"; anything but an answer, an AWS error or a parameter error fails the test."""
    try:
        answer = getattr(world.sqs, METHODS[operation])(**arguments)
    except errors.ParamValidationError:
        return "refused"
    except errors.ClientError as error:
        refusal = error.response
    else:
        refusal = None
    if refusal is not None:
        assert refusal["Error"]["Code"] not in ("InternalFailure", "Unknown"), refusal
        assert refusal["ResponseMetadata"]["HTTPStatusCode"] in (400, 403, 404)
        json.dumps(refusal)
        return "refused"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    return "partly" if "Failed" in answer else "done"


@pytest.mark.parametrize("operation", SHAPES)
def test_nasty_values_change_nothing_when_they_are_refused(operation):
    world = World()
    members = SHAPES[operation]["input"]["members"]
    good = {
        name: world.good(name, shape)
        for name, shape in members.items()
        if name in SHAPES[operation]["input"]["required"]
    }
    before, refused = world.engine.dump(), 0
    for name, shape in members.items():
        for value in nasty_values(shape, world.good(name, shape)):
            if outcome(world, operation, {**good, name: value}) == "refused":
                assert world.engine.dump() == before, (name, str(value)[:100])
                refused += 1
            elif world.engine.dump() != before:  # It was not so nasty: go on in a fresh world.
                world = World()
                assert world.engine.dump() == before
    assert refused


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.binary(max_size=20),
    st.text(st.characters(), max_size=20),
    st.sampled_from(NASTY_TEXTS[:10]),
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(scalars, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_anything_at_all(data):
    world = World()
    operation = data.draw(st.sampled_from(sorted(SHAPES)))
    names = [*SHAPES[operation]["input"]["members"], "Unknown"]
    arguments = data.draw(st.dictionaries(st.sampled_from(names), anything, max_size=5))
    if data.draw(st.booleans()):
        arguments["QueueUrl"] = world.url
    before = world.engine.dump()
    if outcome(world, operation, arguments) == "refused":
        assert world.engine.dump() == before


def test_a_batch_with_one_bad_entry_does_the_others_only(sqs, url, engine):
    entries = [
        {"Id": "good", "MessageBody": "a"},
        {"Id": "bad", "MessageBody": "\x00"},
        {"Id": "surrogate", "MessageBody": "\ud800"},
    ]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["good"]
    assert {entry["Id"]: entry["Code"] for entry in answer["Failed"]} == {
        "bad": "InvalidMessageContents",
        "surrogate": "InvalidMessageContents",
    }
    assert engine.history().kinds() == ["QueueCreated", "Sent"]


def test_text_that_is_no_utf_8_comes_back_as_it_was(sqs, url):
    value = "a\ud800b"
    with pytest.raises(errors.ClientError) as raised:
        sqs.remove_permission(QueueUrl=url, Label=value)
    assert value in raised.value.response["Error"]["Message"]


def test_ten_megabytes_are_refused_without_a_trace(engine, sqs, url):
    before = engine.dump()
    with pytest.raises(errors.ClientError) as raised:
        sqs.send_message(QueueUrl=url, MessageBody="a" * 10_000_000)
    assert raised.value.response["Error"]["Code"] == "InvalidParameterValue"
    assert engine.dump() == before
