"""The fixtures, each used as its users would, in a pytest of their own."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import textwrap
import unittest
from datetime import timedelta

import pytest

import localsqs
from localsqs import look, testing

pytest_plugins = ["pytester"]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    """Runs a test file in this process, with this plugin and no other."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(code: str) -> pytest.RunResult:
        pytester.makepyfile(textwrap.dedent(code))
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-p", "localsqs.pytest_plugin")

    return run


def test_the_fixtures_and_the_marker(run):
    result = run("""
        import asyncio, datetime, time, urllib.request
        import pytest

        def test_native(sqs, sqs_clock, sqs_queue):
            queue = sqs_queue("orders", dead_letter=True, max_receive_count=2, VisibilityTimeout=300)
            queue.send("42", DelaySeconds=5)
            assert (queue.visible, queue.in_flight, queue.delayed) == (0, 0, 1)
            sqs_clock.advance(seconds=5)
            for times in (1, 2):
                assert sqs.receive_message(QueueUrl=queue.url)["Messages"]
                assert [message.state for message in queue.messages] == ["in_flight"]
                queue.assert_received_times(times, body="42")
                queue.wait_until(lambda q: q.visible == 1)
            assert queue.receive() == []
            queue.assert_empty()
            [dead] = queue.dead_letter.messages
            assert (dead.body, dead.dead_letter_source_arn) == ("42", queue.arn)

        def test_fifo(sqs_queue):
            queue = sqs_queue("orders", fifo=True)
            queue.send("a"), queue.send("b"), queue.send("a")
            assert queue.name == "orders.fifo" and queue.bodies == ["a", "b"]

        def test_boto3(mock_sqs, sqs_queue):
            boto3 = pytest.importorskip("boto3")
            queue = sqs_queue()
            boto3.client("sqs", region_name="us-east-1").send_message(QueueUrl=queue.url, MessageBody="a")
            assert queue.bodies == ["a"]

        def test_server(sqs_server, sqs_queue):
            sqs_queue("orders")
            answer = urllib.request.urlopen(sqs_server.endpoint_url + "/?Action=ListQueues").read()
            assert b"/orders" in answer

        @pytest.mark.localsqs(seed=7, start=datetime.datetime(2030, 1, 1), clock="manual")
        def test_marker(sqs_engine, sqs_clock):
            assert sqs_engine.seed == 7 and sqs_clock.now().year == 2030

        @pytest.mark.localsqs(clock="system")
        def test_system_clock(sqs_clock):
            assert not hasattr(sqs_clock, "advance")

        def test_sleep(sqs_clock):
            sqs_clock.patch_sleep()
            begin, real = sqs_clock.now(), time.monotonic()
            time.sleep(3600)
            asyncio.run(asyncio.sleep(3600))
            assert (sqs_clock.now() - begin).total_seconds() == 7200 and time.monotonic() - real < 60

        def test_sleep_is_back():
            assert time.sleep.__module__ != "localsqs._sleep"
    """)
    result.assert_outcomes(passed=8)
    result.stdout.fnmatch_lines(["*localsqs: " + localsqs.__version__])


