"""Functions in processes of their own: AWS's runtime clients against our Runtime API. Time-outs here are real."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from invoking import context_fields

import localsqs
from localsqs.lambda_.outcome import Outcome
from localsqs.lambda_.process_runner import ProcessRunner, node_command
from localsqs.lambda_.warn import LambdaWarning

pytest.importorskip("awslambdaric")

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes as Linux has them")

FUNCTIONS = Path(__file__).parent / "functions"
NODE_MODULES = Path(__file__).parents[2] / "build" / "node" / "node_modules"
TOO_SHORT_S = 0.3  # For a function that never ends.

Run = Callable[..., Outcome]


@pytest.fixture
def runner_for() -> Iterator[Callable[..., ProcessRunner]]:
    runners: list[ProcessRunner] = []

    def make(handler: str = "", code_dir: Path = FUNCTIONS, **options: Any) -> ProcessRunner:
        runners.append(ProcessRunner(handler, code_dir=code_dir, **options))
        return runners[-1]

    yield make
    for runner in runners:
        runner.close()


@pytest.fixture
def run(runner_for: Callable[..., ProcessRunner]) -> Run:
    def run(name: str, event: Any = None, **context: Any) -> Outcome:
        return runner_for(f"awkward.{name}").invoke(event, context_fields(**context))

    return run


# --- What a function is given ----------------------------------------------------------------------------------------


def test_event_arrives_and_result_comes_back(run: Run) -> None:
    event = {"Records": [{"body": "naïve ☃ \U0001f40c"}], "n": 1.5, "none": None}
    outcome = run("echo", event)
    assert outcome.ok
    assert outcome.payload == event
    assert outcome.duration_ms > 0


def test_context_and_environment(run: Run) -> None:
    context = context_fields(client_context={"custom": {"a": 1}}, trace_id="Root=1-5f84c3a0-0123456789abcdef01234567")
    runner = ProcessRunner("awkward.describe", code_dir=FUNCTIONS, environment={"TABLE": "orders", "TZ": "CET"})
    with runner:
        seen = runner.invoke({}, context).payload
    assert seen["request_id"] == context.aws_request_id
    assert seen["arn"] == context.invoked_function_arn
    assert (seen["name"], seen["version"], seen["memory"]) == ("orders-fn", "$LATEST", "512")
    assert (seen["group"], seen["stream"]) == (context.log_group_name, context.log_stream_name)
    assert seen["identity"] is None
    assert seen["client_context"] == [{"a": 1}, None, None]
    assert 20_000 < seen["remaining_ms"] <= 30_000
    environment = seen["environment"]
    expected = {
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "123456789012",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python3.{sys.version_info.minor}",
        "AWS_LAMBDA_FUNCTION_NAME": "orders-fn",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "LAMBDA_TASK_ROOT": str(FUNCTIONS),
        "POWERTOOLS_SERVICE_NAME": "orders-fn",
        "POWERTOOLS_TRACE_DISABLED": "true",
        "TABLE": "orders",
        "TZ": "CET",
        "_HANDLER": "awkward.describe",
        "_X_AMZN_TRACE_ID": context.trace_id,
    }
    assert {name: environment.get(name) for name in expected} == expected


def test_our_own_credentials_do_not_reach_it(runner_for: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    environment = runner_for("awkward.describe").invoke({}, context_fields()).payload["environment"]
    assert "AWS_PROFILE" not in environment
    assert environment["AWS_ACCESS_KEY_ID"] == "123456789012"


def test_sdk_in_the_function_finds_the_queues(runner_for: Any, tmp_path: Path, engine: Any, server: Any) -> None:
    pytest.importorskip("boto3")
    (tmp_path / "sender.py").write_text(
        "import boto3\n"
        "def handler(event, context):\n"
        "    sqs = boto3.client('sqs')\n"
        "    url = sqs.get_queue_url(QueueName='orders')['QueueUrl']\n"
        "    return sqs.send_message(QueueUrl=url, MessageBody=event)['MessageId']\n"
    )
    sqs = engine.client("sqs", region_name="eu-west-1", aws_account_id="123456789012")
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    runner = runner_for("sender.handler", tmp_path, endpoint_url=server.endpoint_url)
    outcome = runner.invoke("from the function", context_fields())
    received = sqs.receive_message(QueueUrl=url)["Messages"][0]
    assert (received["Body"], received["MessageId"]) == ("from the function", outcome.payload)


# --- How it can end --------------------------------------------------------------------------------------------------


def test_exception(run: Run) -> None:
    outcome = run("raises")
    assert outcome.status == "error"
    assert outcome.payload["errorType"] == "ValueError"
    assert outcome.payload["errorMessage"] == "no such order"
    assert uuid.UUID(outcome.payload["requestId"])
    assert "in raises" in outcome.payload["stackTrace"][0]
    assert "[ERROR] ValueError: no such order" in outcome.log


@pytest.mark.parametrize("name", ["hangs", "hangs_busily"])
def test_timeout_kills_and_the_next_event_gets_a_new_process(runner_for: Any, name: str) -> None:
    runner = runner_for(f"awkward.{name}")
    for _ in range(2):
        context = context_fields(timeout_s=TOO_SHORT_S)
        outcome = runner.invoke({}, context)
        assert outcome.status == "timeout"
        assert outcome.payload == {
            "errorType": "Sandbox.Timedout",
            "errorMessage": f"RequestId: {context.aws_request_id} Error: Task timed out after 0.30 seconds",
        }
        assert outcome.duration_ms >= TOO_SHORT_S * 1000
    assert "0 processes" in repr(runner)


def test_what_was_written_before_a_timeout_is_kept(run: Run) -> None:
    assert "going to sleep" in run("hangs", timeout_s=TOO_SHORT_S).log


@pytest.mark.parametrize(
    ("name", "event", "reason"),
    [
        ("exits", {"code": 1}, "Runtime exited with error: exit status 1"),
        ("exits", {"code": 0}, "Runtime exited without providing a reason"),
        ("exits_at_once", None, "Runtime exited with error: exit status 3"),
        ("is_killed", None, "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_exit(run: Run, name: str, event: Any, reason: str) -> None:
    outcome = run(name, event)
    assert outcome.status == "exit"
    assert outcome.payload["errorType"] == "Runtime.ExitError"
    assert outcome.payload["errorMessage"].endswith(f" Error: {reason}")


@needs_linux
def test_too_much_memory_kills(run: Run) -> None:
    outcome = run("eats_memory", memory=128)
    assert outcome.status == "exit"
    assert outcome.payload["errorMessage"].endswith("Runtime exited with error: signal: killed")
    assert outcome.max_memory_mb > 128


@needs_linux
def test_memory_is_reported(run: Run) -> None:
    assert 5 < run("echo").max_memory_mb < 512


@pytest.mark.parametrize("name", ["returns_a_set", "returns_itself"])
def test_return_value_that_is_no_json(run: Run, name: str) -> None:
    outcome = run(name)
    assert outcome.status == "unserialisable"
    assert outcome.payload["errorType"] == "Runtime.MarshalError"


def test_bytes_are_passed_on_as_they_are(run: Run) -> None:
    """AWS's client sends them without making JSON of them, so they end well and mean nothing."""
    outcome = run("returns_bytes")
    assert (outcome.status, outcome.payload) == ("ok", "\x00\ufffd")


