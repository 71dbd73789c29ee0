"""Pictures: the numbers in them. That they read well is for eyes (docs/gallery)."""

from __future__ import annotations

import json

import pytest

np = pytest.importorskip("numpy")
matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

import matplotlib.pyplot as plt  # noqa: E402

from localsqs import plot  # noqa: E402
from localsqs.plot._lives import lives  # noqa: E402
from localsqs.plot._series import flow_of, gauges_of  # noqa: E402
from localsqs.simulation import Constant, Fixed, Flaky, Fleet, Groups, Poisson, run  # noqa: E402

START_NS = 1_767_225_600_000_000_000


@pytest.fixture(autouse=True)
def _no_figures_are_left_open():
    yield
    plt.close("all")


@pytest.fixture
def orders(engine, sqs):
    """A queue with a dead-letter queue; its URL. The visibility timeout is 10 s, maxReceiveCount 2."""
    sqs.create_queue(QueueName="orders-dead")
    policy = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:orders-dead", "maxReceiveCount": 2}
    attributes = {"VisibilityTimeout": "10", "RedrivePolicy": json.dumps(policy)}
    return sqs.create_queue(QueueName="orders", Attributes=attributes)["QueueUrl"]


@pytest.fixture
def story(engine, sqs, orders):
    """`good` is deleted after 4 s in flight; `late` is delayed for 5 s and stays; `bad` dies at 21 s."""
    sqs.send_message(QueueUrl=orders, MessageBody="bad")
    sqs.send_message(QueueUrl=orders, MessageBody="good")
    sqs.send_message(QueueUrl=orders, MessageBody="late", DelaySeconds=5)
    engine.clock.advance(seconds=1)
    _, good = sqs.receive_message(QueueUrl=orders, MaxNumberOfMessages=2)["Messages"]  # 1 s.
    engine.clock.advance(seconds=4)
    sqs.delete_message(QueueUrl=orders, ReceiptHandle=good["ReceiptHandle"])  # 5 s.
    engine.clock.advance(seconds=6)
    sqs.receive_message(QueueUrl=orders)  # 11 s: `bad` again.
    engine.clock.advance(seconds=10)
    sqs.receive_message(QueueUrl=orders)  # 21 s: moves it, and gives `late`.
    engine.clock.advance(seconds=4)
    return engine


def spans(life) -> list[tuple[str, float, float]]:
    return [(span.state, (span.start_ns - START_NS) / 1e9, (span.end_ns - START_NS) / 1e9) for span in life.spans]


# --- Lives ---------------------------------------------------------------------------------------------------------


def test_lives_are_stretches_of_states(story):
    bad, good, late = lives(story, "orders")
    assert spans(good) == [("visible", 0, 1), ("in_flight", 1, 5)]
    assert (good.end, good.end_ns - START_NS) == ("deleted", 5_000_000_000)
    assert spans(bad) == [("visible", 0, 1), ("in_flight", 1, 11), ("in_flight", 11, 21), ("dead", 21, 25)]
    assert (bad.end, bad.dead, len(bad.received_ns)) == (None, True, 2)
    assert spans(late) == [("delayed", 0, 5), ("visible", 5, 21), ("in_flight", 21, 25)]


def test_a_timeout_that_runs_out_makes_a_message_visible(engine, sqs, orders):
    sqs.send_message(QueueUrl=orders, MessageBody="x")
    (message,) = sqs.receive_message(QueueUrl=orders)["Messages"]
    sqs.change_message_visibility(QueueUrl=orders, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=3)
    engine.clock.advance(seconds=8)
    (life,) = lives(engine)
    assert spans(life) == [("in_flight", 0, 3), ("visible", 3, 8)]


def test_purging_ends_lives_of_that_queue_alone(engine, sqs, orders):
    other = sqs.create_queue(QueueName="other")["QueueUrl"]
    sqs.send_message(QueueUrl=orders, MessageBody="x")
    sqs.send_message(QueueUrl=other, MessageBody="y")
    sqs.purge_queue(QueueUrl=orders)
    assert [(life.body, life.end) for life in lives(engine)] == [("x", "purged"), ("y", None)]


