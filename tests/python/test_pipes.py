"""Pipes: a queue, a filter and a target; the bare list, batch item failures without opting in, input templates."""

from __future__ import annotations

import json
from typing import Any

import pytest

import localsqs
from localsqs.lambda_.pipe import pipe
from localsqs.lambda_.pipe_template import MISSING, Template, at_path
from localsqs.testing import Queue, make_queue

pytestmark = pytest.mark.filterwarnings("ignore::localsqs.lambda_.warn.LambdaWarning")


@pytest.fixture
def source(engine: localsqs.Engine) -> Queue:
    return make_queue(engine, "source", dead_letter=True, max_receive_count=2)


@pytest.fixture
def target(engine: localsqs.Engine) -> Queue:
    return make_queue(engine, "target")


def bodies(queue: Queue) -> list[str]:
    return sorted(message.body for message in queue.messages)


# --- A callable and a function ---------------------------------------------------------------------------------------


def test_callable_gets_the_bare_list(engine: Any, source: Queue) -> None:
    lists: list[Any] = []
    source.send("a")
    source.send("b")
    engine.pipe("source", lists.append)
    engine.run_until_idle()
    (records,) = lists
    assert [record["body"] for record in records] == ["a", "b"]
    assert records[0]["eventSource"] == "aws:sqs"
    assert records[0]["eventSourceARN"] == source.arn
    assert source.messages == []


def test_batch_item_failures_count_without_opting_in(engine: Any, source: Queue) -> None:
    def target(records: list[dict[str, Any]]) -> Any:
        failed = [record["messageId"] for record in records if record["body"] == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

    source.send("good")
    source.send("bad")
    pipe(engine, source, target)
    engine.run_until_idle()
    assert source.messages == []
    assert bodies(source.dead_letter) == ["bad"]


def test_exception_keeps_the_whole_batch(engine: Any, source: Queue) -> None:
    def target(records: list[Any]) -> None:
        raise ValueError("no")

    source.send("a")
    source.send("b")
    made = pipe(engine, source, target)
    engine.run_until_idle()
    assert [invocation.status for invocation in made.invocations] == ["error", "error"]
    assert bodies(source.dead_letter) == ["a", "b"]


@pytest.mark.parametrize("how", ["function", "arn"])
def test_function_gets_the_bare_list(engine: Any, source: Queue, how: str) -> None:
    events: list[Any] = []
    function = engine.register_function("fn", lambda event, context: events.append((event, context.function_name)))
    source.send("a")
    pipe(engine, source, function if how == "function" else function.arn)
    engine.run_until_idle()
    ((records, name),) = events
    assert ([record["body"] for record in records], name) == (["a"], "fn")


def test_filter_and_window(engine: Any, source: Queue) -> None:
    lists: list[list[int]] = []
    pipe(
        engine,
        source,
        lambda records: lists.append([json.loads(record["body"])["total"] for record in records]),
        filters=[{"body": {"total": [{"numeric": [">", 100]}]}}],
        batch_size=100,
        maximum_batching_window=10,
    )
    for total in (50, 150, 250):
        source.send(json.dumps({"total": total}))
        engine.run_for(seconds=2)
    assert lists == []
    engine.run_until_idle()
    assert lists == [[150, 250]]
    assert source.messages == source.dead_letter.messages == []


def test_template_for_a_callable(engine: Any, source: Queue) -> None:
    lists: list[Any] = []
    source.send(json.dumps({"id": 7, "name": "Zoë"}))
    source.send("plain")
    pipe(engine, source, lists.append, input_template='{"order": <$.body.id>, "text": "for <$.body.name>"}')
    engine.run_until_idle()
    assert lists == [[{"order": 7, "text": "for Zoë"}, {"order": None, "text": "for "}]]


# --- A queue and a topic ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["name", "url", "arn", "object"])
def test_queue_gets_a_message_for_each_record(engine: Any, source: Queue, target: Queue, how: str) -> None:
    for number in range(25):
        source.send(f"m{number}")
    pipe(engine, source, {"name": "target", "url": target.url, "arn": target.arn, "object": target}[how])
    engine.run_until_idle()
    records = [json.loads(message.body) for message in target.messages]
    assert sorted(record["body"] for record in records) == sorted(f"m{number}" for number in range(25))
    assert {record["eventSourceARN"] for record in records} == {source.arn}
    assert source.messages == []


def test_template_for_a_queue(engine: Any, source: Queue, target: Queue) -> None:
    source.send(json.dumps({"id": 7}))
    source.send(json.dumps({"id": "x"}))
    pipe(engine, source, target, input_template="order <$.body.id> from <aws.pipes.source-arn>")
    engine.run_until_idle()
    assert bodies(target) == [f'order "x" from "{source.arn}"', f'order 7 from "{source.arn}"']


def test_fifo_queue(engine: Any, source: Queue, sqs: Any) -> None:
    fifo = make_queue(engine, "target", fifo=True)
    for number in range(4):
        source.send(json.dumps({"customer": f"c{number % 2}", "n": number}))
    pipe(
        engine,
        source,
        fifo,
        input_template="<$.body.n>",
        message_group_id="$.body.customer",
        message_deduplication_id="$.messageId",
    )
    engine.run_until_idle()
    received = sqs.receive_message(QueueUrl=fifo.url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])
    groups = sorted((m["Attributes"]["MessageGroupId"], m["Body"]) for m in received["Messages"])
    assert groups == [("c0", "0"), ("c0", "2"), ("c1", "1"), ("c1", "3")]


