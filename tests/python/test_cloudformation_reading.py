"""Templates are read as CloudFormation means them, not as YAML 1.1 does; what is wrong is told with its line."""

from __future__ import annotations

import json

import pytest

from localsqs.cloudformation import TemplateError
from localsqs.cloudformation.reading import read_document
from localsqs.cloudformation.template import load, parse

yaml = pytest.importorskip("yaml")


def value_of(text):
    return read_document(f"value: {text}\n").body["value"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("2012-10-17", "2012-10-17", id="date"),
        pytest.param("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00", id="instant"),
        pytest.param("000000000000", "000000000000", id="account-of-zeros"),
        pytest.param("012345670", "012345670", id="account-that-looks-octal"),
        pytest.param("123456789012", 123456789012, id="account-that-is-a-number"),
        pytest.param("on", "on", id="on"),
        pytest.param("yes", "yes", id="yes"),
        pytest.param("No", "No", id="no"),
        pytest.param("1:30", "1:30", id="base-sixty"),
        pytest.param("1_000", "1_000", id="underscore"),
        pytest.param("0x1F", "0x1F", id="hexadecimal"),
        pytest.param("0o17", "0o17", id="octal"),
        pytest.param("1.10", "1.10", id="version"),
        pytest.param("1e3", "1e3", id="exponent"),
        pytest.param(".inf", ".inf", id="infinity"),
        pytest.param("nan", "nan", id="nan"),
        pytest.param("-0", "-0", id="minus-zero"),
        pytest.param("=", "=", id="equals-sign"),
        pytest.param("30", 30, id="integer"),
        pytest.param("-3", -3, id="negative"),
        pytest.param("0", 0, id="zero"),
        pytest.param("2.5", 2.5, id="fraction"),
        pytest.param("true", True, id="true"),
        pytest.param("False", False, id="false"),
        pytest.param("'30'", "30", id="quoted"),
        pytest.param('"true"', "true", id="quoted-boolean"),
        pytest.param("!!str 30", "30", id="tagged"),
        pytest.param("~", None, id="null"),
        pytest.param("", None, id="empty"),
        pytest.param("Grüße", "Grüße", id="not-ascii"),
    ],
)
def test_plain_values(text, value):
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref Queue", {"Ref": "Queue"}),
        ("!Condition IsProd", {"Condition": "IsProd"}),
        ("!GetAtt Queue.Arn", {"Fn::GetAtt": ["Queue", "Arn"]}),
        ("!GetAtt Nested.Outputs.Arn", {"Fn::GetAtt": ["Nested", "Outputs.Arn"]}),
        ("!GetAtt [Queue, Arn]", {"Fn::GetAtt": ["Queue", "Arn"]}),
        ("!Sub '${Queue}'", {"Fn::Sub": "${Queue}"}),
        ("!Equals [!Ref A, 012]", {"Fn::Equals": [{"Ref": "A"}, "012"]}),
        ("!If [A, !Ref B, !Ref AWS::NoValue]", {"Fn::If": ["A", {"Ref": "B"}, {"Ref": "AWS::NoValue"}]}),
        ("!Join ['-', [a, 1]]", {"Fn::Join": ["-", ["a", 1]]}),
        ("!GetAZs ''", {"Fn::GetAZs": ""}),
        ("!Sub ['${x}', {x: !Ref A}]", {"Fn::Sub": ["${x}", {"x": {"Ref": "A"}}]}),
        ("{'Fn::GetAtt': Queue.Arn}", {"Fn::GetAtt": "Queue.Arn"}),
    ],
)
def test_short_forms_become_long_ones(text, value):
    assert value_of(text) == value


def test_keys_are_text_whatever_they_look_like():
    assert read_document("000000000000: a\n2012-10-17: b\non: c\n1: d\n").body == {
        "000000000000": "a",
        "2012-10-17": "b",
        "on": "c",
        "1": "d",
    }