def test_return_value_with_decimal_and_nan(run: Run) -> None:
    payload = run("returns_decimal_and_nan").payload
    assert payload["decimal"] == 1.5
    assert payload["nan"] != payload["nan"]


def test_return_value_above_six_megabytes(runner_for: Any) -> None:
    runner = runner_for("awkward.returns_too_much")
    for _ in range(2):
        outcome = runner.invoke(None, context_fields())
        assert outcome.status == "error"
        assert outcome.payload == {
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        }


@pytest.mark.parametrize(
    ("handler", "error_type"),
    [
        ("missing.handler", "Runtime.ImportModuleError"),
        ("awkward.missing", "Runtime.HandlerNotFound"),
        ("noDot", "Runtime.MalformedHandlerName"),
    ],
)
def test_handler_that_is_not_there(runner_for: Any, handler: str, error_type: str) -> None:
    outcome = runner_for(handler).invoke({}, context_fields())
    assert outcome.status == "error"
    assert outcome.payload["errorType"] == error_type


def test_module_that_raises_exits_or_is_no_python(runner_for: Any, tmp_path: Path) -> None:
    (tmp_path / "raising.py").write_text("raise RuntimeError('no database')\n")
    (tmp_path / "exiting.py").write_text("import os\nos._exit(4)\n")
    (tmp_path / "garbage.py").write_text("def handler(event, context:\n")
    outcomes = {
        name: runner_for(f"{name}.handler", tmp_path).invoke({}, context_fields())
        for name in ("raising", "exiting", "garbage")
    }
    assert {name: (outcome.status, outcome.payload["errorType"]) for name, outcome in outcomes.items()} == {
        "raising": ("error", "RuntimeError"),
        "exiting": ("exit", "Runtime.ExitError"),
        "garbage": ("error", "Runtime.UserCodeSyntaxError"),
    }
    assert outcomes["raising"].payload["errorMessage"] == "no database"


