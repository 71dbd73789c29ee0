"""The fixtures, each used as its users would, in a pytest of their own."""

from __future__ import annotations

import importlib.metadata
import textwrap
import unittest
from pathlib import Path

import pytest

import localsqs
from localsqs import look, testing

pytest_plugins = ["pytester"]


@pytest.fixture
def run(pytester: pytest.Pytester):
    """Runs a test file with the plugin loaded."""

    def run(code: str, *arguments: str) -> pytest.RunResult:
        pytester.makepyfile(textwrap.dedent(code))
        loaded = any(entry.name == "localsqs" for entry in importlib.metadata.entry_points(group="pytest11"))
        plugin = [] if loaded else ["-p", "localsqs.pytest_plugin"]
        return pytester.runpytest_subprocess("-p", "no:cacheprovider", *plugin, *arguments)

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
        ["*orders holds Message(*body='42'*", "*localsqs*", "seed 5, engine time 2026-01-01T00:00:00+00:00"]
    )
    result.stdout.fnmatch_lines(
        ["orders: 1 visible, 0 in flight, 0 delayed, dead letters to orders-dead", "*Sent orders*"]
    )


@pytest.mark.parametrize(
    ("marker", "says"),
    [('clock="fast"', "clock must be one of"), ("speed=1", "has no argument speed"), ("1", "keyword arguments only")],
)
def test_a_marker_that_makes_no_sense(run, marker, says):
    result = run(f"import pytest\n\n@pytest.mark.localsqs({marker})\ndef test_it(sqs): pass\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"*{says}*"])


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
    assert Path(localsqs.__file__).exists()
