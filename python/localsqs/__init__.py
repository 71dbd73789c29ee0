"""Amazon SQS on your own machine: a C++ engine with boto3's call shapes.

    import localsqs

    sqs = localsqs.client("sqs")                           # the default engine: in memory, on the system's clock
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="42")

    engine = localsqs.Engine(clock=localsqs.ManualClock(), seed=7)     # a world of one's own, time in your hand
    sqs = engine.client("sqs")
    engine.clock.advance(seconds=30)

What is here:

    client(service)        a client on the process's default engine
    Engine                 a world of queues: client(), history(), faults, usage(), costs(), dump()
    ManualClock, SystemClock, PythonClock          what an engine takes its time from
    mock()                 boto3, botocore and aiobotocore answer from an engine
    rebuild(history)       an engine from what another one did
    default_engine()       the engine behind client()
    errors                 exceptions: botocore's own classes where botocore is installed
    History, Event         what engine.history() gives
    Faults                 what engine.faults is
    look                   a look into queues without receiving
    plot                   pictures of what happened (needs matplotlib)
    simulation             workloads, consumers and failures on an engine in virtual time (needs numpy)
    advisor                says what is wrong with a configuration, and why

Needs no AWS package, no credentials and no network. Not affiliated with Amazon.
"""

from __future__ import annotations

from localsqs._core import __version__
from localsqs.clock import ManualClock, PythonClock, SystemClock
from localsqs.engine import Engine, client, default_engine, rebuild

TYPE_CHECKING = False
if TYPE_CHECKING:
    from localsqs import errors
    from localsqs.faults import Faults
    from localsqs.history import Event, History
    from localsqs.patch import mock
    from localsqs.sqs_client import SQS

__all__ = [
    "SQS",
    "Engine",
    "Event",
    "Faults",
    "History",
    "ManualClock",
    "PythonClock",
    "SystemClock",
    "__version__",
    "client",
    "default_engine",
    "errors",
    "mock",
    "rebuild",
]

# Imported when first asked for, so that `import localsqs` stays light.
_LAZY = {
    "SQS": "sqs_client",
    "Event": "history",
    "History": "history",
    "Faults": "faults",
    "advisor": "advisor",
    "errors": "errors",
    "look": "look",
    "mock": "patch",
    "plot": "plot",
    "simulation": "simulation",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module 'localsqs' has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"localsqs.{_LAZY[name]}")
    value: object = module if name == _LAZY[name] else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