def test_command_that_cannot_be_started(runner_for: Any) -> None:
    outcome = runner_for(command=["./bootstrap"]).invoke({}, context_fields())
    assert outcome.status == "exit"
    assert outcome.payload["errorType"] == "Runtime.InvalidEntrypoint"


# --- What it writes --------------------------------------------------------------------------------------------------


def test_both_outputs_are_captured_each_time_anew(runner_for: Any) -> None:
    runner = runner_for("awkward.prints")
    for _ in range(2):
        assert runner.invoke({}, context_fields()).log.splitlines() == ["to stdout", "to stderr"]


def test_of_much_output_the_end_is_kept(run: Run) -> None:
    log = run("prints_much").log
    assert len(log) == 1 << 20
    assert log.endswith("the end\n")


def test_binary_output(run: Run) -> None:
    outcome = run("prints_binary")
    assert outcome.payload == "done"
    assert "binary" in outcome.log


@pytest.mark.parametrize("name", ["prints_surrogates", "closes_stdout", "raises_unprintable"])
def test_output_that_fails_ends_somehow_and_the_next_event_is_served(runner_for: Any, name: str) -> None:
    runner = runner_for(f"awkward.{name}")
    statuses = {runner.invoke({}, context_fields()).status for _ in range(2)}
    assert statuses <= {"ok", "error", "exit"}


# --- Processes -------------------------------------------------------------------------------------------------------


def test_one_process_serves_many_events_and_keeps_its_state(runner_for: Any) -> None:
    runner = runner_for("awkward.count")
    assert [runner.invoke({}, context_fields()).payload for _ in range(3)] == [1, 2, 3]


def test_changes_of_the_environment_stay_in_the_process(runner_for: Any) -> None:
    runner = runner_for("awkward.changes_environment")
    before = dict(os.environ)
    assert [runner.invoke({}, context_fields()).payload for _ in range(2)] == [None, "yes"]
    assert os.environ == before


def test_events_at_a_time_have_a_process_each(runner_for: Any) -> None:
    from concurrent.futures import ThreadPoolExecutor

    runner = runner_for("awkward.count")
    with ThreadPoolExecutor(3) as threads:
        outcomes = list(threads.map(lambda _: runner.invoke({}, context_fields()), range(9)))
    assert all(outcome.ok for outcome in outcomes)
    # At most three processes counted to nine between them.
    assert sum(outcome.payload == 1 for outcome in outcomes) <= 3


@needs_linux
def test_close_ends_the_process_and_what_it_started(runner_for: Any) -> None:
    runner = runner_for("awkward.starts_a_child")
    child = runner.invoke({}, context_fields()).payload
    os.kill(child, 0)
    runner.close()
    assert is_gone(child)
    runner.close()


