"""The simulation: what it counts, what it draws, and that a seed decides everything."""

from __future__ import annotations

import dataclasses

import pytest

np = pytest.importorskip("numpy")

from localsqs.simulation import (  # noqa: E402
    Bursts,
    Constant,
    DailyCurve,
    Empirical,
    Exponential,
    Fixed,
    Flaky,
    Fleet,
    Groups,
    Lambda,
    LogNormal,
    Outage,
    Poison,
    Poisson,
    Scenario,
    SlowDependency,
    Trace,
    run,
    sweep,
)

SMALL = Scenario(workload=Poisson(5), consumers=Fleet(2), service=Exponential(0.2), seconds=300, seed=3)


def equal(one, other) -> bool:
    """Whether two results are the same in every number."""
    arrays = [(a, getattr(b, name)) for b, x in ((other.messages, one.messages), (other.timeline, one.timeline))
              for name, a in vars(x).items()]  # fmt: skip
    return one.summary() == other.summary() and all(np.array_equal(a, b, equal_nan=True) for a, b in arrays)


# --- Books -----------------------------------------------------------------------------------------------------------

WORLDS = [
    pytest.param({}, id="fleet"),
    pytest.param({"consumers": Fleet(3, batch=10), "send_batch": 10}, id="batches"),
    pytest.param(
        {"failures": [Flaky(0.2), Poison(0.02)], "max_receive_count": 3, "visibility_timeout": 5}, id="failures"
    ),
    pytest.param({"fifo": True, "groups": Groups(7, skew=1.0), "visibility_timeout": 10}, id="fifo"),
    pytest.param({"groups": Groups(4)}, id="fair-queue"),
    pytest.param({"consumers": Lambda(), "visibility_timeout": 60}, id="lambda"),
    pytest.param({"consumers": Lambda(batch_size=50, window=3), "visibility_timeout": 60}, id="lambda-window"),
    pytest.param(
        {
            "consumers": Lambda(report_batch_item_failures=True),
            "failures": [Flaky(0.3)],
            "max_receive_count": 4,
            "visibility_timeout": 30,
        },
        id="lambda-partial",
    ),
    pytest.param(
        {"delay": 15, "retention": 60, "consumers": Fleet(1), "service": Fixed(0.5)}, id="delay-and-retention"
    ),
    pytest.param({"consumers": Fleet(2, wait_time=0, pause=0.5)}, id="short-polling"),
]


@pytest.mark.parametrize("changes", WORLDS)
def test_the_books_balance(changes):
    result = run(SMALL, **changes)
    assert result.sent > 1_000
    assert result.sent == result.done + result.left + result.expired + result.dead
    in_queue = result.timeline.visible + result.timeline.in_flight + result.timeline.delayed
    assert result.received >= result.done
    # Samples are taken at every instant of the interval, the last included.
    assert len(result.timeline.time) == 301
    assert in_queue[-1] + result.timeline.dead[-1] >= result.left


@pytest.mark.parametrize("changes", WORLDS)
def test_a_seed_decides_everything(changes):
    assert equal(run(SMALL, **changes), run(SMALL, **changes))
    assert not equal(run(SMALL, **changes), run(SMALL, **changes, seed=4))


def test_arrivals_stay_the_same_when_something_else_changes():
    one, other = run(SMALL), run(SMALL, pollers=5, service=Fixed(0.01), failures=[Flaky(0.5)])
    assert np.array_equal(one.messages.sent, other.messages.sent)


def test_a_run_samples_its_messages_beyond_the_limit():
    everything, sample = run(SMALL), run(SMALL, message_limit=100)
    every = sample.messages.every
    assert every > 10
    assert np.array_equal(sample.messages.wait, everything.messages.wait[::every])
    assert (sample.done, sample.sent) == (everything.done, everything.sent)
    assert len(run(SMALL, message_limit=0).messages) == 0


# --- Fleet -----------------------------------------------------------------------------------------------------------


