"""Task tokens of Step Functions. The recipe with moto's state machines is run by test_example_pages."""

from __future__ import annotations

from typing import Any

import pytest
from service_models import differences

import localsqs
from localsqs.task_tokens import _MODEL, TaskTokens


@pytest.fixture
def tokens(engine: localsqs.Engine) -> TaskTokens:
    return TaskTokens(engine)


def test_model_is_botocores() -> None:
    assert differences(_MODEL) == []


def test_success(tokens: TaskTokens) -> None:
    task = tokens.start()
    assert task.status == "RUNNING"
    answer = tokens.client.send_task_success(taskToken=task.token, output='{"a": [1, null]}')
    assert list(answer) == ["ResponseMetadata"]
    assert (task.status, task.output) == ("SUCCEEDED", {"a": [1, None]})
    assert tokens[task.token] is task


@pytest.mark.parametrize(("given", "error", "cause"), [({}, "", ""), ({"error": "E", "cause": "C"}, "E", "C")])
def test_failure(tokens: TaskTokens, given: dict[str, str], error: str, cause: str) -> None:
    task = tokens.start()
    tokens.client.send_task_failure(taskToken=task.token, **given)
    assert (task.status, task.error, task.cause) == ("FAILED", error, cause)


def test_heartbeats_keep_it_running(engine: Any, tokens: TaskTokens) -> None:
    task = tokens.start(heartbeat_seconds=60)
    for _ in range(3):
        engine.clock.advance(seconds=59)
        tokens.client.send_task_heartbeat(taskToken=task.token)
    assert (task.status, task.heartbeats) == ("RUNNING", 3)
    engine.clock.advance(seconds=60)
    assert (task.status, task.error) == ("TIMED_OUT", "States.HeartbeatTimeout")


@pytest.mark.parametrize(
    ("limits", "error"),
    [
        ({"timeout_seconds": 10}, "States.Timeout"),
        ({"timeout_seconds": 10, "heartbeat_seconds": 20}, "States.Timeout"),
        ({"timeout_seconds": 20, "heartbeat_seconds": 10}, "States.HeartbeatTimeout"),
    ],
)
def test_time_outs_at_their_instant(engine: Any, tokens: TaskTokens, limits: dict[str, float], error: str) -> None:
    early, late = tokens.start(**limits), tokens.start(**limits)
    engine.clock.advance(milliseconds=9_999)
    assert early.status == "RUNNING"
    engine.clock.advance(milliseconds=1)
    assert (early.status, early.error) == ("TIMED_OUT", error)
    engine.clock.advance(seconds=20)
    assert (late.status, late.error) == ("TIMED_OUT", error)


@pytest.mark.parametrize("how_it_ended", ["success", "failure", "timeout"])
@pytest.mark.parametrize("operation", ["success", "failure", "heartbeat"])
def test_token_of_a_task_that_has_ended(engine: Any, tokens: TaskTokens, how_it_ended: str, operation: str) -> None:
    task = tokens.start(timeout_seconds=10)
    if how_it_ended == "timeout":
        engine.clock.advance(seconds=10)
    else:
        send(tokens, how_it_ended, task.token)
    with pytest.raises(tokens.client.exceptions.TaskTimedOut) as caught:
        send(tokens, operation, task.token)
    assert caught.value.response["Error"]["Message"] == "Task Timed Out: 'Provided task does not exist anymore'"


def send(tokens: TaskTokens, operation: str, token: str) -> Any:
    output = {"output": "1"} if operation == "success" else {}
    return getattr(tokens.client, f"send_task_{operation}")(taskToken=token, **output)


@pytest.mark.parametrize("operation", ["success", "failure", "heartbeat"])
def test_unknown_token(tokens: TaskTokens, operation: str) -> None:
    with pytest.raises(tokens.client.exceptions.InvalidToken, match="Invalid Token: 'Invalid token'"):
        send(tokens, operation, "unknown")


def test_output_that_is_no_json_leaves_the_task_running(tokens: TaskTokens) -> None:
    task = tokens.start()
    with pytest.raises(tokens.client.exceptions.InvalidOutput):
        tokens.client.send_task_success(taskToken=task.token, output="{")
    assert task.status == "RUNNING"


@pytest.mark.parametrize(("member", "longest"), [("error", 256), ("cause", 32_768)])
def test_lengths(tokens: TaskTokens, member: str, longest: int) -> None:
    task = tokens.start()
    with pytest.raises(tokens.client.exceptions.ClientError, match="ValidationException"):
        tokens.client.send_task_failure(taskToken=task.token, **{member: "x" * (longest + 1)})
    tokens.client.send_task_failure(taskToken=task.token, **{member: "x" * longest})
    assert task.status == "FAILED"


def test_tokens_come_from_the_seed() -> None:
    def token() -> str:
        with localsqs.Engine(clock=localsqs.ManualClock(), seed=3) as engine:
            return TaskTokens(engine).start().token

    assert token() == token()


def test_parameters_are_checked_as_botocore_does(tokens: TaskTokens) -> None:
    from localsqs.errors import ParamValidationError

    with pytest.raises(ParamValidationError, match='Missing required parameter in input: "output"'):
        tokens.client.send_task_success(taskToken="t")


def test_boto3_under_mock(engine: localsqs.Engine, tokens: TaskTokens) -> None:
    boto3 = pytest.importorskip("boto3")
    with localsqs.mock(engine=engine, services=["sqs", "stepfunctions"]):
        client = boto3.client("stepfunctions", region_name="us-east-1")
        task = tokens.start()
        client.send_task_heartbeat(taskToken=task.token)
        client.send_task_success(taskToken=task.token, output='"done"')
        with pytest.raises(client.exceptions.TaskTimedOut):
            client.send_task_success(taskToken=task.token, output="1")
    assert (task.status, task.output, task.heartbeats) == ("SUCCEEDED", "done", 1)
