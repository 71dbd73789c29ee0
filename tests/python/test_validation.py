"""Parameter errors, word for word botocore's, and the hint beside them."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import Any

import pytest

from localsqs import _core, errors

SHAPES = _core.shapes()
METHODS = {operation: method for method, operation in _core.method_to_operation().items()}


def right_value(shape: dict[str, Any]) -> Any:
    """A value of the right type."""
    kind = shape["type"]
    if kind == "structure":
        return {name: right_value(shape["members"][name]) for name in shape["required"]}
    if kind == "list":
        return [right_value(shape["member"])]
    if kind == "map":
        return {"a": right_value(shape["value"])}
    return {"string": "a", "integer": 1, "boolean": True, "blob": b"a"}[kind]


# One of each sort; botocore compares with isinstance.
WRONG_VALUES = (
    None,
    1,
    1.5,
    float("nan"),
    "text",
    b"bytes",
    True,
    [],
    ["a", 1, None],
    {},
    {1: 2},
    {"a": {}},
    (),
    object,
)


def bad_calls() -> list[Any]:
    """Calls of every operation: each member wrong in each way, all of them missing, unknown names at every depth."""
    calls: list[tuple[str, dict[str, Any]]] = []
    for operation, shape in SHAPES.items():
        right = right_value(shape["input"])
        calls.append((operation, {}))
        calls.append((operation, {**right, "Unknown": 1, "queueurl": "a"}))
        calls += [(operation, {k: v for k, v in right.items() if k != name}) for name in right]
        for name, member in shape["input"]["members"].items():
            for wrong in WRONG_VALUES:
                calls.append((operation, {**right, name: wrong}))
                calls.append((operation, {name: wrong}))
            if member["type"] == "list":
                calls += [
                    (operation, {**right, name: [right_value(member["member"]), wrong]}) for wrong in WRONG_VALUES
                ]
            if member["type"] == "map":
                calls += [(operation, {**right, name: {"k": wrong, 3: "v"}}) for wrong in WRONG_VALUES]
    attribute_values: list[Any] = [
        {},
        {"DataType": 1},
        {"StringValue": "a"},
        {"DataType": "String", "stringValue": "a"},
        {"DataType": "Binary", "BinaryValue": 1},
        {"DataType": "Binary", "BinaryValue": None, "BinaryListValues": [1, b"a", "b", None]},
        {"DataType": "String", "StringListValues": "abc"},
        {"DataType": "String", "StringListValues": [1, "a"]},
        {1: 2},
    ]
    for value in attribute_values:
        message = {"MessageBody": "a", "MessageAttributes": {"n": value}, "MessageSystemAttributes": {"s": value}}
        calls.append(("SendMessage", {"QueueUrl": "u", **message}))
        entries = [{"Id": "1", **message}, {"MessageBody": 1, "DelaySeconds": "3", "x": None}, 7]
        calls.append(("SendMessageBatch", {"QueueUrl": "u", "Entries": entries}))
    return calls


def our_report(sqs: Any, operation: str, parameters: dict[str, Any]) -> str | None:
    """The text of the parameter error, or None if there is none; the service's own errors do not count."""
    try:
        getattr(sqs, METHODS[operation])(**parameters)
    except errors.ParamValidationError as error:
        return str(error)
    except errors.ClientError:
        return None
    return None


@pytest.mark.parametrize("operation", SHAPES)
def test_reports_are_botocores_word_for_word(engine, operation):
    session = pytest.importorskip("botocore.session").get_session()
    validate = pytest.importorskip("botocore.validate")
    model = session.get_service_model("sqs").operation_model(operation).input_shape
    sqs = engine.client("sqs")
    refused = 0
    for name, parameters in bad_calls():
        if name != operation:
            continue
        report = validate.ParamValidator().validate(parameters, model)
        expected = f"Parameter validation failed:\n{report.generate_report()}" if report.has_errors() else None
        assert our_report(sqs, operation, parameters) == expected, parameters
        refused += expected is not None
    assert refused > 10


@pytest.mark.parametrize("operation", SHAPES)
def test_members_are_those_of_the_service_model(operation):
    session = pytest.importorskip("botocore.session").get_session()
    model = session.get_service_model("sqs").operation_model(operation)

    def theirs(shape: Any) -> Any:
        if shape.type_name == "structure":
            return {"required": list(shape.required_members), "members": [*map(theirs_member, shape.members.items())]}
        if shape.type_name == "list":
            return ["list", theirs(shape.member)]
        if shape.type_name == "map":
            return ["map", theirs(shape.key), theirs(shape.value)]
        return {"long": "integer"}.get(shape.type_name, shape.type_name)

    def theirs_member(item: Any) -> Any:
        return item[0], theirs(item[1])

    def ours(shape: Any) -> Any:
        if shape["type"] == "structure":
            members = [(name, ours(member)) for name, member in shape["members"].items()]
            return {"required": shape["required"], "members": members}
        if shape["type"] == "list":
            return ["list", ours(shape["member"])]
        if shape["type"] == "map":
            return ["map", ours(shape["key"]), ours(shape["value"])]
        return shape["type"]

    assert ours(SHAPES[operation]["input"]) == theirs(model.input_shape)
    output = ours(SHAPES[operation]["output"])["members"]
    expected = [] if model.output_shape is None else theirs(model.output_shape)["members"]
    assert sorted(str(strip(member)) for member in output) == sorted(str(strip(member)) for member in expected)


def strip(shape: Any) -> Any:
    """Without what answers do not say: which members are required, and their order."""
    if isinstance(shape, dict):
        return sorted(str(strip(member)) for member in shape["members"])
    return [strip(part) for part in shape] if isinstance(shape, (list, tuple)) else shape