def test_a_failed_test_tells_what_is_in_the_queues(run):
    result = run("""
        import pytest

        @pytest.mark.localsqs(seed=5)
        def test_it(sqs_queue):
            queue = sqs_queue("orders", dead_letter=True)
            queue.send("42")
            assert queue == None
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*orders holds '42': visible, received 0 times",
            "*localsqs*",
            "seed 5, engine time 2026-01-01T00:00:00+00:00",
        ]
    )
    result.stdout.fnmatch_lines(
        ["orders: 1 visible, 0 in flight, 0 delayed, dead letters to orders-dead", "*Sent orders*"]
    )


def test_markers_that_make_no_sense(run):
    result = run("""
        import pytest

        @pytest.mark.localsqs(clock="fast")
        def test_clock(sqs): pass

        @pytest.mark.localsqs(speed=1)
        def test_unknown(sqs): pass

        @pytest.mark.localsqs(1)
        def test_positional(sqs): pass
    """)
    result.assert_outcomes(errors=3)
    says = ["*clock must be one of*", "*has no argument speed*", "*keyword arguments only*"]
    result.stdout.fnmatch_lines(says)


def test_a_failed_comparison_of_queues_says_what_differs(run):
    result = run("""
        import pytest

        @pytest.fixture
        def queue(sqs_queue):
            queue = sqs_queue("orders")
            queue.send("a"), queue.send("b"), queue.receive(MaxNumberOfMessages=1)
            return queue

        def test_equal(queue, sqs_queue):
            other = sqs_queue("other")
            other.send("a"), other.send("b")
            assert queue == ["a", "b"] == queue
            assert queue == other

        def test_a_list(queue):
            assert queue == ["b", "c", "c"]

        def test_the_order(queue):
            assert queue == ["b", "a"]

        def test_two_queues(queue, sqs_queue):
            assert queue == sqs_queue("other")
    """)
    result.assert_outcomes(passed=1, failed=3)
    for differences in (
        ["*2 messages in orders, 3 in the list", "*only in orders: 'a'", "*only in the list: 'c', 'c'"],
        ["*the same in another order, first at 0: 'a' != 'b'"],
        [
            "*2 messages in orders, 0 in other",
            "*only in orders: 'a', 'b'",
            "*holds 'a': in_flight, *",
            "*other is empty",
        ],
    ):
        result.stdout.fnmatch_lines(differences)


def test_loops_that_never_end_are_stopped(run):
    result = run("""
        import contextlib, time, urllib.request
        import pytest

        pytestmark = pytest.mark.localsqs(limit=3600)

        def for_ever(call, **arguments):
            while True:
                with contextlib.suppress(Exception):
                    call(**arguments)

        def test_native(sqs, sqs_queue):
            for_ever(sqs.receive_message, QueueUrl=sqs_queue("orders").url, WaitTimeSeconds=20)

        def test_boto3(mock_sqs, sqs_queue):
            boto3 = pytest.importorskip("boto3")
            sqs = boto3.client("sqs", region_name="us-east-1")
            for_ever(sqs.receive_message, QueueUrl=sqs_queue("orders").url, WaitTimeSeconds=20)

        def test_sleep(sqs_clock):
            sqs_clock.patch_sleep()
            for_ever(lambda: time.sleep(0.1))

        def test_server(sqs_server, sqs_queue):
            sqs_queue("orders")
            url = "http%3A%2F%2F127.0.0.1%2F000000000000%2Forders"
            request = f"{sqs_server.endpoint_url}/?Action=ReceiveMessage&QueueUrl={url}&WaitTimeSeconds=20"
            try:
                while True:
                    urllib.request.urlopen(request).close()
            except urllib.error.HTTPError as error:
                error.close()
                raise

        @pytest.mark.localsqs(limit=None)
        def test_no_limit(sqs, sqs_queue, sqs_clock):
            url = sqs_queue("orders").url
            for _ in range(200):
                sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    """)
    result.assert_outcomes(passed=1, failed=4)
    result.stdout.fnmatch_lines(
        [
            "*WaitLimitReached: a loop that never ends? *",
            "*0:30:00 of engine time have passed *; of the last 91 effects: 90 empty receives of orders",
            "*orders: 0 visible, 0 in flight, 0 delayed",
            "*ReceivedNothing orders",
            "*If it is to go on longer: *limit=*",
            "*test_boto3*",
            "*90 empty receives of orders",
            "*test_sleep*",
            "*Sleeps and long polls have moved the ManualClock as far as they may*",
            "*test_server*",
            "*HTTP Error 500*",
            "*waits have moved the clock as far as its limit lets them*",
        ]
    )


def test_a_loop_of_short_polls_that_never_ends(run):
    result = run("""
        import pytest

        @pytest.mark.localsqs(poll_limit=0)
        def test_native(sqs, sqs_queue):
            url = sqs_queue("orders").url
            while True:
                sqs.receive_message(QueueUrl=url)
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*WaitLimitReached: a loop that never ends? *receives in a row found nothing*"])


def test_sleeps_are_put_back_after_the_test(run):
    result = run("""
        import sys, time

        real = time.sleep

        def test_patched_twice(sqs_clock):
            first = sqs_clock.patch_sleep()
            sqs_clock.patch_sleep()
            with sqs_clock.patch_sleep():
                time.sleep(60)
            first.stop()  # Not the one that is in place: it stays.
            time.sleep(60)
            assert sqs_clock.now().minute == 2

        def test_put_back():
            import asyncio

            assert time.sleep is real
            assert asyncio.sleep.__module__ == "asyncio.tasks"
    """)
    result.assert_outcomes(passed=2)


def test_the_limit_of_all_tests(run, pytester):
    test = """
        def test_it(sqs, sqs_queue):
            url = sqs_queue("orders").url
            for _ in range(3000):
                sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    """
    for days, outcome in (("0.5", "failed"), ("many", "errors")):
        pytester.makeini(f"[pytest]\nlocalsqs_limit_days = {days}")
        result = run(test)
        result.assert_outcomes(**{outcome: 1})
    result.stdout.fnmatch_lines(["*localsqs_limit_days must be a number of days or none, not 'many'"])


def test_beside_xdist_asyncio_and_randomly(pytester):
    for plugin in ("xdist", "pytest_asyncio", "pytest_randomly", "boto3"):
        pytest.importorskip(plugin)
    pytester.makepyfile("""
        import asyncio, random, urllib.request
        import boto3, pytest

        def client():
            return boto3.client("sqs", region_name="us-east-1")

        @pytest.mark.parametrize("number", range(6))
        def test_engines_and_ports_are_apart(sqs_server, sqs_queue, number):
            queue = sqs_queue("orders")
            queue.send(str(number))
            assert queue == [str(number)]
            answer = urllib.request.urlopen(sqs_server.endpoint_url + "/?Action=ListQueues").read()
            assert answer.count(b"<QueueUrl>") == 1

        @pytest.mark.parametrize("number", range(6))
        def test_ids_are_those_of_the_seed(sqs_queue, number):
            random.random()
            assert sqs_queue("orders").send("a") == "ID"

        @pytest.mark.asyncio
        @pytest.mark.parametrize("number", range(3))
        async def test_boto3_in_threads(mock_sqs, number):
            sqs = client()
            url = (await asyncio.to_thread(sqs.create_queue, QueueName="orders"))["QueueUrl"]
            poll = asyncio.create_task(asyncio.to_thread(sqs.receive_message, QueueUrl=url))
            assert "Messages" not in await poll
            await asyncio.gather(*(asyncio.to_thread(sqs.send_message, QueueUrl=url, MessageBody=b) for b in "abc"))
            [state] = [len(mock_sqs.history(kind="Sent"))]
            assert state == 3

        @pytest.mark.asyncio
        async def test_sleep(sqs_clock):
            sqs_clock.patch_sleep()
            before = sqs_clock.now()
            await asyncio.sleep(86_400)
            assert (sqs_clock.now() - before).days == 1
    """)
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=1) as engine:
        message_id = testing.make_queue(engine, "orders").send("a")
    [path] = pytester.path.glob("test_*.py")
    path.write_text(path.read_text(encoding="utf-8").replace("ID", message_id), encoding="utf-8")
    # Loaded by its entry point, as the others are; or, where localsqs is on the path and not installed, by its name.
    installed = any(entry.name == "localsqs" for entry in importlib.metadata.entry_points(group="pytest11"))
    plugin = [] if installed else ["-p", "localsqs.pytest_plugin"]
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", *plugin, "-n", "2", "--randomly-seed=1")
    result.assert_outcomes(passed=16)
    result.stdout.fnmatch_lines(["*localsqs: " + localsqs.__version__])


