"""Task tokens of Step Functions, for tests of a consumer that answers a `waitForTaskToken` task.

    tokens = TaskTokens(engine)
    task = tokens.start()                                   # a state machine waits
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"order": 42, "token": task.token}))
    ...                                                     # the consumer answers through tokens.client, or through
                                                            # boto3 under mock(services=["sqs", "stepfunctions"])
    assert task.status == "SUCCEEDED"
    assert task.output == {"charged": True}

No state machine runs here: `tokens` stands for Step Functions, which sent the message and waits for SendTaskSuccess,
SendTaskFailure or SendTaskHeartbeat. Its time-outs are on the engine's clock. For whole state machines see
examples/step_functions.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from localsqs._service import ErrorShape, Operation, Service, ServiceError, ServiceModel, make_client, string, structure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localsqs.engine import Engine

__all__ = ["Task", "TaskTokens"]

Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT"]

_MODEL = ServiceModel(
    service_name="stepfunctions",
    class_name="SFN",
    api_version="2016-11-23",
    endpoint_prefix="states",
    content_type="application/x-amz-json-1.0",
    error_types=False,
    operations=[
        Operation("SendTaskFailure", structure("taskToken", taskToken=string(1), error=string(), cause=string())),
        Operation("SendTaskHeartbeat", structure("taskToken", taskToken=string(1))),
        Operation("SendTaskSuccess", structure("taskToken output", taskToken=string(1), output=string())),
    ],
    errors=[ErrorShape(shape) for shape in ("InvalidOutput", "InvalidToken", "TaskDoesNotExist", "TaskTimedOut")],
)
# API Reference: what each member holds at most.
_LENGTHS = {"error": 256, "cause": 32_768, "output": 262_144, "taskToken": 2_048}


@dataclass
class Task:
    """A task that waits for its token to come back.

    Attributes:
        token: What the consumer has to give back.
        status: "RUNNING", "SUCCEEDED", "FAILED" or "TIMED_OUT".
        output: What the consumer sent with SendTaskSuccess, parsed; else None.
        error, cause: Of SendTaskFailure; "States.Timeout" or "States.HeartbeatTimeout" if it timed out.
        heartbeats: How many came.
    """

    token: str
    timeout_ns: int | None
    heartbeat_ns: int | None
    _service: TaskTokenService = field(repr=False)
    _started_ns: int = field(repr=False)
    _seen_ns: int = field(repr=False)
    output: Any = None
    error: str = ""
    cause: str = ""
    heartbeats: int = 0
    _status: Status = "RUNNING"

    @property
    def status(self) -> Status:
        ends = [(end_ns, error) for end_ns, error in self._ends() if end_ns <= self._service.engine.clock.now_ns()]
        if self._status == "RUNNING" and ends:
            self._end("TIMED_OUT", error=min(ends)[1])
        return self._status

    def _ends(self) -> Iterator[tuple[int, str]]:
        """When it times out, and what that is called."""
        if self.timeout_ns is not None:
            yield self._started_ns + self.timeout_ns, "States.Timeout"
        if self.heartbeat_ns is not None:
            yield self._seen_ns + self.heartbeat_ns, "States.HeartbeatTimeout"

    def _end(self, status: Status, **members: Any) -> None:
        self._status = status
        for name, value in members.items():
            setattr(self, name, value)


class TaskTokenService(Service):
    """The three operations. One an engine, shared by all accounts and regions: a token is known by itself."""

    model = _MODEL

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.tasks: dict[str, Task] = {}

    def send_task_success(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        task = self._running(params)
        try:
            output = json.loads(params["output"])
        except ValueError as error:
            raise ServiceError("InvalidOutput", f"Invalid Output: '{error}'") from error
        task._end("SUCCEEDED", output=output)
        return {}

    def send_task_failure(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        self._running(params)._end("FAILED", error=params.get("error", ""), cause=params.get("cause", ""))
        return {}

    def send_task_heartbeat(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        task = self._running(params)
        task._seen_ns = self.engine.clock.now_ns()
        task.heartbeats += 1
        return {}

    def _running(self, params: dict[str, Any]) -> Task:
        for name, value in params.items():
            if len(value) > _LENGTHS[name]:
                reason = f"Member must have length less than or equal to {_LENGTHS[name]}"
                raise ServiceError("ValidationException", f"1 validation error detected: '{name}': {reason}")
        task = self.tasks.get(params["taskToken"])
        if task is None:
            raise ServiceError("InvalidToken", "Invalid Token: 'Invalid token'")
        if task.status != "RUNNING":
            raise ServiceError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
        return task


class TaskTokens:
    """The Step Functions of a test. See the module.

    Args:
        engine: Whose clock and seed it takes; the default engine if None. All TaskTokens of an engine are one.
    """

    def __init__(self, engine: Engine | None = None) -> None:
        from localsqs.engine import default_engine

        self._engine = default_engine() if engine is None else engine
        self._service: TaskTokenService = self._engine._service("stepfunctions")

    @property
    def client(self) -> Any:
        """What `boto3.client("stepfunctions")` is to the consumer, with the three operations."""
        return make_client(self._service, self._engine.region, self._engine.account)

    def start(self, timeout_seconds: float | None = None, heartbeat_seconds: float | None = None) -> Task:
        """A task begins to wait.

        Args:
            timeout_seconds: The task's TimeoutSeconds, on the engine's clock; None waits for ever.
            heartbeat_seconds: Its HeartbeatSeconds: how long it may stay without a word.
        """
        now_ns = self._engine.clock.now_ns()
        token = f"{self._service.new_uuid()}{self._service.new_uuid()}".replace("-", "")
        task = Task(token, _ns(timeout_seconds), _ns(heartbeat_seconds), self._service, now_ns, now_ns)
        self._service.tasks[token] = task
        return task

    def __getitem__(self, token: str) -> Task:
        """The task of a token. KeyError if there is none."""
        return self._service.tasks[token]


def _ns(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1_000_000_000)
