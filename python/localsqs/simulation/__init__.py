"""Simulation: the real engine in virtual time, as an instrument for planning.

    from localsqs.simulation import Exponential, Fleet, Poison, Poisson, Scenario, run, sweep

    scenario = Scenario(
        workload=Poisson(rate=20),                    # messages a second
        consumers=Fleet(pollers=4, batch=10),         # or Lambda(batch_size=10, maximum_concurrency=50)
        service=Exponential(mean=0.15),               # seconds a message
        failures=[Poison(share=0.001)],
        visibility_timeout=30, max_receive_count=5,
        seconds=3_600, seed=7,
    )
    result = run(scenario)
    print(result)                                     # what happened, in numbers
    result.messages.wait                              # a float64 a message, seconds
    result.timeline.visible                           # a float64 a sample
    result.bill().total                               # US dollars
    table = sweep(scenario, pollers=[3, 4, 6], visibility_timeout=[10, 30])     # a DataFrame, a row a configuration

What is modelled: producers that send one by one or in batches; pollers that long-poll, handle and delete, or a Lambda
mapping with its scaling; how long handling takes and how it fails. What is not modelled but real: the queue. Every
send, receive, delete and change of visibility is a call of the native client on an engine whose clock the simulation
moves.
All chance comes from the scenario's seed: the same scenario gives the same result.

Needs numpy; `sweep` needs pandas.
"""

from __future__ import annotations

from localsqs.simulation._run import run
from localsqs.simulation.draws import Distribution, Empirical, Exponential, Fixed, LogNormal
from localsqs.simulation.failures import Failure, Flaky, Outage, Poison, SlowDependency
from localsqs.simulation.result import Messages, Result, Timeline
from localsqs.simulation.scenario import Fleet, Lambda, Scenario
from localsqs.simulation.sweep import sweep
from localsqs.simulation.workloads import Bursts, Constant, DailyCurve, Groups, Poisson, Trace, Workload

__all__ = [
    "Bursts",
    "Constant",
    "DailyCurve",
    "Distribution",
    "Empirical",
    "Exponential",
    "Failure",
    "Fixed",
    "Flaky",
    "Fleet",
    "Groups",
    "Lambda",
    "LogNormal",
    "Messages",
    "Outage",
    "Poison",
    "Poisson",
    "Result",
    "Scenario",
    "SlowDependency",
    "Timeline",
    "Trace",
    "Workload",
    "run",
    "sweep",
]