def test_one_poller_takes_messages_in_turn():
    """Sent at 0, 1, 2; each takes 2.5 s."""
    result = run(workload=Trace((0.0, 1.0, 2.0)), consumers=Fleet(1), service=Fixed(2.5), seconds=20)
    assert result.messages.first_received.tolist() == [0.0, 2.5, 5.0]
    assert result.messages.done.tolist() == [2.5, 5.0, 7.5]
    assert result.utilisation == pytest.approx(7.5 / 20)


def test_a_batch_is_deleted_at_its_end():
    result = run(workload=Trace((0.0,) * 4), consumers=Fleet(1, batch=10), service=Fixed(1.0), send_batch=4, seconds=20)
    assert result.messages.done.tolist() == [4.0] * 4
    assert result.invocations == 1


def test_a_failed_message_waits_for_its_visibility_timeout():
    result = run(
        workload=Trace((0.0,)), consumers=Fleet(1), service=Fixed(1.0), failures=[Outage(0, 25)],
        visibility_timeout=10, seconds=60,
    )  # fmt: skip
    # Tried at 0, 10 and 20 in vain, at 30 with success.
    assert (result.messages.receives.tolist(), result.messages.done.tolist(), result.failed) == ([4], [31.0], 3)


def test_retry_after_makes_it_visible_sooner():
    result = run(
        workload=Trace((0.0,)), consumers=Fleet(1, retry_after=2), service=Fixed(1.0), failures=[Outage(0, 5)],
        visibility_timeout=30, seconds=60,
    )  # fmt: skip
    assert result.messages.done.tolist() == [7.0]  # Tried at 0, 3 and 6.


def test_after_max_receive_count_it_is_dead():
    result = run(
        workload=Trace((0.0,)), consumers=Fleet(1), service=Fixed(1.0), failures=[Poison(1.0)],
        visibility_timeout=10, max_receive_count=3, seconds=100, interval=10.0,
    )  # fmt: skip
    assert (result.dead, result.received, result.left) == (1, 3, 0)
    # The receive that meets it after its third timeout moves it, at 30 s.
    assert result.timeline.dead.tolist()[:5] == [0, 0, 0, 0, 1] or result.timeline.dead.tolist()[3] == 1


def test_a_visibility_timeout_shorter_than_the_work_gives_duplicates():
    changes = {"workload": Constant(0.1), "consumers": Fleet(3), "service": Fixed(5.0), "seconds": 200}
    assert run(**changes, visibility_timeout=4).duplicates > 0
    assert run(**changes, visibility_timeout=6).duplicates == 0


def test_a_heartbeat_keeps_it_hidden():
    changes = {"workload": Constant(0.1), "service": Fixed(5.0), "seconds": 200, "visibility_timeout": 4}
    result = run(**changes, consumers=Fleet(3, heartbeat=2.0))
    assert (result.duplicates, result.received) == (0, result.sent)


def test_short_polling_pays_for_what_brings_nothing():
    def receives(consumers):
        rows = run(SMALL, workload=Constant(0.05), consumers=consumers).bill().usage
        return next(row.calls for row in rows if row.operation == "ReceiveMessage")

    assert receives(Fleet(1, wait_time=0, pause=0.1)) > 50 * receives(Fleet(1, wait_time=20))


def test_a_users_function_handles_the_messages():
    seen = []

    def handler(message):
        seen.append(message["Body"])
        if len(seen) == 2:
            raise RuntimeError("no")
        return 2.0

    result = run(workload=Trace((0.0, 0.0, 0.0)), consumers=Fleet(1, handler=handler), service=Fixed(1.0), seconds=60)
    assert seen == ["0", "1", "2", "1"]
    assert (result.failed, result.done) == (1, 3)
    assert result.messages.done.tolist() == [2.0, 34.0, 5.0]  # The second took 1 s to fail, at 2 s; then 30 s hidden.


