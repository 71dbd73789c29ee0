"""Handlers that go wrong in every way, for both runners (test_lambda_process.py, test_bad_handlers.py)."""

from __future__ import annotations

import os
import signal
import sys
import time
from decimal import Decimal
from typing import Any

calls = 0


def echo(event: Any, context: Any) -> Any:
    return event


def count(event: Any, context: Any) -> int:
    """Tells one process from the next."""
    global calls
    calls += 1
    return calls


def describe(event: Any, context: Any) -> dict[str, Any]:
    return {
        "request_id": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "name": context.function_name,
        "version": context.function_version,
        "memory": context.memory_limit_in_mb,
        "group": context.log_group_name,
        "stream": context.log_stream_name,
        "identity": context.identity.cognito_identity_id,
        "client_context": of_client(context.client_context),
        "remaining_ms": context.get_remaining_time_in_millis(),
        "environment": dict(os.environ),
    }


def of_client(given: Any) -> Any:
    if given is None:
        return None
    client = given.client
    return [given.custom, given.env, client and [client.installation_id, client.app_title]]


def raises(event: Any, context: Any) -> None:
    raise ValueError("no such order")


def raises_without_words(event: Any, context: Any) -> None:
    raise KeyError


def hangs(event: Any, context: Any) -> None:
    print("going to sleep")
    time.sleep(3600)


def hangs_busily(event: Any, context: Any) -> None:
    while True:
        pass


def exits(event: Any, context: Any) -> None:
    sys.exit(event.get("code", 1) if isinstance(event, dict) else 1)


def exits_at_once(event: Any, context: Any) -> None:
    os._exit(3)


def is_killed(event: Any, context: Any) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def eats_memory(event: Any, context: Any) -> None:
    hoard = []
    while True:
        hoard.append(bytearray(1 << 24))
        time.sleep(0.01)  # The limit is looked at now and then.


def returns_a_set(event: Any, context: Any) -> set[int]:
    return {1}


def returns_bytes(event: Any, context: Any) -> bytes:
    return b"\x00\xff"


def returns_itself(event: Any, context: Any) -> list[Any]:
    loop: list[Any] = []
    loop.append(loop)
    return loop


def returns_decimal_and_nan(event: Any, context: Any) -> dict[str, Any]:
    return {"decimal": Decimal("1.50"), "nan": float("nan")}


def returns_too_much(event: Any, context: Any) -> str:
    return "x" * 7_000_000


def prints_binary(event: Any, context: Any) -> str:
    sys.stdout.flush()
    sys.stdout.buffer.write(b"\xff\xfe\x00\x80 binary\n")
    sys.stdout.flush()
    return "done"


def prints_surrogates(event: Any, context: Any) -> str:
    print("half a pair: \ud83d")
    return "done"


def prints(event: Any, context: Any) -> str:
    print("to stdout")
    print("to stderr", file=sys.stderr)
    return "done"


def prints_much(event: Any, context: Any) -> str:
    for number in range(3000):
        print(str(number) * 300)
    print("the end")
    return "done"


def changes_environment(event: Any, context: Any) -> str | None:
    before = os.environ.get("LOCALSQS_TEST_LEFT_BEHIND")
    os.environ["LOCALSQS_TEST_LEFT_BEHIND"] = "yes"
    os.environ.pop("HOME", None)
    return before


def closes_stdout(event: Any, context: Any) -> str:
    sys.stdout.close()
    return "done"


def starts_a_child(event: Any, context: Any) -> int:
    import subprocess

    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    return child.pid


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def raises_unprintable(event: Any, context: Any) -> None:
    raise Unprintable


def returns_nested_bytes(event: Any, context: Any) -> dict[str, bytes]:
    return {"text": b"x\xc3\xa9"}


def returns_nested_binary(event: Any, context: Any) -> dict[str, bytes]:
    return {"text": b"\xff"}


def returns_odd_keys(event: Any, context: Any) -> dict[Any, int]:
    return {2: 1, None: 2, True: 3, 1.5: 4}


def returns_tuple_keys(event: Any, context: Any) -> dict[Any, int]:
    return {(1, 2): 1}


def returns_infinity(event: Any, context: Any) -> list[float]:
    return [float("inf"), float("-inf"), 1e300, 5e-324]


def returns_big_numbers(event: Any, context: Any) -> list[Any]:
    return [2**70, Decimal(10) ** 30, Decimal("0.1"), Decimal("NaN"), -0.0]


def returns_a_date(event: Any, context: Any) -> Any:
    import datetime

    return datetime.date(2026, 1, 1)


def returns_a_coroutine(event: Any, context: Any) -> Any:
    async def later() -> None: ...

    return later()


def returns_a_generator(event: Any, context: Any) -> Any:
    return (n for n in range(3))


def returns_a_tuple(event: Any, context: Any) -> tuple[int, str]:
    return (1, "ü\u2028\x00")


def returns_a_half_pair(event: Any, context: Any) -> str:
    return "\ud83d"


def returns_depth(event: Any, context: Any) -> list[Any]:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    return deep


def raises_a_group(event: Any, context: Any) -> None:
    try:
        raise KeyError("inner")
    except KeyError as error:
        raise RuntimeError("outer: \u2028 \x00") from error


def raises_recursion(event: Any, context: Any) -> None:
    raises_recursion(event, context)


def raises_memory_error(event: Any, context: Any) -> None:
    raise MemoryError


def raises_stop(event: Any, context: Any) -> None:
    raise StopIteration(1)


def wrong_arguments(event: Any) -> None: ...


def changes_event(event: Any, context: Any) -> Any:
    event.clear()
    return event
