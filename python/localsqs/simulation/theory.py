"""What queueing theory says of pollers that take one message at a time: M/M/1, M/M/c, M/D/1.

The formulas are the textbook ones (L. Kleinrock, Queueing Systems, volume 1, chapters 3 and 5; A. K. Erlang, 1917).
Arrivals are Poisson, `rate` a second; `service` is the mean seconds that a message takes; `servers` is the number of
pollers. The simulation is tested against them (tests/python/test_theory.py).
"""

from __future__ import annotations

import math

__all__ = ["erlang_c", "md1_mean_wait", "mm1_mean_wait", "mmc_mean_wait", "mmc_wait_percentile", "servers_needed"]


def erlang_c(rate: float, service: float, servers: int) -> float:
    """The probability that a message has to wait, with exponential service times: Erlang's C formula.

    Raises:
        ValueError: If more comes than can be handled: the queue then grows for ever.
    """
    load = _checked_load(rate, service, servers)
    # Erlang B by its recursion, which neither overflows nor cancels; then C from B.
    blocked = 1.0
    for busy in range(1, servers + 1):
        blocked = load * blocked / (busy + load * blocked)
    utilisation = load / servers
    return blocked / (1 - utilisation * (1 - blocked))


def mmc_mean_wait(rate: float, service: float, servers: int) -> float:
    """Mean seconds from send to receive in M/M/c."""
    return erlang_c(rate, service, servers) / (servers / service - rate)


def mm1_mean_wait(rate: float, service: float) -> float:
    """Mean seconds from send to receive in M/M/1."""
    utilisation = _checked_load(rate, service, 1)
    return utilisation * service / (1 - utilisation)


def md1_mean_wait(rate: float, service: float) -> float:
    """Mean seconds from send to receive in M/D/1, where every message takes as long: half of M/M/1."""
    return mm1_mean_wait(rate, service) / 2


def mmc_wait_percentile(rate: float, service: float, servers: int, percentile: float) -> float:
    """Seconds from send to receive that so many percent of the messages do not exceed, in M/M/c served in order."""
    if not 0 < percentile < 100:
        raise ValueError(f"a percentile lies between 0 and 100, not at {percentile}")
    waits = erlang_c(rate, service, servers)
    longer = 1 - percentile / 100
    return 0.0 if waits <= longer else math.log(waits / longer) / (servers / service - rate)


def servers_needed(rate: float, service: float, wait: float, percentile: float = 99.0) -> int:
    """The fewest pollers with which so many percent of the messages wait no longer than `wait` seconds, in M/M/c."""
    servers = math.floor(rate * service) + 1
    while mmc_wait_percentile(rate, service, servers, percentile) > wait:
        servers += 1
    return servers


def _checked_load(rate: float, service: float, servers: int) -> float:
    """The offered load in Erlang: how many servers would be busy on average."""
    load = rate * service
    if not 0 <= load < servers:
        raise ValueError(f"{servers} servers cannot keep up with a load of {load:g}: the queue would grow for ever")
    return load