def test_attempts_are_written_down_if_asked_for():
    result = run(workload=Trace((0.0, 1.0)), consumers=Fleet(1), service=Fixed(2.0), seconds=60, attempt_limit=10)
    assert result.attempts == ((0, 0.0, 2.0, 0, False), (0, 2.0, 4.0, 1, False))


def test_a_history_is_kept_if_asked_for():
    with pytest.raises(ValueError, match="history_limit"):
        run(SMALL).history()
    history = run(workload=Trace((0.0, 1.0)), service=Fixed(2.0), seconds=60, history_limit=1_000).history()
    assert history.kinds().count("Deleted") == 2


# --- FIFO ------------------------------------------------------------------------------------------------------------


def test_one_fifo_group_is_handled_one_at_a_time_however_many_pollers():
    changes = {"workload": Constant(1), "service": Fixed(2.0), "seconds": 100, "fifo": True, "visibility_timeout": 30}
    one_group = run(**changes, consumers=Fleet(10))
    assert one_group.timeline.concurrency.max() == 1
    assert np.all(np.diff(one_group.messages.done[~np.isnan(one_group.messages.done)]) >= 2.0)
    assert run(**changes, consumers=Fleet(10), groups=Groups(10)).done > 1.5 * one_group.done


def test_a_fifo_queue_refuses_the_handle_of_a_consumer_that_took_too_long():
    changes = {"workload": Constant(0.1), "service": Fixed(5.0), "seconds": 100, "fifo": True, "visibility_timeout": 4}
    result = run(**changes, consumers=Fleet(2), groups=Groups(20), max_receive_count=3)
    assert result.dead > 0  # Handled each time, and deleted never.
    assert result.duplicates > 0


# --- Lambda ----------------------------------------------------------------------------------------------------------


def test_without_partial_responses_the_whole_batch_comes_again():
    """Ten in one batch, the fifth fails at first: four are handled twice; with partial responses none is."""
    changes = {
        "workload": Trace((0.0,) * 10),
        "service": Fixed(0.1),
        "failures": [Outage(0.35, 0.45)],
        "visibility_timeout": 60,
        "send_batch": 10,
    }
    whole = run(**changes, consumers=Lambda())
    assert (whole.duplicates, whole.done, whole.failed, whole.invocations) == (4, 10, 1, 2)
    partial = run(**changes, consumers=Lambda(report_batch_item_failures=True))
    assert (partial.duplicates, partial.done, partial.failed, partial.invocations) == (0, 10, 1, 2)


def test_a_function_that_takes_too_long_is_stopped():
    result = run(workload=Trace((0.0,)), consumers=Lambda(timeout=3), service=Fixed(5.0), visibility_timeout=30,
                 max_receive_count=2, seconds=200)  # fmt: skip
    assert (result.done, result.dead, result.failed) == (0, 1, 2)
    assert result.busy_seconds == 6.0  # Billed to the limit, twice.


def test_a_window_gathers():
    changes = {"workload": Constant(2), "service": Fixed(0.01), "visibility_timeout": 60, "seconds": 300}
    eager, patient = run(**changes, consumers=Lambda()), run(**changes, consumers=Lambda(window=20))
    assert eager.invocations == eager.done
    assert patient.invocations < eager.invocations / 5
    assert np.nanmax(patient.messages.latency) <= 21
    assert float(patient.bill().functions[0].requests) == patient.invocations


def test_maximum_concurrency_holds():
    result = run(workload=Constant(50), consumers=Lambda(batch_size=1, maximum_concurrency=7), service=Fixed(1.0),
                 seconds=120)  # fmt: skip
    assert result.timeline.concurrency.max() == 7


# --- What is drawn ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "workload",
    [
        Constant(3.0),
        Poisson(3.0),
        Bursts(1.0, burst_rate=50.0, every=600, length=30),
        DailyCurve(3.0),
        Trace(tuple(float(i) for i in range(3_000))),
    ],
    ids=lambda workload: type(workload).__name__,
)
def test_workloads_are_ordered_and_as_many_as_expected(workload):
    seconds = 86_400.0
    at = np.concatenate(list(workload.chunks(np.random.default_rng(1), seconds)))
    assert np.all(np.diff(at) >= 0)
    assert at[0] >= 0
    assert at[-1] < seconds
    assert len(at) == pytest.approx(workload.expected(seconds), rel=0.02)


