"""engine.faults: what goes wrong on purpose, and how it is set."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

import localsqs
from localsqs import errors


def send(sqs, url, count):
    for i in range(count):
        sqs.send_message(QueueUrl=url, MessageBody=str(i))


def receive(sqs, url, **more):
    return [m["Body"] for m in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, **more).get("Messages", [])]


def code(call) -> str | None:
    try:
        call()
    except errors.ClientError as error:
        return error.response["Error"]["Code"]
    return None


def test_all_are_off_at_first(engine):
    assert engine.faults.as_dict() == {
        "duplicate": 0.0,
        "reorder": 0.0,
        "sample": 0.0,
        "forget_delete": 0.0,
        "throttle": 0.0,
        "in_flight_max": None,
        "fifo_quotas": False,
        "latency_seconds": 0.0,
    }
    assert repr(engine.faults) == "<Faults: none>"


def test_setting_and_reset(engine):
    faults = engine.faults
    faults.duplicate = 1
    faults.in_flight_max = 5
    faults.fifo_quotas = True
    assert (faults.duplicate, engine.faults.in_flight_max, engine.faults.fifo_quotas) == (1.0, 5, True)
    assert repr(faults) == "<Faults: duplicate=1.0, in_flight_max=5, fifo_quotas=True>"
    faults.in_flight_max = None
    assert faults.in_flight_max is None
    faults.reset()
    assert repr(engine.faults) == "<Faults: none>"


@pytest.mark.parametrize("name", ["duplicate", "reorder", "sample", "forget_delete", "throttle"])
@pytest.mark.parametrize("chance", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_chance_is_from_0_to_1(engine, name, chance):
    with pytest.raises(ValueError, match=f"^{name} must be from 0 to 1, not "):
        setattr(engine.faults, name, chance)
    assert getattr(engine.faults, name) == 0.0


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("throttle", "often", TypeError),
        ("throttle", True, TypeError),
        ("in_flight_max", 1.5, TypeError),
        ("in_flight_max", -1, ValueError),
        ("in_flight_max", 2**31, ValueError),
        ("latency_seconds", -1, ValueError),
        ("latency_seconds", None, TypeError),
        ("duplicates", 0.5, AttributeError),
    ],
)
def test_values_and_names_are_checked(engine, name, value, error):
    with pytest.raises(error):
        setattr(engine.faults, name, value)


def test_faults_are_not_replaced_as_a_whole(engine):
    with pytest.raises(AttributeError, match=r"engine\.faults\.duplicate = "):
        engine.faults = None


def test_duplicate_delivers_again(engine, sqs, url):
    send(sqs, url, 1)
    engine.faults.duplicate = 1
    assert receive(sqs, url) == ["0"]
    engine.faults.reset()
    assert receive(sqs, url) == ["0"]
    assert receive(sqs, url) == []


def test_reorder_keeps_every_message(engine, sqs, url):
    send(sqs, url, 10)
    engine.faults.reorder = 1
    got = receive(sqs, url)
    while more := receive(sqs, url):
        got += more
    assert got != [str(i) for i in range(10)]
    assert sorted(got) == [str(i) for i in range(10)]


def test_sample_finds_fewer_on_short_polls_and_all_in_the_end(engine, sqs, url):
    send(sqs, url, 50)
    engine.faults.sample = 1
    first = receive(sqs, url)
    assert len(first) < 10
    engine.faults.reset()
    rest = []
    while more := receive(sqs, url):
        rest += more
    assert sorted(first + rest) == sorted(str(i) for i in range(50))


def test_forget_delete_answers_success_and_the_message_comes_back(engine, sqs, url):
    send(sqs, url, 1)
    engine.faults.forget_delete = 1
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    engine.clock.advance(seconds=30)
    assert receive(sqs, url) == ["0"]
    assert engine.history(kind="DeleteIgnored")[0].details["forgotten"] is True


def test_throttle(engine, sqs, url):
    engine.faults.throttle = 1
    with pytest.raises(sqs.exceptions.RequestThrottled) as raised:
        sqs.send_message(QueueUrl=url, MessageBody="a")
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_in_flight_max_is_over_limit_or_empty(engine, sqs, url, fifo_url):
    engine.faults.in_flight_max = 2
    send(sqs, url, 3)
    for i in range(3):
        sqs.send_message(QueueUrl=fifo_url, MessageBody=str(i), MessageGroupId=str(i))
    assert len(receive(sqs, url)) == 2
    assert code(lambda: receive(sqs, url)) == "OverLimit"
    assert len(receive(sqs, fifo_url)) == 2
    assert receive(sqs, fifo_url) == []


def test_fifo_quotas(engine, sqs, fifo_url):
    def calls_until_throttled() -> int:
        for count in range(1000):
            if code(lambda: sqs.receive_message(QueueUrl=fifo_url)) == "RequestThrottled":
                return count
        return 1000

    assert calls_until_throttled() == 1000
    engine.faults.fifo_quotas = True
    assert calls_until_throttled() == 300
    engine.clock.advance(seconds=1)
    assert calls_until_throttled() == 300


def test_latency_passes_on_the_engines_clock(engine, sqs, url):
    engine.faults.latency_seconds = 3600
    before, real_before = engine.clock.now(), time.monotonic()
    sqs.send_message(QueueUrl=url, MessageBody="a")
    assert engine.clock.now() - before == timedelta(hours=1)
    assert time.monotonic() - real_before < 60


def test_one_seed_gives_the_same_faults():
    def outcomes(seed: int) -> list[str | None]:
        engine = localsqs.Engine(clock=localsqs.ManualClock(), seed=seed)
        sqs = engine.client("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        engine.faults.throttle = 0.5
        return [code(lambda: sqs.send_message(QueueUrl=url, MessageBody="a")) for _ in range(50)]

    assert outcomes(1) == outcomes(1) != outcomes(2)
    assert set(outcomes(1)) == {None, "RequestThrottled"}
