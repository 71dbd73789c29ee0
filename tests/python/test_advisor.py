"""The advisor: each rule on both sides of its border, and what an engine, a mapping and a scenario tell it."""

from __future__ import annotations

import json

import pytest

from localsqs import advisor
from localsqs._advisor_rules import RULES
from localsqs.advisor import Setup, advise

LAMBDA = {"mapping": True, "function_timeout": 10.0}

# (rule, severity, what sets it off, what does not)
BORDERS = [
    ("shorter_than_the_work", "error", {"visibility_timeout": 45, "handler_seconds": 45}, {"visibility_timeout": 46}),
    ("shorter_than_the_work", "error", {"visibility_timeout": 30, "handler_seconds": 3, "batch": 10}, {"batch": 9}),
    ("much_longer_than_the_work", "note", {"visibility_timeout": 600, "handler_seconds": 1},
     {"visibility_timeout": 599}),
    ("shorter_than_six_function_timeouts", "warning", {**LAMBDA, "visibility_timeout": 59}, {"visibility_timeout": 60}),
    ("shorter_than_six_function_timeouts", "warning", {**LAMBDA, "visibility_timeout": 64, "window": 5},
     {"visibility_timeout": 65}),
    ("shorter_than_six_function_timeouts", "error", {**LAMBDA, "visibility_timeout": 9}, {"visibility_timeout": 60}),
    ("retention_ends_before_the_dead_letter_queue", "error",
     {"visibility_timeout": 3_600, "max_receive_count": 24, "retention": 86_400}, {"max_receive_count": 23}),
    ("no_dead_letter_queue", "warning", {"has_dead_letter_queue": False}, {"has_dead_letter_queue": True}),
    ("no_dead_letter_queue", "warning", {"has_dead_letter_queue": False}, {"is_dead_letter_queue": True}),
    ("dead_letters_expire_too_soon", "warning", {"retention": 86_400, "dead_letter_retention": 86_400},
     {"dead_letter_retention": 86_401}),
    ("dead_letters_expire_too_soon", "warning", {"fifo": True, "retention": 86_400, "dead_letter_retention": 86_399},
     {"dead_letter_retention": 86_400}),
    ("few_receives", "error", {"mapping": True, "max_receive_count": 1}, {"max_receive_count": 5}),
    ("few_receives", "warning", {"mapping": True, "max_receive_count": 4}, {"max_receive_count": 5}),
    ("few_receives", "warning", {"max_receive_count": 1}, {"max_receive_count": 2}),
    ("one_group", "warning", {"fifo": True, "groups": 1}, {"groups": 2}),
    ("fewer_groups_than_pollers", "note", {"fifo": True, "groups": 3, "pollers": 4}, {"pollers": 3}),
    ("fifo_quota", "warning", {"fifo": True, "rate": 301}, {"rate": 300}),
    ("fifo_quota", "error", {"fifo": True, "rate": 3_001}, {"rate": 300}),
    ("too_few_consumers", "error", {"rate": 20, "handler_seconds": 0.5, "pollers": 10}, {"pollers": 13}),
    ("too_few_consumers", "warning", {"rate": 20, "handler_seconds": 0.5, "pollers": 12}, {"pollers": 13}),
    ("too_few_consumers", "error", {"fifo": True, "rate": 4, "handler_seconds": 0.5, "pollers": 10, "groups": 2},
     {"groups": 3}),
    ("short_polling", "note", {"wait_time": 0}, {"wait_time": 1}),
    ("short_polling", "note", {"wait_time": 0}, {"mapping": True}),
    ("short_polling", "note", {"wait_time": 0, "receives": 10, "empty_receives": 6}, {"empty_receives": 5}),
    ("whole_batches_fail", "warning", {"mapping": True, "batch": 10}, {"report_batch_item_failures": True}),
    ("whole_batches_fail", "warning", {"mapping": True, "batch": 10}, {"batch": 1}),
    ("throttled_after_the_receive", "warning", {"mapping": True, "reserved_concurrency": 5},
     {"maximum_concurrency": 5}),
    ("throttled_after_the_receive", "warning", {"mapping": True, "reserved_concurrency": 5, "maximum_concurrency": 6},
     {"maximum_concurrency": 5}),
]  # fmt: skip
BY_NAME = {rule.__name__: rule for rule in RULES}