def test_bursts_come_when_they_should():
    bursts = Bursts(rate=0.1, burst_rate=100.0, every=100.0, length=10.0, first=50.0)
    at = np.concatenate(list(bursts.chunks(np.random.default_rng(1), 1_000.0)))
    in_burst = (at >= 50) & ((at - 50) % 100 < 10)
    assert in_burst.sum() == pytest.approx(10 * 10 * 100, rel=0.05)
    assert (~in_burst).sum() < 150


def test_a_daily_curve_peaks_at_its_hour():
    curve = DailyCurve(10.0, peak_to_mean=1.5, peak_hour=14)
    assert curve.rate_at(14 * 3_600.0) == pytest.approx(15.0)
    assert curve.rate_at(2 * 3_600.0) == pytest.approx(5.0)


def test_a_trace_comes_from_a_history(engine, sqs, url):
    for _ in range(3):
        sqs.send_message(QueueUrl=url, MessageBody="x")
        engine.clock.advance(seconds=2)
    assert Trace.of(engine.history(), "orders").at == (0.0, 2.0, 4.0)


def test_distributions_have_the_means_they_name():
    rng = np.random.default_rng(5)
    assert set(Fixed(2.0).draw(rng, 3)) == {2.0}
    assert Exponential(2.0).draw(rng, 100_000).mean() == pytest.approx(2.0, rel=0.02)
    skewed = LogNormal(median=1.0, p99=10.0).draw(rng, 100_000)
    assert np.percentile(skewed, (50, 99)) == pytest.approx([1.0, 10.0], rel=0.05)
    assert set(Empirical([1.0, 5.0]).draw(rng, 100)) == {1.0, 5.0}


def test_groups_follow_zipf():
    groups = Groups(3, skew=1.0)
    assert groups.shares() == pytest.approx([6 / 11, 3 / 11, 2 / 11])
    drawn = np.bincount(groups.draw(np.random.default_rng(1), 50_000)) / 50_000
    assert drawn == pytest.approx(groups.shares(), abs=0.01)


def test_a_poisoned_message_stays_poisoned():
    judge = Poison(0.1).begin(np.random.default_rng(1))
    first = [judge(number, 0.0, 1.0)[1] for number in range(20_000)]
    assert first == [judge(number, 99.0, 2.0)[1] for number in range(20_000)]
    assert sum(first) == pytest.approx(2_000, rel=0.1)


def test_a_slow_dependency_takes_longer_while_it_lasts():
    judge = SlowDependency(10, 20, factor=3).begin(None)
    assert [judge(0, at, 2.0) for at in (9.9, 10.0, 20.0)] == [(2.0, False), (6.0, False), (2.0, False)]


def test_an_outage_may_fail_fast():
    judge = Outage(10, 20, fails_after=0.1).begin(None)
    assert [judge(0, at, 2.0) for at in (9.9, 10.0, 20.0)] == [(2.0, False), (0.1, True), (2.0, False)]


# --- Scenarios and sweeps --------------------------------------------------------------------------------------------


def test_parameters_are_found_in_their_parts():
    scenario = SMALL.replace(pollers=9, visibility_timeout=3, **{"workload.rate": 2.0})
    assert (scenario.consumers.pollers, scenario.visibility_timeout, scenario.workload.rate) == (9, 3, 2.0)
    assert SMALL.replace(consumers=Lambda(), batch_size=7).consumers.batch_size == 7
    assert scenario.parameter("pollers") == 9


@pytest.mark.parametrize("name", ["colour", "workload.colour", "nothing.rate"])
def test_a_parameter_that_is_nowhere_is_refused(name):
    with pytest.raises(ValueError, match="which parameter"):
        SMALL.replace(**{name: 1})