@needs_linux
def test_timeout_ends_what_the_process_started_too(runner_for: Any, tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(
        "import subprocess, sys\n"
        "def handler(event, context):\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(3600)'])\n"
        "    print(child.pid, flush=True)\n"
        "    child.wait()\n"
    )
    outcome = runner_for("parent.handler", tmp_path).invoke({}, context_fields(timeout_s=TOO_SHORT_S))
    assert outcome.status == "timeout"
    assert is_gone(int(outcome.log.split()[0]))


def is_gone(pid: int) -> bool:
    """Killed, or about to be."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], 20)[0])  # Ready when it has ended.
    finally:
        os.close(process)


@needs_linux
def test_processes_end_with_python() -> None:
    script = (
        "from invoking import context_fields\n"
        "from localsqs.lambda_.process_runner import ProcessRunner\n"
        f"runner = ProcessRunner('awkward.echo', code_dir={str(FUNCTIONS)!r})\n"
        "assert runner.invoke(1, context_fields()).ok\n"
        "print(*(sandbox.pid for sandbox in runner._all))\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(FUNCTIONS.parent), *sys.path])}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert is_gone(int(done.stdout))


# --- Other runtimes --------------------------------------------------------------------------------------------------

BOOTSTRAP = """
import json, os, sys, urllib.request
base = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/"
def post(path, chunks):
    try:
        return urllib.request.urlopen(urllib.request.Request(base + path, data=chunks, method="POST")).status
    except urllib.error.HTTPError as error:
        return json.loads(error.read())["errorType"]
while True:
    with urllib.request.urlopen(base + "invocation/next") as response:
        event, request_id = json.loads(response.read()), response.headers["Lambda-Runtime-Aws-Request-Id"]
    print(post("invocation/unknown/response", b"1"), post("nowhere", b"1"))
    print(post(f"invocation/{request_id}/{event['verb']}", iter([part.encode() for part in event["chunks"]])))
    print(post(f"invocation/{request_id}/response", b"2"), flush=True)
"""


@pytest.mark.parametrize(
    ("verb", "chunks", "status", "payload"),
    [
        ("response", ['{"a', '":1}'], "ok", {"a": 1}),
        ("response", ["not JSON"], "ok", "not JSON"),
        ("response", [], "ok", None),
        ("error", ['{"errorMessage":"m","errorType":"T"}'], "error", {"errorMessage": "m", "errorType": "T"}),
    ],
)
def test_a_runtime_of_ones_own(
    runner_for: Any, tmp_path: Path, verb: str, chunks: list[str], status: str, payload: Any
) -> None:
    (tmp_path / "bootstrap.py").write_text(BOOTSTRAP)
    runner = runner_for(code_dir=tmp_path, command=[sys.executable, "bootstrap.py"])
    log = ""
    for _ in range(2):
        outcome = runner.invoke({"verb": verb, "chunks": chunks}, context_fields())
        assert (outcome.status, outcome.payload) == (status, payload)
        log += outcome.log  # What is written after the answer counts for the next event.
    assert log.splitlines()[:3] == ["InvalidRequestID NotFound", "202", "InvalidRequestID"]


NODE_HANDLERS = """
exports.echo = async (event, context) => {
  console.log("seen by", context.functionName);
  return { event, ms: context.getRemainingTimeInMillis(), id: context.awsRequestId };
};
exports.calls = (event, context, callback) => setTimeout(() => callback(null, "called back"), 1);
exports.raises = async () => { throw new RangeError("too far"); };
exports.exits = async () => process.exit(3);
exports.hangs = () => new Promise((resolve) => setTimeout(resolve, 3600000));
"""


@pytest.fixture(params=["aws-lambda-ric", "ours"])
def node_functions(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A directory with functions for Node.js, run by AWS's client or by our loop."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    code = tmp_path / "code"
    code.mkdir()
    if request.param == "aws-lambda-ric":
        if not (NODE_MODULES / "aws-lambda-ric" / "dist" / "rapid-client.node").exists():
            pytest.skip("aws-lambda-ric is not installed: tools/node_client.sh does it")
        (code / "node_modules").symlink_to(NODE_MODULES)
    (code / "index.cjs").write_text(NODE_HANDLERS)
    (code / "index.js").write_text(NODE_HANDLERS)
    (code / "modern.mjs").write_text("export const handler = async (event) => event.Records.length;\n")
    is_aws = "aws-lambda-ric" in node_command("index.echo", code)[1]
    assert is_aws == (request.param == "aws-lambda-ric")
    return code


def test_node(runner_for: Any, node_functions: Path) -> None:
    context = context_fields()
    outcome = runner_for("index.echo", node_functions, runtime="nodejs20.x").invoke({"ü": [1, None]}, context)
    assert outcome.ok
    assert outcome.payload["event"] == {"ü": [1, None]}
    assert outcome.payload["id"] == context.aws_request_id
    assert 20_000 < outcome.payload["ms"] <= 30_000
    assert "seen by orders-fn" in outcome.log


@pytest.mark.parametrize(
    ("handler", "status", "expected"),
    [
        ("modern.handler", "ok", 2),
        ("index.calls", "ok", "called back"),
        ("index.raises", "error", {"errorType": "RangeError", "errorMessage": "too far"}),
        ("index.exits", "exit", {"errorType": "Runtime.ExitError"}),
        ("index.hangs", "timeout", {"errorType": "Sandbox.Timedout"}),
        ("index.missing", "error", {"errorType": "Runtime.HandlerNotFound"}),
        ("missing.handler", "error", {"errorType": "Runtime.ImportModuleError"}),
    ],
)
def test_node_endings(runner_for: Any, node_functions: Path, handler: str, status: str, expected: Any) -> None:
    runner = runner_for(handler, node_functions, runtime="nodejs")
    for _ in range(2):
        timeout_s = TOO_SHORT_S if status == "timeout" else 15
        outcome = runner.invoke({"Records": [{}, {}]}, context_fields(timeout_s=timeout_s))
        assert outcome.status == status, outcome
        if isinstance(expected, dict):
            assert {name: outcome.payload[name] for name in expected} == expected
        else:
            assert outcome.payload == expected


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"handler": ""}, ValueError),
        ({"handler": "a.b", "runtime": "ruby3.3"}, ValueError),
        ({"handler": "a.b", "code_dir": "/no/such/directory"}, FileNotFoundError),
    ],
)
def test_arguments(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        ProcessRunner(**arguments)


def test_event_text_is_json() -> None:
    from localsqs.lambda_.sandbox import _invocation

    assert json.loads(_invocation({"a": "\ud83d"}, context_fields()).event) == {"a": "\ud83d"}


# --- Behind a mapping ------------------------------------------------------------------------------------------------


def test_mapping_in_virtual_time(engine: Any, sqs: Any, url: str) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="a")
    engine.register_function("fn", runner=ProcessRunner("awkward.describe", code_dir=FUNCTIONS), timeout=20)
    mapping = event_source_mapping(engine)
    engine.run_until_idle()
    (invocation,) = mapping.invocations
    assert invocation.outcome.payload["name"] == "fn"
    assert invocation.outcome.payload["request_id"] == invocation.request_id


def test_mapping_in_real_time() -> None:
    with localsqs.Engine(seed=7) as engine:
        sqs = engine.client("sqs")
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        engine.register_function("fn", runner=ProcessRunner("awkward.count", code_dir=FUNCTIONS), timeout=20)
        mapping = event_source_mapping(engine)
        for body in "abc":
            sqs.send_message(QueueUrl=url, MessageBody=body)
        engine.run_until_idle()
        assert sum(len(invocation.message_ids) for invocation in mapping.invocations) == 3
        assert all(invocation.status == "ok" for invocation in mapping.invocations)


def test_timeout_passes_on_the_engines_clock(engine: Any, sqs: Any, url: str) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="a")
    engine.register_function("fn", runner=ProcessRunner("awkward.hangs", code_dir=FUNCTIONS), timeout=TOO_SHORT_S)
    mapping = event_source_mapping(engine)
    engine.run_for(seconds=10)
    (invocation,) = mapping.invocations
    assert invocation.status == "timeout"
    assert invocation.ended_ns - invocation.started_ns == TOO_SHORT_S * 1e9


def test_environment_of_the_function_reaches_its_process(engine: Any) -> None:
    runner = ProcessRunner("awkward.describe", code_dir=FUNCTIONS, environment={"A": "runner", "B": "runner"})
    function = engine.register_function("fn", runner=runner, environment={"B": "function", "C": "function"})
    environment = function.invoke({}).payload["environment"]
    assert [environment[name] for name in "ABC"] == ["runner", "function", "function"]


@pytest.mark.parametrize("own_process", [False, True])
@pytest.mark.parametrize(
    ("given", "seen"),
    [
        (None, None),
        ({}, [None, None, None]),
        ({"custom": {"a": 1}, "env": {"b": 2}, "client": {"app_title": "t"}}, [{"a": 1}, {"b": 2}, [None, "t"]]),
    ],
)
def test_client_context_is_the_same_in_both_runners(engine: Any, own_process: bool, given: Any, seen: Any) -> None:
    if own_process:
        function = engine.register_function("fn", runner=ProcessRunner("awkward.describe", code_dir=FUNCTIONS))
    else:
        function = engine.register_function("fn", "functions.awkward.describe")
    assert function.invoke({}, client_context=given).payload["client_context"] == seen


def test_metrics_printed_in_the_process_are_in_cloudwatch(engine: Any, sqs: Any, url: str) -> None:
    pytest.importorskip("aws_lambda_powertools")
    sqs.send_message(QueueUrl=url, MessageBody='{"id": 1, "total": 5}')
    runner = ProcessRunner("powertools_orders.handler", code_dir=FUNCTIONS)
    engine.register_function("fn", runner=runner, timeout=20)
    mapping = event_source_mapping(engine, function_response_types=["ReportBatchItemFailures"])
    engine.run_until_idle()
    assert mapping.invocations[0].outcome.payload == {"batchItemFailures": []}
    metrics = engine.client("cloudwatch").list_metrics(Namespace="Orders", MetricName="OrdersCharged")["Metrics"]
    assert [metric["Dimensions"] for metric in metrics] == [[{"Name": "service", "Value": "fn"}]]


def test_node_reports_batch_item_failures(engine: Any, sqs: Any, url: str, tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    (tmp_path / "app.mjs").write_text(
        "export const handler = async ({ Records }) => ({ batchItemFailures: Records\n"
        "  .filter(({ body }) => body === 'bad').map(({ messageId }) => ({ itemIdentifier: messageId })) });\n"
    )
    for body in ("good", "bad"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    runner = ProcessRunner("app.handler", code_dir=tmp_path, runtime="nodejs22.x")
    engine.register_function("fn", runner=runner, timeout=20)
    mapping = event_source_mapping(engine, function_response_types=["ReportBatchItemFailures"])
    engine.run_for(seconds=1)
    assert [invocation.status for invocation in mapping.invocations] == ["partial"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1"


def event_source_mapping(engine: Any, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LambdaWarning)  # Timeouts here are generous, for slow machines.
        return engine.event_source_mapping("orders", "fn", **options)


@needs_linux
def test_processes_end_with_the_engine() -> None:
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=7) as engine:
        runner = ProcessRunner("awkward.echo", code_dir=FUNCTIONS)
        assert engine.register_function("fn", runner=runner).invoke(1).ok
        (sandbox,) = runner._all
    assert is_gone(sandbox.pid)
    assert "0 processes" in repr(runner)


def test_processes_of_a_function_that_is_replaced_end(engine: Any) -> None:
    runner = ProcessRunner("awkward.echo", code_dir=FUNCTIONS)
    engine.register_function("fn", runner=runner).invoke(1)
    engine.register_function("fn", lambda event, context: None)
    assert "0 processes" in repr(runner)
