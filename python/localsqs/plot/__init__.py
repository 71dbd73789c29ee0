"""Pictures of what happened in a queue. Needs matplotlib and numpy (`pip install localsqs[plot]`).

    from localsqs import plot

    plot.messages(engine, "orders")       # the lives of messages, a row each
    plot.depth(engine, "orders")          # visible, in flight, delayed and dead over time
    plot.age(engine, "orders")            # age of the oldest message over time
    plot.throughput(engine, "orders")     # sent, received, handled, a second
    plot.retries(engine, "orders")        # messages by how often they were received
    plot.groups(engine, "orders.fifo")    # FIFO groups as lanes
    plot.consumers(mapping)               # consumers as lanes
    plot.tradeoff(table)                  # what simulation.sweep gave

Each takes an engine, its history, or the result of a simulation, and returns a matplotlib Axes, so that it can be
changed, put beside others (`ax=`) and saved (`.figure.savefig("depth.png")`).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from localsqs.plot.lanes import consumers, groups, messages
    from localsqs.plot.queues import age, depth, retries, throughput
    from localsqs.plot.tradeoffs import tradeoff

__all__ = ["age", "consumers", "depth", "groups", "messages", "retries", "throughput", "tradeoff"]

_HOME = {
    "age": "queues",
    "consumers": "lanes",
    "depth": "queues",
    "groups": "lanes",
    "messages": "lanes",
    "retries": "queues",
    "throughput": "queues",
    "tradeoff": "tradeoffs",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'localsqs.plot' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"localsqs.plot.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
