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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from localsqs import errors
    from localsqs._core import __version__
    from localsqs.clock import ManualClock, PythonClock, SystemClock
    from localsqs.engine import Engine, client, default_engine, rebuild
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

# Imported when first asked for: a pytest session that loads the plugin and uses nothing of it does not pay for the C++
# module.
_LAZY = {
    "__version__": "_core",
    "Engine": "engine",
    "client": "engine",
    "default_engine": "engine",
    "rebuild": "engine",
    "ManualClock": "clock",
    "PythonClock": "clock",
    "SystemClock": "clock",
    "SQS": "sqs_client",
    "Event": "history",
    "History": "history",
    "Faults": "faults",
    "mock": "patch",
}
# Modules that need no import of their own.
_MODULES = frozenset({"_core", "advisor", "clock", "engine", "errors", "look", "plot", "simulation", "testing"})


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name in _MODULES:
        return import_module(f"localsqs.{name}")
    if name not in _LAZY:
        raise AttributeError(f"module 'localsqs' has no attribute {name!r}")
    value: object = getattr(import_module(f"localsqs.{_LAZY[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, *_MODULES - {"_core"}})
