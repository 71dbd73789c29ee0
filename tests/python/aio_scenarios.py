"""What `localsqs.mock()` does for aiobotocore and aioboto3. Run in their environments by test_mock_aio.py.

    python aio_scenarios.py        prints a JSON object: each scenario's name, and "" or its traceback

No credentials, no region, and every socket that is opened is a failure.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
import socket
import sys
import threading
import time
import traceback
from collections.abc import Awaitable
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session
from botocore.exceptions import ClientError, ParamValidationError

import localsqs


def client(**arguments: Any) -> Any:
    return get_session().create_client("sqs", region_name="us-east-1", **arguments)


async def queue_of(sqs: Any, name: str = "orders") -> str:
    return str((await sqs.create_queue(QueueName=name))["QueueUrl"])


async def bodies(sqs: Any, url: str, **arguments: Any) -> list[str]:
    answer = await sqs.receive_message(QueueUrl=url, **arguments)
    return [message["Body"] for message in answer.get("Messages", [])]


async def raised(awaitable: Awaitable[Any], kind: Any) -> Any:
    """The exception that it raises, which must be of this kind."""
    try:
        await awaitable
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


async def a_round_trip_without_region_or_credentials() -> None:
    with localsqs.mock() as engine:
        async with get_session().create_client("sqs") as sqs:
            url = await queue_of(sqs)
            sent = await sqs.send_message(QueueUrl=url, MessageBody="a")
            assert sent["ResponseMetadata"]["RetryAttempts"] == 0
            [message] = (await sqs.receive_message(QueueUrl=url))["Messages"]
            await sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            assert engine.history(queue="orders").kinds() == ["QueueCreated", "Sent", "Received", "Deleted"]


async def a_long_poll_leaves_the_loop_free() -> None:
    with localsqs.mock():
        async with client() as sqs:
            url = await queue_of(sqs)
            polls = [asyncio.create_task(bodies(sqs, url, WaitTimeSeconds=20)) for _ in range(40)]
            ticks = 0
            for ticks in range(100):  # noqa: B007
                await asyncio.sleep(0)
            assert ticks == 99
            assert not any(poll.done() for poll in polls)
            await sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": "x"} for n in range(10)])
            done, waiting = await asyncio.wait(polls, return_when=asyncio.FIRST_COMPLETED)
            while len(done) < 10:
                more, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                done |= more
            assert [await poll for poll in done] == [["x"]] * 10
            for poll in waiting:
                poll.cancel()
            assert len(await asyncio.gather(*waiting, return_exceptions=True)) == 30


async def a_cancelled_long_poll_takes_no_message() -> None:
    with localsqs.mock() as engine:
        async with client() as sqs:
            url = await queue_of(sqs)
            poll = asyncio.create_task(bodies(sqs, url, WaitTimeSeconds=20))
            while not any(thread.name == "localsqs-receive" for thread in threading.enumerate()):
                await asyncio.sleep(0)
            poll.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await poll
            while any(thread.name == "localsqs-receive" for thread in threading.enumerate()):
                await asyncio.sleep(0.001)
            await sqs.send_message(QueueUrl=url, MessageBody="a")
            assert await bodies(sqs, url) == ["a"]
            assert engine.history(kind="Received")[-1].details["receive_count"] == 1


async def a_manual_clock_that_moves_itself() -> None:
    clock = localsqs.ManualClock()
    with localsqs.mock(clock=clock):
        async with client() as sqs:
            url = await queue_of(sqs)
            await sqs.send_message(QueueUrl=url, MessageBody="a", DelaySeconds=15)
            start = clock.now()
            assert await bodies(sqs, url, WaitTimeSeconds=20) == ["a"]
            assert (clock.now() - start).total_seconds() == 15
            # A consumer that polls for ever lets others work, and is stopped by whoever cancels it.
            others = 0

            async def consume() -> None:
                while True:
                    await bodies(sqs, url, WaitTimeSeconds=20)

            consumer = asyncio.create_task(consume())
            for others in range(50):  # noqa: B007
                await asyncio.sleep(0)
            consumer.cancel()
            assert others == 49


async def a_manual_clock_that_others_move() -> None:
    clock = localsqs.ManualClock(auto_advance=False)
    with localsqs.mock(clock=clock) as engine:
        async with client() as sqs:
            url = await queue_of(sqs)
            poll = asyncio.create_task(bodies(sqs, url, WaitTimeSeconds=20))
            while not any(thread.name == "localsqs-receive" for thread in threading.enumerate()):
                await asyncio.sleep(0)
            while not poll.done():  # The thread may not be parked yet.
                clock.advance(seconds=20)
                await asyncio.sleep(0.001)
            assert await poll == []
            assert engine.history(kind="ReceivedNothing")


async def errors_and_validation() -> None:
    with localsqs.mock():
        async with client() as sqs:
            missing = sqs.exceptions.QueueDoesNotExist
            error = await raised(sqs.get_queue_url(QueueName="nowhere"), missing)
            assert error.response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"
            await raised(sqs.receive_message(QueueUrl="x", VisibilityTimeoutSeconds=3), ParamValidationError)
            url = "https://sqs.us-east-1.amazonaws.com/000000000000/no"
            await raised(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20), missing)


async def throttling_is_retried_as_the_client_says() -> None:
    for mode in ("legacy", "standard"):
        with localsqs.mock(clock=localsqs.ManualClock(), seed=3) as engine:
            patient = client(config=AioConfig(retries={"mode": mode, "total_max_attempts": 30}))
            hasty = client(config=AioConfig(retries={"mode": mode, "total_max_attempts": 1}))
            async with patient as patient, hasty as hasty:
                await queue_of(patient)
                engine.faults.throttle = 1.0
                error = await raised(hasty.list_queues(), ClientError)
                assert error.response["Error"]["Code"] == "RequestThrottled"
                assert error.response["ResponseMetadata"]["RetryAttempts"] == 0
                engine.faults.throttle = 0.5
                before, real = engine.clock.now(), time.monotonic()
                tries = [(await patient.list_queues())["ResponseMetadata"]["RetryAttempts"] for _ in range(8)]
                assert max(tries) > 0, mode
                assert engine.clock.now() > before
                assert time.monotonic() - real < 60


async def hooks_see_their_events() -> None:
    with localsqs.mock():
        async with client() as sqs:
            url = await queue_of(sqs)
            seen: list[str] = []
            for event in ("provide-client-params", "before-parameter-build", "before-call", "after-call"):
                sqs.meta.events.register(f"{event}.sqs.SendMessage", lambda event=event, **_: seen.append(event))
            await sqs.send_message(QueueUrl=url, MessageBody="a")
            assert seen == ["provide-client-params", "before-parameter-build", "before-call", "after-call"]


async def paginators() -> None:
    with localsqs.mock():
        async with client() as sqs:
            for number in range(5):
                await queue_of(sqs, f"q{number}")
            pages = sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 2})
            assert [len(page["QueueUrls"]) async for page in pages] == [2, 2, 1]


async def fast() -> None:
    with localsqs.mock(fast=True):
        async with client() as sqs:
            url = await queue_of(sqs)
            poll = asyncio.create_task(bodies(sqs, url, WaitTimeSeconds=20))
            await asyncio.sleep(0)
            await sqs.send_message(QueueUrl=url, MessageBody="a")
            assert await poll == ["a"]
            await raised(sqs.get_queue_url(QueueName="nowhere"), sqs.exceptions.QueueDoesNotExist)


async def tasks_with_mocks_of_their_own() -> None:
    barrier = 0

    async def work(queues: int) -> int:
        nonlocal barrier
        with localsqs.mock():
            async with client() as sqs:
                barrier += 1
                while barrier < 2:
                    await asyncio.sleep(0)
                for number in range(queues):
                    await queue_of(sqs, f"q{number}")
                    await asyncio.sleep(0)
                return len((await sqs.list_queues())["QueueUrls"])

    assert await asyncio.gather(asyncio.create_task(work(1)), asyncio.create_task(work(3))) == [1, 3]


async def a_loop_that_never_ends_is_stopped() -> None:
    with localsqs.mock(clock=localsqs.ManualClock(limit=86_400)):
        async with client() as sqs:
            url = await queue_of(sqs)

            async def consume() -> None:
                while True:
                    with contextlib.suppress(Exception):
                        await sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)

            error = await raised(asyncio.create_task(consume()), localsqs.clock.WaitLimitReached)
            assert "empty receives of orders" in str(error)


async def no_trace_is_left() -> None:
    async with client(aws_access_key_id="k", aws_secret_access_key="s") as sqs:
        before = dict(vars(AioSession)), dict(vars(type(sqs).__mro__[1])), dict(sqs.__dict__)
        with localsqs.mock():
            await queue_of(sqs)
        assert (dict(vars(AioSession)), dict(vars(type(sqs).__mro__[1])), dict(sqs.__dict__)) == before


async def aioboto3_clients_and_resources() -> None:
    try:
        import aioboto3
    except ImportError:
        return
    with localsqs.mock():
        session = aioboto3.Session()
        async with session.client("sqs") as sqs, session.resource("sqs") as resource:
            url = await queue_of(sqs)
            queue = await resource.Queue(url)
            await queue.send_message(MessageBody="a")
            [message] = await queue.receive_messages(WaitTimeSeconds=20)
            assert await message.body == "a"
            await message.delete()
            assert await bodies(sqs, url) == []


HELPERS = ("queue_of", "bodies", "raised")
SCENARIOS = [
    value for name, value in list(globals().items()) if inspect.iscoroutinefunction(value) and name not in HELPERS
]


def refuse(*address: Any) -> None:
    raise AssertionError(f"a socket was opened: {address}")


def main() -> None:
    # The loop's own pair of sockets connects; whatever else does is a failure.
    results = {}
    for scenario in SCENARIOS:
        loop = asyncio.new_event_loop()
        connect, socket.socket.connect = socket.socket.connect, refuse  # type: ignore[method-assign]
        try:
            loop.run_until_complete(asyncio.wait_for(scenario(), 60))
            results[scenario.__name__] = ""
        except BaseException:
            results[scenario.__name__] = traceback.format_exc()
        finally:
            socket.socket.connect = connect  # type: ignore[method-assign]
            loop.close()
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