@pytest.mark.parametrize(("name", "severity", "wrong", "change"), BORDERS)
def test_a_rule_speaks_on_one_side_of_its_border(name, severity, wrong, change):
    advice = BY_NAME[name](Setup(queue="orders", **wrong))
    assert advice.severity == severity
    assert advice.queue == "orders"
    assert "spec" in advice.source or "theory" in advice.source
    assert BY_NAME[name](Setup(queue="orders", **{**wrong, **change})) is None


def test_every_rule_has_a_border():
    assert {name for name, *_ in BORDERS} == set(BY_NAME)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_that_knows_nothing_says_nothing(rule):
    assert rule(Setup()) is None


def test_plain_numbers_are_enough():
    (advice,) = advise(visibility_timeout=30, handler_seconds=45)
    assert "shorter than the work" in advice.problem
    assert "45 s" in str(advice)


def test_the_gravest_comes_first():
    found = advise(visibility_timeout=30, handler_seconds=45, wait_time=0, has_dead_letter_queue=False)
    assert [advice.severity for advice in found] == ["error", "warning", "note"]


def test_a_good_setup_gets_no_advice():
    queue = Setup(visibility_timeout=30, wait_time=20, max_receive_count=5, retention=345_600)
    found = advise(
        queue, handler_seconds=2, rate=2, pollers=8, has_dead_letter_queue=True, dead_letter_retention=1_209_600
    )
    assert found == ()
    assert "Nothing to complain about" in str(found)
    assert "Nothing to complain about" in found._repr_html_()


@pytest.fixture
def orders(sqs):
    sqs.create_queue(QueueName="orders-dead")
    policy = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:orders-dead", "maxReceiveCount": 1}
    return sqs.create_queue(QueueName="orders", Attributes={"RedrivePolicy": json.dumps(policy)})["QueueUrl"]


def test_an_engine_tells_what_it_knows(engine, sqs, orders):
    for _ in range(5):
        sqs.receive_message(QueueUrl=orders)
    found = advise(engine, queue="orders")
    assert {(advice.severity, advice.queue) for advice in found} == {("warning", "orders"), ("note", "orders")}
    texts = str(found)
    assert "maxReceiveCount is 1" in texts
    assert "keeps messages for 4 days, the queue itself for 4 days" in texts
    assert "5 of 5 receives brought nothing" in texts


def test_a_dead_letter_queue_needs_no_other(engine, orders):
    assert not [advice for advice in advise(engine) if advice.queue == "orders-dead"]


def test_one_group_is_seen_in_the_history(engine, sqs, fifo_url):
    for number in range(10):
        sqs.send_message(QueueUrl=fifo_url, MessageBody=str(number), MessageGroupId="only")
    assert "one message group" in str(advise(engine, queue="orders.fifo"))
    sqs.send_message(QueueUrl=fifo_url, MessageBody="x", MessageGroupId="other")
    assert "one message group" not in str(advise(engine, queue="orders.fifo"))


def test_what_is_said_overrides_what_is_seen(engine, orders):
    assert "shorter than the work" in str(advise(engine, queue="orders", handler_seconds=31))
    assert "shorter than the work" not in str(advise(engine, queue="orders", handler_seconds=31, visibility_timeout=99))


@pytest.mark.filterwarnings("ignore::localsqs.lambda_.warn.LambdaWarning")
def test_a_mapping_tells_of_its_function(engine, orders):
    mapping = engine.event_source_mapping("orders", lambda event, context: None, timeout=10, reserved_concurrency=2)
    for source in (mapping, engine):
        text = str(advise(source))
        assert "error: orders: maxReceiveCount is 1" in text
        assert "less than six times the function's timeout (10 s)" in text
        assert "without ReportBatchItemFailures" in text
        assert "The function may run 2 times at once" in text
        assert "polled short" not in text


def test_a_scenario_tells_its_load():
    pytest.importorskip("numpy")
    from localsqs.simulation import Fixed, Fleet, Lambda, Poisson, Scenario

    fleet = Scenario(workload=Poisson(10), consumers=Fleet(4), service=Fixed(0.5), visibility_timeout=1, fifo=True)
    text = str(advise(fleet))
    assert "keep 5 consumers busy; there are 1" in text
    assert "one message group" in text
    assert "Batches of up to 10" in str(advise(fleet.replace(fifo=False, consumers=Lambda())))


def test_what_it_cannot_look_at_is_refused():
    with pytest.raises(TypeError, match="an engine"):
        advise(7)
    with pytest.raises(TypeError, match="colour"):
        advise(colour="red")


def test_a_report_is_a_table_without_script():
    html = advise(Setup(queue="<b>"), visibility_timeout=1, handler_seconds=2)._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<script" not in html
    assert advisor.__all__
