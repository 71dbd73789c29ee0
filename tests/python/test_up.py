"""`localsqs up`: what it tells and shows, what it loads again, and the command itself."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import timedelta

import pytest
from http_wire import Wire, json_request

from localsqs import Engine, cli, look
from localsqs._up_session import Session
from localsqs._up_view import LiveView, PlainView, make_view

pytest.importorskip("yaml")

TEMPLATE = """\
Parameters:
  MaxReceives: {Type: Number, Default: 1}
Resources:
  Orders:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: orders
      VisibilityTimeout: 60
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: !Ref MaxReceives}
  Dead: {Type: AWS::SQS::Queue, Properties: {QueueName: dead}}
  Fn:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: fn, Runtime: python3.12, Handler: app.handler, Code: ., Timeout: 10}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {EventSourceArn: !GetAtt Orders.Arn, FunctionName: !Ref Fn}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: dead-letters
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: dead}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
Outputs:
  Url: {Value: !Ref Orders}
"""

APP = """
def handler(event, context):
    for record in event["Records"]:
        work(record["body"])

def work(body):
    if body == "bad":
        raise ValueError("no good")
"""

pytestmark = pytest.mark.filterwarnings("ignore::localsqs.lambda_.warn.LambdaWarning")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


@pytest.fixture
def session(sqs_engine, folder):
    """A session in virtual time, after its start."""
    made = Session(sqs_engine, str(folder / "template.yaml"), stack_name="shop")
    made.start()
    assert made.tick() == []
    return made


def send(engine, *bodies):
    sqs = engine.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)


def texts(news):
    return [each.text for each in news]


# --- What it tells ----------------------------------------------------------------------------------------------------


def test_invocations_are_told_once(session, sqs_engine):
    send(sqs_engine, "a", "b")
    sqs_engine.run_until_idle()
    (news,) = session.tick()
    assert (news.kind, news.text, news.is_bad) == ("invocation", "fn: 2 messages, ok, 0 ms", False)
    assert session.tick() == []


def test_a_failure_is_told_with_the_traceback_of_the_handler(session, sqs_engine, folder):
    send(sqs_engine, "bad")
    sqs_engine.run_for(seconds=1)
    (news,) = session.tick()
    assert news.text == "fn: 1 message, error, 0 ms"
    assert news.is_bad
    assert news.detail.endswith("ValueError: no good")
    files = [line.split('"')[1] for line in news.detail.splitlines() if line.strip().startswith("File")]
    assert files == [str(folder / "app.py")] * 2, "without our own frames"


def test_alarms_are_told_when_they_change(session, sqs_engine):
    sqs_engine.run_for(minutes=2)
    assert texts(session.tick()) == ["alarm dead-letters: INSUFFICIENT_DATA -> OK"]
    send(sqs_engine, "bad")
    sqs_engine.run_for(minutes=5)
    news = session.tick()
    assert texts(news) == ["fn: 1 message, error, 0 ms", "alarm dead-letters: OK -> ALARM"]
    assert [each.at for each in news] == sorted(each.at for each in news)


def test_an_invocation_in_progress_is_told_when_it_ends(session, sqs_engine, folder):
    (folder / "app.py").write_text("from time import sleep\ndef handler(event, context):\n    sleep(5)\n")
    assert texts(session.tick()) == ["fn: app.handler loaded again"]
    send(sqs_engine, "a")
    sqs_engine.run_for(seconds=2)
    assert session.tick() == []
    assert session.snapshot().functions[0].in_progress == 1
    sqs_engine.run_for(seconds=4)
    assert texts(session.tick()) == ["fn: 1 message, ok, 5000 ms"]


def test_what_a_function_writes_in_its_own_process_is_told(sqs_engine, folder):
    pytest.importorskip("awslambdaric")
    (folder / "app.py").write_text("def handler(event, context):\n    print('hello')\n    raise KeyError('x')\n")
    session = Session(sqs_engine, str(folder / "template.yaml"), processes=True)
    session.start()
    send(sqs_engine, "a")
    sqs_engine.run_for(seconds=1)
    (news,) = [each for each in session.tick() if each.kind == "invocation"]
    assert "hello" in news.detail.splitlines()
    assert news.detail.splitlines()[-1] == "KeyError: 'x'"
    (folder / "app.py").write_text("def handler(event, context):\n    print('mended')\n")
    assert texts(session.tick()) == ["fn: app.handler loaded again"]
    sqs_engine.close()


def test_pipes_are_told_too(session, sqs_engine):
    from localsqs.lambda_.pipe import pipe

    url = sqs_engine.client("sqs").create_queue(QueueName="piped")["QueueUrl"]
    pipe(sqs_engine, "piped", lambda records: None)
    sqs_engine.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    sqs_engine.run_until_idle()
    assert "pipe: 1 message, ok, 0 ms" in texts(session.tick())


# --- What it loads again ----------------------------------------------------------------------------------------------


def test_changed_code_is_loaded_again(session, sqs_engine, folder):
    (folder / "app.py").write_text(APP.replace("no good", "no good at all"))
    assert texts(session.tick()) == ["fn: app.handler loaded again"]
    send(sqs_engine, "bad")
    sqs_engine.run_for(seconds=1)
    assert session.tick()[0].detail.endswith("ValueError: no good at all")


def test_broken_code_is_told_and_the_old_goes_on(session, sqs_engine, folder):
    (folder / "app.py").write_text(APP + "\n)")
    (news,) = session.tick()
    assert (news.kind, news.is_bad) == ("problem", True)
    assert "the code from before goes on" in news.text
    assert "SyntaxError" in news.detail
    assert "app.py" in news.detail
    assert session.tick() == []
    send(sqs_engine, "a")
    sqs_engine.run_for(seconds=1)
    assert texts(session.tick()) == ["fn: 1 message, ok, 0 ms"]


def test_a_changed_template_updates_the_stack(session, sqs_engine, folder):
    (folder / "template.yaml").write_text(TEMPLATE.replace("VisibilityTimeout: 60", "VisibilityTimeout: 90"))
    assert texts(session.tick()) == ["stack shop: UPDATE_COMPLETE"]
    sqs = sqs_engine.client("sqs")
    url = sqs.get_queue_url(QueueName="orders")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    assert attributes == {"VisibilityTimeout": "90"}


def test_a_broken_template_is_told_and_the_stack_stays(session, folder):
    (folder / "template.yaml").write_text(TEMPLATE.replace("VisibilityTimeout", "VisibilityTimeoutSeconds"))
    (news,) = session.tick()
    assert "the stack stays as it was" in news.text
    assert "did you mean VisibilityTimeout?" in news.detail
    assert session.tick() == []
    (folder / "template.yaml").unlink()
    assert session.tick() == [], "an editor is about to put it back"


def test_files_are_left_alone_when_asked(sqs_engine, folder):
    session = Session(sqs_engine, str(folder / "template.yaml"), follows_files=False)
    session.start()
    (folder / "app.py").write_text("def handler(event, context): pass\n")
    (folder / "template.yaml").write_text("x")
    assert session.tick() == []


# --- How it stands ----------------------------------------------------------------------------------------------------


def test_snapshot(session, sqs_engine):
    send(sqs_engine, "bad", "good")
    sqs_engine.run_until_idle()
    send(sqs_engine, "a")
    sqs_engine.clock.advance(timedelta(seconds=90))
    session.tick()
    snapshot = session.snapshot()
    assert snapshot.at == sqs_engine.clock.now()
    dead, orders = sorted(snapshot.queues, key=lambda queue: queue.name)
    assert (orders.visible, orders.in_flight, orders.delayed, orders.oldest_s) == (1, 0, 0, 90.0)
    assert not orders.holds_dead_letters
    assert dead.visible == 2
    assert dead.holds_dead_letters
    (function,) = snapshot.functions
    assert (function.name, function.queue, function.failures) == ("fn", "orders", function.invocations)
    assert function.last == "error"
    (alarm,) = snapshot.alarms
    assert (alarm.name, alarm.state) == ("dead-letters", "ALARM")


def test_plain_lines(session, sqs_engine):
    stream = io.StringIO()
    with PlainView(stream) as view:
        view.show(session.tick(), session.snapshot())
        view.show(session.tick(), session.snapshot())
        send(sqs_engine, "bad")
        sqs_engine.run_for(seconds=1)
        view.show(session.tick(), session.snapshot())
    lines = stream.getvalue().splitlines()
    assert lines[0] == "00:00:00  dead: 0 visible; orders: 0 visible"
    assert lines[1] == "00:00:00  fn: 1 message, error, 0 ms", "the queues were not told twice"
    assert lines[-2] == "          ValueError: no good"
    assert lines[-1] == "00:00:01  dead: 0 visible; orders: 0 visible, 1 in flight"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


def test_the_live_view(session, sqs_engine, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "60")
    send(sqs_engine, "bad", "[bold]")
    sqs_engine.run_until_idle()
    sqs_engine.run_for(minutes=2)
    stream = Terminal()
    view = make_view(stream)
    assert isinstance(view, LiveView)
    with view:
        view.show(session.tick(), session.snapshot())
    shown = stream.getvalue()
    for text in ("Queue", "dead (dead letters)", "Function", "orders", "Alarm", "dead-letters", "ALARM", "ValueError"):
        assert text in shown


@pytest.mark.parametrize(
    ("terminal", "plain", "term"), [(False, False, "xterm"), (True, True, "xterm"), (True, False, "dumb")]
)
def test_lines_where_a_live_view_cannot_be(monkeypatch, terminal, plain, term):
    monkeypatch.setenv("TERM", term)
    assert isinstance(make_view(Terminal() if terminal else io.StringIO(), plain=plain), PlainView)


def test_lines_without_rich(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    for name in [name for name in sys.modules if name.partition(".")[0] == "rich"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rich", None)
    stream = Terminal()
    assert isinstance(make_view(stream), PlainView)
    assert "pip install 'localsqs[up]'" in stream.getvalue()


# --- The command ------------------------------------------------------------------------------------------------------


def test_the_command_runs_a_stack_until_it_is_stopped(folder):
    options = ["--port", "0", "--parameter", "MaxReceives=9", "--stack-name", "shop"]
    process = subprocess.Popen(
        [sys.executable, "-m", "localsqs", "up", str(folder / "template.yaml"), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    with process:
        head = process.stdout.readline()
        assert head.startswith("localsqs up: stack shop on http://127.0.0.1:")
        url = process.stdout.readline().removeprefix("  Url = ").strip()
        assert url.startswith("http://127.0.0.1:")
        boto3 = pytest.importorskip("boto3")
        sqs = boto3.client(
            "sqs", endpoint_url=url.rsplit("/", 2)[0], region_name="us-east-1",
            aws_access_key_id="x", aws_secret_access_key="x",
        )  # fmt: skip
        sqs.send_message(QueueUrl=url, MessageBody="good")
        assert any("fn: 1 message, ok" in line for line in iter(process.stdout.readline, ""))
        sqs.send_message(QueueUrl=url, MessageBody="bad")
        assert any("ValueError: no good" in line for line in iter(process.stdout.readline, ""))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 0
    assert out.endswith("stopped\n")
    assert err == ""


@contextmanager
def stack_is_up(template, *options):
    """The URL of the queue, until it is stopped. It is up once the view has told of the queues."""
    command = [sys.executable, "-m", "localsqs", "up", str(template), "--port", "0", "--plain", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        process.stdout.readline()
        url = process.stdout.readline().removeprefix("  Url = ").strip()
        process.stdout.readline()
        yield url
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == 0


def answer(url, operation, **members):
    with Wire(int(url.split(":")[2].partition("/")[0])) as wire:
        got = wire.ask(json_request(operation, {"QueueUrl": url, **members}))
    assert got.status == 200, got.text
    return got.json()


def test_queues_in_a_file_go_on_the_next_time(folder, tmp_path):
    file = folder / "template.yaml"
    options = ["--db", str(tmp_path / "queues.db"), "--durability", "os", "--memory-limit", "1"]
    with stack_is_up(file, *options) as url:
        answer(url, "SendMessage", MessageBody="later", DelaySeconds=900)
    file.write_text(TEMPLATE.replace("VisibilityTimeout: 60", "VisibilityTimeout: 90"))
    with stack_is_up(file, *options) as url:
        attributes = answer(url, "GetQueueAttributes", AttributeNames=["All"])["Attributes"]
        assert attributes["ApproximateNumberOfMessagesDelayed"] == "1"
        assert attributes["VisibilityTimeout"] == "90"
    with Engine(path=tmp_path / "queues.db") as engine:
        assert [message.body for message in look.messages(engine, "orders")] == ["later"]
    # A template that cannot be deployed takes nothing away.
    file.write_text(TEMPLATE.replace("Code: .", "Code: nowhere"))
    assert cli.main(["up", str(file), "--port", "0", *options]) == 1
    with Engine(path=tmp_path / "queues.db") as engine:
        assert [message.body for message in look.messages(engine, "orders")] == ["later"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "VisibilityTimeout:",
            "VisibilityTimeoutSeconds:",
            "Orders, VisibilityTimeoutSeconds: no such property; did you",
        ),
        ("Code: .", "Code: nowhere", "Fn, Code: there is no folder"),
        ("app.handler", "app.handel", "Fn, Handler: Handler 'handel' missing on module 'app'"),
    ],
)
def test_what_is_wrong_with_the_template_is_said_at_the_start(folder, capsys, old, new, message):
    file = folder / "template.yaml"
    file.write_text(TEMPLATE.replace(old, new))
    assert cli.main(["up", str(file), "--port", "0"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"localsqs up: {file}:" in err
    assert message in err


def test_a_template_that_is_not_there(capsys):
    assert cli.main(["up", "nowhere.yaml", "--port", "0"]) == 1
    assert "nowhere.yaml" in capsys.readouterr().err


def test_a_port_that_is_taken(folder, capsys):
    with Engine() as engine, engine.serve() as server:
        port = server.endpoint_url.rpartition(":")[2]
        assert cli.main(["up", str(folder / "template.yaml"), "--port", port]) == 1
    assert "localsqs up: " in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["t.yaml", "--parameter", "x"], ["t.yaml", "--parameter", "=x"]])
def test_what_the_command_line_refuses(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["up", *arguments])
    assert stop.value.code == 2
    assert "usage: localsqs up" in capsys.readouterr().err