def test_a_message_ends_with_its_retention(engine, sqs):
    url = sqs.create_queue(QueueName="short", Attributes={"MessageRetentionPeriod": "60"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    engine.clock.advance(seconds=100)
    (life,) = lives(engine)
    assert (life.end, spans(life)) == ("expired", [("visible", 0, 60)])


# --- Numbers over time ---------------------------------------------------------------------------------------------


def test_gauges_count_states(story):
    gauges = gauges_of(story, "orders")
    at = dict(zip(gauges.time.tolist(), range(len(gauges.time)), strict=True))
    assert {state: gauges.counts[state][at[0.0]] for state in gauges.counts} == {
        "visible": 2, "in_flight": 0, "delayed": 1, "dead": 0,
    }  # fmt: skip
    assert gauges.counts["in_flight"][at[1.0]] == 2
    assert gauges.counts["dead"][at[21.0]] == gauges.counts["dead"][-1] == 1
    # The oldest is `bad` until it dies at 21 s; then `late`, sent at the same time.
    assert gauges.age.max() == pytest.approx(25.0)


def test_the_age_falls_when_the_oldest_goes(engine, sqs, orders):
    for _ in range(2):
        sqs.send_message(QueueUrl=orders, MessageBody="x")
        engine.clock.advance(seconds=5)
    (message,) = sqs.receive_message(QueueUrl=orders)["Messages"]
    sqs.delete_message(QueueUrl=orders, ReceiptHandle=message["ReceiptHandle"])
    engine.clock.advance(seconds=1)
    gauges = gauges_of(engine, "orders")
    assert list(zip(gauges.age_time.tolist(), gauges.age.tolist(), strict=True))[-4:] == [
        (10.0, pytest.approx(10.0)), (10.0, 5.0), (11.0, pytest.approx(6.0)), (11.0, pytest.approx(6.0)),
    ]  # fmt: skip


def test_flow_is_messages_a_second(story):
    flow = flow_of(story, "orders", bucket=5.0)
    assert (flow.rates["sent"] * 5).tolist() == [3, 0, 0, 0, 0]
    assert (flow.rates["received"] * 5).tolist() == [2, 0, 1, 0, 1]
    assert (flow.rates["deleted"] * 5).sum() == 1
    assert (flow.rates["dead"] * 5).tolist() == [0, 0, 0, 0, 1]


# --- Pictures -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def result():
    return run(
        workload=Poisson(3), consumers=Fleet(2), service=Fixed(0.5), failures=[Flaky(0.1)], fifo=True,
        groups=Groups(4), seconds=60, visibility_timeout=5, max_receive_count=3, history_limit=100_000,
        attempt_limit=1_000,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["messages", "depth", "age", "throughput", "retries"])
def test_every_picture_of_an_engine_says_what_it_shows(story, name):
    ax = getattr(plot, name)(story, "orders")
    assert "orders" in ax.get_title(loc="left")
    assert ax.get_xlabel()
    assert ax.get_ylabel() or name == "messages"


@pytest.mark.parametrize("name", ["messages", "depth", "age", "throughput", "retries", "groups", "consumers"])
def test_every_picture_of_a_result(result, name):
    ax = getattr(plot, name)(result)
    ax.figure.canvas.draw()
    assert ax.get_title(loc="left")


@pytest.mark.parametrize("name", ["messages", "depth", "age", "throughput", "retries", "groups"])
def test_an_empty_engine_gives_an_empty_picture(engine, name):
    ax = getattr(plot, name)(engine)
    ax.figure.canvas.draw()


def test_pictures_go_where_they_are_told(story):
    _, (left, right) = plt.subplots(1, 2)
    assert plot.depth(story, ax=left) is left
    assert plot.age(story, ax=right, limit=10) is right


def test_messages_has_a_row_a_message_up_to_the_limit(story):
    assert [label.get_text() for label in plot.messages(story).get_yticklabels()] == ["bad", "good", "late"]
    ax = plot.messages(story, limit=2)
    assert len(ax.get_yticklabels()) == 2
    assert "first 2 of 3" in ax.get_title(loc="left")


def test_retries_counts_receives(story):
    ax = plot.retries(story, "orders")
    heights = {round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in ax.patches if bar.get_height()}
    assert heights == {1: 1, 2: 1}  # `good` and `late` at 1, one upon the other; `bad` at 2.
    assert sorted(text.get_text() for text in ax.texts) == ["1", "2"]


def test_consumers_has_a_lane_a_consumer_and_colours_failures(result):
    ax = plot.consumers(result)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["consumer 0", "consumer 1"]
    assert len({bar.get_facecolor() for bar in ax.patches}) == 2


def test_consumers_takes_rows(result):
    ax = plot.consumers([("a", 0.0, 1.0, None, False), ("b", 0.5, 2.0, "x", True)])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]


def test_consumers_needs_attempts():
    with pytest.raises(ValueError, match="attempt_limit"):
        plot.consumers(run(workload=Constant(1), seconds=10))


def test_what_has_no_history_is_refused():
    with pytest.raises(TypeError, match="an engine"):
        plot.messages(7)


def test_a_tradeoff_marks_what_no_other_beats():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({
        "pollers": [1, 2, 3, 4], "sent": [9] * 4, "age_of_oldest_p99_s": [8.0, 4.0, 5.0, 1.0],
        "usd_per_million": [1.0, 2.0, 3.0, 4.0], "duplicates": [0, 1, 2, 3],
    })  # fmt: skip
    ax = plot.tradeoff(table)
    assert ax.lines[0].get_xdata().tolist() == [1.0, 4.0, 8.0]
    assert {text.get_text() for text in ax.texts} >= {"1", "2", "4"}
    assert "pollers" in ax.get_title(loc="left")


def test_matplotlib_is_imported_on_use_only():
    import subprocess
    import sys

    code = "import sys, localsqs.plot; assert 'matplotlib' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_there_is_what_it_lists():
    assert sorted(plot.__all__) == sorted(name for name in dir(plot) if name in plot._HOME)
    for name in plot.__all__:
        assert callable(getattr(plot, name))
    with pytest.raises(AttributeError, match="pie"):
        _ = plot.pie


def test_consumers_shows_the_invocations_of_a_mapping(engine, sqs, url):
    import time

    def handler(event, context):
        time.sleep(2)
        if "bad" in event["Records"][0]["body"]:
            raise RuntimeError

    mapping = engine.event_source_mapping("orders", handler, batch_size=1, timeout=5)
    for body in ("good", "bad", "good"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    engine.run_for(seconds=20)
    ax = plot.consumers(mapping)
    assert len(ax.patches) == 3
    assert [text.get_text() for text in ax.figure.axes[0].get_legend().get_texts()] == ["handled", "failed"]