def test_all_faults_are_reported_at_once(sqs):
    with pytest.raises(errors.ParamValidationError) as raised:
        sqs.send_message(
            MessageBody=None, DelaySeconds=3, Foo=4, MessageAttributes={"x": {"StringValue": 1, "DataTyp": "x"}}
        )
    assert str(raised.value) == (
        "Parameter validation failed:\n"
        'Missing required parameter in input: "QueueUrl"\n'
        'Unknown parameter in input: "Foo", must be one of: QueueUrl, MessageBody, DelaySeconds, MessageAttributes, '
        "MessageSystemAttributes, MessageDeduplicationId, MessageGroupId\n"
        "Invalid type for parameter MessageBody, value: None, type: <class 'NoneType'>, valid types: <class 'str'>\n"
        'Missing required parameter in MessageAttributes.x: "DataType"\n'
        'Unknown parameter in MessageAttributes.x: "DataTyp", must be one of: StringValue, BinaryValue, '
        "StringListValues, BinaryListValues, DataType\n"
        "Invalid type for parameter MessageAttributes.x.StringValue, value: 1, type: <class 'int'>, "
        "valid types: <class 'str'>"
    )


# --- Hints ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("VisibilityTimout", "VisibilityTimeout"),
        ("visibility_timeout", "VisibilityTimeout"),
        ("visibilityTimeout", "VisibilityTimeout"),
        ("WaitTimeSecond", "WaitTimeSeconds"),
        ("MaxMessages", None),
        ("Foo", None),
    ],
)
def test_a_near_name_is_hinted_at(sqs, url, name, meant):
    with pytest.raises(errors.ParamValidationError) as raised:
        sqs.receive_message(QueueUrl=url, **{name: 1})
    hint = f"Did you mean {meant}?" if meant else ""
    assert raised.value.hint == hint
    assert getattr(raised.value, "__notes__", []) == ([hint] if hint else [])
    assert "Did you mean" not in str(raised.value)


def test_hints_reach_into_batches_and_leave_out_names_already_given(sqs, url):
    with pytest.raises(errors.ParamValidationError) as raised:
        sqs.send_message_batch(
            QueueUrl=url, Entries=[{"Id": "1", "message_body": "a"}, {"ID": "2", "MessageBody": "b"}]
        )
    assert raised.value.hint == "Did you mean MessageBody and Id?"
    with pytest.raises(errors.ParamValidationError) as raised:
        sqs.send_message(QueueUrl=url, MessageBody="a", Messagebody="b")
    assert raised.value.hint == ""


@pytest.mark.skipif(sys.version_info < (3, 11), reason="notes are shown from Python 3.11 on")
def test_the_hint_is_shown_in_a_traceback(sqs, url):
    import traceback

    with pytest.raises(errors.ParamValidationError) as raised:
        sqs.receive_message(QueueUrl=url, WaitTimeSecs=1)
    assert "Did you mean WaitTimeSeconds?" in "".join(traceback.format_exception(raised.value))


# --- What passes botocore and fails at the service --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "token"),
    [(True, "TRUE_VALUE"), (False, "FALSE_VALUE"), (2**63, "NUMBER_VALUE"), (-(2**63) - 1, "NUMBER_VALUE")],
)
def test_what_is_no_integer_to_the_service(sqs, url, value, token):
    with pytest.raises(errors.ClientError) as raised:
        sqs.send_message(QueueUrl=url, MessageBody="a", DelaySeconds=value)
    assert raised.value.response["Error"]["Code"] == "MalformedInput"
    assert raised.value.response["Error"]["QueryErrorCode"] == "SerializationException"
    assert raised.value.response["Error"]["Message"] == f"{token} can not be converted to an Integer"


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), 2**31])
def test_every_64_bit_integer_reaches_the_rules(sqs, url, value):
    with pytest.raises(errors.ClientError) as raised:
        sqs.send_message(QueueUrl=url, MessageBody="a", DelaySeconds=value)
    assert raised.value.response["Error"]["Code"] == "InvalidParameterValue"


def test_botocores_complaint_comes_before_the_services(sqs, url):
    with pytest.raises(errors.ParamValidationError):
        sqs.send_message(QueueUrl=url, MessageBody=1, DelaySeconds=True)


def test_a_lone_surrogate_is_invalid_message_contents(sqs, url):
    with pytest.raises(sqs.exceptions.InvalidMessageContents):
        sqs.send_message(QueueUrl=url, MessageBody="a\ud800")


def test_an_error_while_reading_a_file_is_passed_on(engine, sqs, url):
    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise OSError("broken")

    class Strange:
        def read(self) -> int:
            return 7

    before = engine.dump()
    for value, kind in ((Broken(), OSError), (Strange(), TypeError)):
        attributes = {"a": {"DataType": "Binary", "BinaryValue": value}}
        with pytest.raises(kind):
            sqs.send_message(QueueUrl=url, MessageBody="a", MessageAttributes=attributes)
    assert engine.dump() == before


def test_a_file_may_change_what_it_stands_in(sqs, url):
    """Reading runs Python code; the containers being converted must not be freed meanwhile."""
    entries: list[Any] = []

    class Vandal:
        def read(self) -> bytes:
            for entry in entries:
                if isinstance(entry, dict):
                    entry.clear()
            entries.clear()
            return b"x"

    for _ in range(10):
        attributes = {"a": {"DataType": "Binary", "BinaryValue": Vandal()}}
        entries += [{"Id": str(i), "MessageBody": "b" * 50, "MessageAttributes": dict(attributes)} for i in range(10)]
        with contextlib.suppress(errors.ParamValidationError, errors.ClientError):
            sqs.send_message_batch(QueueUrl=url, Entries=entries)