@pytest.mark.parametrize(
    "build",
    [
        lambda: Fleet(0),
        lambda: Fleet(1, batch=11),
        lambda: Fleet(1, wait_time=21),
        lambda: Fleet(1, wait_time=0),
        lambda: Lambda(batch_size=11),
        lambda: Lambda(maximum_concurrency=1),
        lambda: Scenario(fifo=True, consumers=Lambda(window=1)),
        lambda: Scenario(seconds=0),
        lambda: Poisson(-1),
        lambda: Trace((2.0, 1.0)),
        lambda: Poison(1.1),
        lambda: Outage(5, 4),
        lambda: LogNormal(2, 1),
        lambda: Empirical([]),
        lambda: Groups(0),
    ],
)
def test_what_makes_no_sense_is_refused(build):
    with pytest.raises(ValueError):
        build()


def test_a_sweep_has_a_row_a_combination():
    pytest.importorskip("pandas")
    table = sweep(SMALL, pollers=[2, 3], visibility_timeout=[10, 30], seeds=[1, 2], processes=1)
    assert table[["pollers", "visibility_timeout", "seed"]].to_numpy().tolist()[:3] == [
        [2, 10, 1],
        [2, 10, 2],
        [2, 30, 1],
    ]
    assert len(table) == 8
    alone = run(SMALL, pollers=3, visibility_timeout=30, seed=2).summary()
    assert table.iloc[-1][list(alone)].to_dict() == pytest.approx(alone, nan_ok=True)


def test_processes_give_what_one_process_gives():
    pandas = pytest.importorskip("pandas")
    one = sweep(SMALL, pollers=[2, 3], processes=1)
    pandas.testing.assert_frame_equal(one, sweep(SMALL, pollers=[2, 3], processes=2))


def test_a_handler_that_cannot_travel_is_explained():
    pytest.importorskip("pandas")
    scenario = dataclasses.replace(SMALL, consumers=Fleet(1, handler=lambda message: None))
    with pytest.raises(ValueError, match="processes=1"):
        sweep(scenario, visibility_timeout=[10, 30], processes=2)


def test_a_summary_and_its_table_say_the_same():
    result = run(SMALL)
    assert f"{result.sent:,}" in str(result)
    assert f"{result.sent:,}" in result._repr_html_()
    assert "<script" not in result._repr_html_()
    assert result.timeline.to_dataframe()["sent"].iloc[-1] == result.sent


@pytest.mark.parametrize(
    ("base", "values"),
    [
        pytest.param(SMALL, {"max_receive_count": [None, 3]}, id="maxReceiveCount"),
        pytest.param(SMALL, {"batch": [1, 10]}, id="batch"),
        pytest.param(SMALL, {"fifo": [False, True]}, id="standard-or-fifo"),
        pytest.param(SMALL.replace(groups=Groups(2), fifo=True), {"groups.count": [1, 5]}, id="groups"),
        pytest.param(SMALL.replace(consumers=Lambda(), send_batch=10), {"batch_size": [1, 10]}, id="batch-size"),
        pytest.param(SMALL.replace(consumers=Lambda()), {"window": [0, 5]}, id="window"),
        pytest.param(SMALL.replace(consumers=Lambda()), {"maximum_concurrency": [None, 2]}, id="concurrency"),
        pytest.param(SMALL, {"consumers": [Fleet(2), Lambda()]}, id="fleet-or-lambda"),
    ],
)
def test_a_sweep_varies_what_people_vary(base, values):
    pytest.importorskip("pandas")
    table = sweep(base.replace(seconds=60), values, processes=1)
    assert len(table) == 2
    one, other = table.drop(columns=[*values, "seed"]).to_dict("records")
    assert one["sent"] == other["sent"] > 0
    if next(iter(values)) not in ("max_receive_count", "fifo"):  # Which change little where all goes well.
        assert one != other