def test_aliases_and_merges_are_resolved():
    body = read_document("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\nd: {<<: [*a, {z: 4}]}\n").body
    assert body["b"] == {"y": 3, "x": 1}
    assert body["c"] == {"x": 1, "y": 2}
    assert body["d"] == {"x": 1, "y": 2, "z": 4}


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a:\n  - [1\n", "YAML not well-formed", 3),
        ("a: 1\nb: 2\na: 3\n", "duplicate key 'a'", 3),
        ("a:\n  b: !Reff x\n", "unknown tag !Reff", 2),
        ("a: &x [1, *x]\n", "an alias that contains itself", 1),
        ("a: *nobody\n", "undefined alias 'nobody'", 1),
        ("? [1, 2]\n: 3\n", "a key must be text", 1),
        ("a: 1\n<<: 3\n", "<< needs a mapping", 2),
        ("\tx: 1\n", "YAML not well-formed", 1),
        ('{"a": 1,\n "b": }', "JSON not well-formed. (line 2, column 7)", 2),
        ('{"a": 1,\n "a": 2}', "duplicate key 'a'", None),
    ],
)
def test_what_cannot_be_read(text, message, line):
    with pytest.raises(TemplateError, match="Template format error") as error:
        read_document(text)
    assert message in error.value.message
    assert error.value.line == line


def test_a_text_with_a_huge_meaning_is_refused():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(TemplateError, match="more than 100,000 values"):
        read_document("\n".join(lines))


@pytest.mark.parametrize("text", ["[" * 5000, "a: " + "[" * 301 + "]" * 301, '{"a":' * 5000])
def test_a_text_nested_too_deeply_is_refused(text):
    with pytest.raises(TemplateError, match=r"nested too deeply|not well-formed"):
        read_document(text)


def test_binary_is_no_template(tmp_path):
    file = tmp_path / "template.yaml"
    file.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(TemplateError, match="not UTF-8") as error:
        load(file)
    assert str(error.value).startswith(str(file))


TEMPLATE = """\
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Orders:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 30
      Tags:
        - {Key: team, Value: tea}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("Resources",), 2),
        (("Resources", "Orders"), 3),
        (("Resources", "Orders", "Properties", "VisibilityTimeout"), 6),
        (("Resources", "Orders", "Properties", "Tags", 0, "Key"), 8),
        (("Resources", "Orders", "Properties", "Nothing", "Here"), 5),
    ],
)
def test_lines(path, line):
    assert parse(TEMPLATE).line_of(path) == line


def test_json_has_lines_too_and_reads_alike():
    text = json.dumps(parse(TEMPLATE).body, indent="\t")
    template = parse(text)
    assert template.body == parse(TEMPLATE).body
    assert template.line_of(("Resources", "Orders", "Properties", "VisibilityTimeout")) == 7


def test_json_needs_no_yaml(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "yaml", None)
    template = parse(json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}))
    assert template.line_of(("Resources",)) is None
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'localsqs\[cloudformation\]'"):
        parse(TEMPLATE)


# --- The sections -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Template format error: unsupported structure."),
        ("- 1", "Template format error: unsupported structure."),
        ("just text", "Template format error: unsupported structure."),
        ("Resources: {}", "Template format error: At least one Resources member must be defined."),
        ("Description: x", "Template format error: At least one Resources member must be defined."),
        (
            "Resources: {A: {Properties: {}}}",
            "Template format error: [/Resources/A] Every Resources object must contain a Type member.",
        ),
        ("Resources: {A: 3}", "Template format error: [/Resources/A] Every Resources member must be an object."),
        ("Resources: {a-b: {Type: X}}", "Template format error: Resource name a-b is non alphanumeric."),
        ("Resources: [1]", "Template format error: [/Resources] must be an object"),
        (
            "Resources: {A: {Type: X}}\nOutputs: {O: {Description: x}}",
            "Template format error: Every Outputs member must contain a Value object",
        ),
        (
            "Resources:\n  A:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName:\n",
            "[/Resources/A/Properties/QueueName] 'null' values are not allowed in templates",
        ),
        ("Resource: {A: {Type: X}}", "Invalid template property or properties [Resource]"),
        ("Resources: {A: {Type: X, Propertys: {}}}", "Invalid template resource property 'Propertys'"),
        ("Resources: {A: {Type: X, DeletionPolicy: Keep}}", "must be one of Delete, Retain"),
        (
            "AWSTemplateFormatVersion: 2011-01-01\nResources: {A: {Type: X}}",
            "Template format error: Unrecognized template format version: 2011-01-01",
        ),
        ("Resources: {A: {Type: X, DependsOn: {B: 1}}}", "DependsOn must be a string or a list of strings"),
    ],
)
def test_what_is_no_template(text, message):
    with pytest.raises(TemplateError) as error:
        parse(text)
    assert message in error.value.message


def test_misspelt_sections_get_a_hint_and_a_line():
    with pytest.raises(TemplateError) as error:
        parse("Description: x\nResource:\n  A: {Type: X}\n", file="stack.yaml")
    assert str(error.value) == (
        "stack.yaml:2: Resource: Invalid template property or properties [Resource]; did you mean Resources?"
    )