def test_unittest_in_pytest(run):
    result = run("""
        import unittest
        import boto3, pytest
        from localsqs.testing import SqsTestCase

        @pytest.mark.usefixtures("mock_sqs")
        class WithTheFixture(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def _take(self, sqs_queue):
                self.sqs_queue = sqs_queue

            def test_it(self):
                queue = self.sqs_queue("orders")
                boto3.client("sqs", region_name="us-east-1").send_message(QueueUrl=queue.url, MessageBody="a")
                self.assertEqual(queue.bodies, ["a"])

        class WithTheClass(SqsTestCase):
            seed = 9

            def test_it(self):
                self.queue("orders").send("42")
                self.assertTrue(False)
    """)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*localsqs*", "seed 9, engine time *", "orders: 1 visible, 0 in flight, 0 delayed"])


def test_unused_it_loads_nothing_but_the_core():
    code = "import sys, json, localsqs.pytest_plugin; json.dump(sorted(sys.modules), sys.stdout)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(json.loads(done.stdout))
    ours = {name for name in loaded if name.startswith("localsqs")}
    assert ours <= {"localsqs", "localsqs._core", "localsqs.clock", "localsqs.engine", "localsqs.pytest_plugin"}
    assert loaded.isdisjoint({"botocore", "boto3", "asyncio", "pandas"})