def test_what_the_queue_refuses_stays(engine: Any, source: Queue, sqs: Any) -> None:
    small = make_queue(engine, "small", MaximumMessageSize=1024)
    source.send("fits")
    source.send("x" * 2000)
    pipe(engine, source, small, input_template="<$.body>")
    engine.run_until_idle()
    assert bodies(small) == ['"fits"']
    assert bodies(source.dead_letter) == ["x" * 2000]


def test_target_queue_that_is_deleted_loses_nothing(engine: Any, source: Queue, target: Queue, sqs: Any) -> None:
    made = pipe(engine, source, target)
    sqs.delete_queue(QueueUrl=target.url)
    source.send("a")
    engine.run_until_idle()
    assert [invocation.status for invocation in made.invocations] == ["error", "error"]
    assert bodies(source.dead_letter) == ["a"]


def test_bodies_that_fill_more_than_one_request(engine: Any, source: Queue, target: Queue) -> None:
    for number in range(3):
        source.send(f"{number}" * 600_000)
    pipe(engine, source, target, input_template="<$.body>")
    engine.run_until_idle()
    assert [len(message.body) for message in target.messages] == [600_002] * 3


def test_topic(engine: Any, source: Queue, target: Queue) -> None:
    pytest.importorskip("localsqs.sns")
    sns = engine.client("sns")
    arn = sns.create_topic(Name="orders")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=target.arn, Attributes={"RawMessageDelivery": "true"})
    source.send(json.dumps({"id": 1}))
    pipe(engine, source, arn, input_template='{"order": <$.body.id>}')
    engine.run_until_idle()
    assert bodies(target) == ['{"order": 1}']


# --- Life and bad input ----------------------------------------------------------------------------------------------


def test_pipe_is_no_mapping_of_the_api(engine: Any, source: Queue) -> None:
    made = pipe(engine, source, lambda records: None)
    assert engine.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    made.delete()
    source.send("a")
    engine.run_until_idle()
    assert bodies(source) == ["a"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": "missing"}, "there is no queue arn:aws:sqs:us-east-1:000000000000:missing"),
        ({"target": "missing"}, "there is no queue"),
        ({"target": "arn:aws:lambda:us-east-1:000000000000:function:missing"}, "there is no function"),
        ({"target": "arn:aws:events:us-east-1:000000000000:event-bus/default"}, "a function, a queue or a topic"),
        ({"target": 5}, "a pipe's target is"),
        ({"batch_size": 11}, "Maximum batch window"),
        ({"batch_size": 0}, "batchSize"),
        ({"filters": [{"body": "x"}]}, "Invalid filter pattern definition."),
        ({"input_template": "<aws.pipes.nothing>"}, "an input template has no <aws.pipes.nothing>"),
        ({"input_template": "<$.body[x>"}, "not a JSON path"),
        ({"input_template": "x" * 8193}, "8,192"),
    ],
)
def test_bad_arguments(engine: Any, source: Queue, target: Queue, change: dict[str, Any], message: str) -> None:
    arguments = {"source": source, "target": target, **change}
    with pytest.raises(ValueError, match=message.replace("[", r"\[").replace("(", r"\(")):
        pipe(engine, **arguments)
    assert engine._service("lambda").mappings == {}


# --- Templates and paths ---------------------------------------------------------------------------------------------

RECORD: Any = {
    "messageId": "id-1",
    "body": json.dumps({"n": 1, "s": 'say "hi"', "list": [{"x y": True}], "none": None, "": 0}),
    "attributes": {"SentTimestamp": "5"},
    "messageAttributes": {},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", RECORD),
        ("$.messageId", "id-1"),
        ("$.body", RECORD["body"]),
        ("$.body.n", 1),
        ("$.body.list[0]['x y']", True),
        ('$.body["list"][0]["x y"]', True),
        ("$.body.none", None),
        ("$.body['']", 0),
        ("$.attributes.SentTimestamp", "5"),
        ("$.body.missing", MISSING),
        ("$.body.list[1]", MISSING),
        ("$.body.n.deeper", MISSING),
        ("$.messageId[0]", MISSING),
    ],
)
def test_paths(path: str, value: Any) -> None:
    found = at_path(RECORD, path)
    assert found is value or found == value


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain", "plain"),
        ("", ""),
        ("<$.body.n>", "1"),
        ("<$.body.s>", '"say \\"hi\\""'),
        ('"<$.body.s>"', '"say \\"hi\\""'),
        ('{"a": <$.body.list>, "b": "<$.body.list>"}', '{"a": [{"x y": true}], "b": "[{\\"x y\\": true}]"}'),
        ('{"a": <$.body>}', '{"a": ' + json.dumps(json.loads(RECORD["body"])) + "}"),
        ("<$.missing>", "null"),
        ('"<$.missing>"', '""'),
        ('{"q": "\\"", "n": <$.body.n>}', '{"q": "\\"", "n": 1}'),
        ("a < b and <b> c", "a < b and <b> c"),
        ("<aws.pipes.pipe-name>", '"p"'),
        ('"<aws.pipes.pipe-name>"', '"p"'),
        ("< $.body.n >", "1"),
    ],
)
def test_templates(template: str, text: str) -> None:
    assert Template(template, {"pipe-name": "p"}).text(RECORD) == text


@pytest.mark.parametrize("name", ["aws.pipes.event", "aws.pipes.event.json"])
def test_whole_record_in_a_template(name: str) -> None:
    assert json.loads(Template(f"<{name}>").text(RECORD)) == RECORD
    assert json.loads(json.loads(Template(f'"<{name}>"').text(RECORD))) == RECORD