def test_assertions_of_a_queue():
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=1) as engine:
        queue = testing.make_queue(engine, "orders")
        assert bool(queue)
        assert repr(queue) == "<Queue orders: 0 visible, 0 in flight, 0 delayed>"
        queue.assert_empty()
        with pytest.raises(AssertionError, match="no such message was sent"):
            queue.assert_received_times(1)
        queue.send("a")
        queue.receive()
        with pytest.raises(AssertionError, match=r"orders: 0 visible, 1 in flight(.|\n)*in_flight: 'a', received 1"):
            queue.assert_empty()
        queue.assert_received_times(1)
        with pytest.raises(AssertionError, match=r"not received 2 times:\n .* 'a': 1 times"):
            queue.assert_received_times(2)
        with pytest.raises(AssertionError, match=r"still not after 0:01:00 of engine time\nseed 1"):
            queue.wait_until(lambda q: len(q) == 5, timeout=60)
    with localsqs.Engine() as engine, pytest.raises(TypeError, match="clock that can be moved"):
        testing.make_queue(engine).wait_until(lambda _: True)


def test_a_queue_shows_its_messages_in_every_state():
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=1) as engine:
        queue = testing.make_queue(engine, "orders", dead_letter=True, max_receive_count=1, VisibilityTimeout=60)
        queue.send("received")
        queue.receive()
        queue.send("visible")
        queue.send("delayed", DelaySeconds=30)
        before = engine.dump(), engine.usage()
        states = [(message.body, message.state, message.receive_count) for message in queue.messages]
        assert states == [("received", "in_flight", 1), ("visible", "visible", 0), ("delayed", "delayed", 0)]
        now = engine.clock.now()
        assert [message.visible_at and message.visible_at - now for message in queue.messages] == [
            timedelta(seconds=60),
            None,
            timedelta(seconds=30),
        ]
        assert (queue.visible, queue.in_flight, queue.delayed, len(queue)) == (1, 1, 1, 3)
        assert (engine.dump(), engine.usage()) == before  # A look changes nothing and costs nothing.
        queue.wait_until(lambda q: q.visible == 3)
        assert engine.clock.now() - now == timedelta(seconds=60)
        assert [message["Body"] for message in queue.receive()] == ["visible", "delayed"]
        assert [message.body for message in queue.dead_letter.messages] == ["received"]
        assert queue != queue.dead_letter
        assert queue == ("visible", "delayed")


def test_a_look_pages_and_says_what_is_wrong():
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=1) as engine:
        queue = testing.make_queue(engine, "orders")
        for _ in range(250):
            queue._sqs.send_message_batch(
                QueueUrl=queue.url, Entries=[{"Id": str(n), "MessageBody": str(n)} for n in range(10)]
            )
        assert len(look.messages(engine, "orders")) == 2500
        assert look.messages(engine, "orders", state="delayed") == []
        with pytest.raises(KeyError):
            look.messages(engine, "nowhere")
        with pytest.raises(ValueError, match="state"):
            look.messages(engine, "orders", state="lost")


class TestCase(testing.SqsTestCase):
    def test_it(self) -> None:
        queue = self.queue("orders")
        queue.send("a")
        self.clock.advance(minutes=1)
        assert queue.bodies == ["a"]

    def test_boto3(self) -> None:
        boto3 = pytest.importorskip("boto3")
        engine = self.mock_boto3()
        boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="orders")
        assert [queue.name for queue in look.queues(engine)] == ["orders"]


def test_the_test_case_without_pytest():
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(TestCase).run(result)
    assert (result.testsRun, result.failures, result.errors) == (2, [], [])
