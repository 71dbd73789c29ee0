"""Engine: a world of queues, and the default one of the process.

    with localsqs.Engine(clock=localsqs.ManualClock(), seed=7) as engine:
        sqs = engine.client("sqs")
        ...
        engine.clock.advance(minutes=5)
        print(engine.history())

Engines share nothing: no queues, no clock, no chance.
"""

from __future__ import annotations

from threading import Lock, RLock

from localsqs import _core
from localsqs.clock import ManualClock, SystemClock

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from datetime import timedelta
    from typing import Any, Literal, overload

    from localsqs._agenda import Agenda
    from localsqs._poll_watch import PollWatch
    from localsqs._service import Service
    from localsqs.costs import Bill
    from localsqs.faults import Faults
    from localsqs.history import History
    from localsqs.lambda_.function import Function
    from localsqs.lambda_.mapping import Mapping
    from localsqs.lambda_.report import RunReport
    from localsqs.lambda_.runner import Runner
    from localsqs.server import Server
    from localsqs.sqs_client import SQS

__all__ = ["Engine", "client", "default_engine", "rebuild"]

# The services beside Amazon SQS; _service.py knows their classes.
_NEIGHBOURS = ("lambda", "cloudwatch", "sns", "cloudformation")


class Engine:
    """A world of queues, in memory or in a file. Thread-safe.

    Args:
        path: A file that keeps the queues: what was answered is there after a crash. It is made if it is not there. One
            engine at a time has it; any SQLite tool may read it meanwhile. None keeps the queues in memory.
        clock: What the engine takes its time from; a SystemClock if None.
        seed: Everything that looks random (message ids, receipt handles, faults) is drawn from it; None takes one from
            the operating system. Two engines with one seed, on manual clocks, answer equal calls with equal bytes.
        region: The region of clients that name none.
        account: The account of clients that name none, twelve digits.
        strict: Also the rules that hinder tests: 60 seconds between DeleteQueue and CreateQueue of the same name, and
            between two PurgeQueue of one queue. And mappings refuse parameters that are not for queues.
        history_limit: How many effects `history()` keeps; the oldest go first. 0 keeps none. None keeps 1,000,000 on a
            clock that tests or simulations move, and 10,000 on the system clock, where an engine may run for weeks.
        in_flight_limit: Messages in flight a queue.
        enforce_policies: Another account may use a queue only if the queue's policy lets it, and a deny in the policy
            holds for everybody. Without it every account may use every queue, as far as AWS opens an operation to
            other accounts at all.
        durability: What an answer promises of what it tells. "commit": it survives the loss of power (the disk is
            waited for; calls of several threads share a wait). "interval": the end of the process at once, the loss of
            power within 5 ms. "os": the end of the process. Only with `path`.
        memory_limit: Bytes of message bodies and attributes to be kept in memory, about. Those beyond it are in the
            file only and read when a message is received or looked at; everything else of a message, some 200 bytes,
            stays in memory. A quarter is the history's: older events are without body once their message is gone. None
            keeps all. Only with `path`.

    Raises:
        ValueError: If there is a `memory_limit` and no `path`.
        localsqs.errors.StoreError: If the file cannot be opened, is damaged, or another engine has it. An OSError.

    Attributes:
        clock: The clock it was given. `engine.clock.advance(seconds=30)` on a ManualClock.
        region, account, strict: As given.
        closed: Whether `close` was called.

    Example:
        >>> engine = Engine(clock=ManualClock(), seed=7)
        >>> engine.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
        'https://sqs.us-east-1.amazonaws.com/000000000000/orders'
    """

    clock: Any  # The type that was passed: a ManualClock has advance().

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        clock: _core.Clock | None = None,
        seed: int | None = None,
        region: str = "us-east-1",
        account: str = "000000000000",
        strict: bool = False,
        history_limit: int | None = None,
        in_flight_limit: int = 120_000,
        enforce_policies: bool = False,
        durability: Literal["commit", "interval", "os"] = "commit",
        memory_limit: int | None = None,
    ) -> None:
        self.clock = SystemClock() if clock is None else clock
        if not isinstance(self.clock, _core.Clock):
            raise TypeError(f"clock must be one of localsqs's clocks, not {type(clock).__name__}")
        if history_limit is None:
            history_limit = 10_000 if isinstance(self.clock, SystemClock) else 1_000_000
        self.region = _checked_text("region", region)
        self.account = _checked_account(account)
        self.strict = bool(strict)
        self._core = _core.Engine(
            clock=self.clock,
            seed=None if seed is None else _checked_int("seed", seed, 2**64 - 1),
            strict=self.strict,
            in_flight_limit=_checked_int("in_flight_limit", in_flight_limit, 2**31 - 1),
            history_limit=_checked_int("history_limit", history_limit, 2**32 - 1),
            enforce_policies=bool(enforce_policies),
            path=_path_text(path),
            durability=durability,
            memory_limit=_checked_memory_limit(memory_limit, path),
        )
        self.closed = False
        self._strict = bool(strict)
        self._enforces = self._strict or bool(enforce_policies)  # Queues' policies hold for topics too.
        self._made: dict[str, Any] = {}  # The agenda and the services, made when they are first used.
        self._making = RLock()

    # --- Clients -----------------------------------------------------------------------------------------------------

    if TYPE_CHECKING:

        @overload
        def client(self, service_name: Literal["sqs"], region_name: str | None = None, **options: Any) -> SQS: ...
        @overload
        def client(
            self,
            service_name: Literal["lambda", "cloudwatch", "sns", "cloudformation"],
            region_name: str | None = None,
            **options: Any,
        ) -> Any: ...

    def client(  # type: ignore[misc]
        self,
        service_name: str,
        region_name: str | None = None,
        api_version: str | None = None,
        use_ssl: bool = True,
        verify: Any = None,
        endpoint_url: str | None = None,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
        config: Any = None,
        aws_account_id: str | None = None,
    ) -> Any:
        """A client on this engine. Takes what `boto3.client` takes, in the same order.

        Args:
            service_name: "sqs", "lambda", "cloudwatch", "sns" or "cloudformation".
            region_name: The region it calls; the engine's if None.
            endpoint_url: The base of the queue URLs it hands out, "http://localhost:9324"; the service's own,
                "https://sqs.us-east-1.amazonaws.com", if None. Nothing is sent there.
            aws_access_key_id: If it is twelve digits, the account that calls; the engine's otherwise.
            aws_account_id: The account that calls, as well.
            api_version, use_ssl, verify, aws_secret_access_key, aws_session_token, config: Have no effect.

        Raises:
            ValueError: If there is no such service.
        """
        _check_service(service_name)
        region = self.region if region_name is None else _checked_text("region_name", region_name)
        account = aws_account_id if aws_account_id is not None else aws_access_key_id
        if account is None or not _is_account(account):
            account = self.account
        base = _checked_base(endpoint_url)
        if service_name == "sqs":
            from localsqs.sqs_client import SQS, WatchedSQS

            return (SQS if self._poll_watch is None else WatchedSQS)(self, region, account, base)
        from localsqs._service import make_client

        return make_client(self._service(service_name), region, account, base)

    def _service(self, name: str) -> Any:
        """The state of a neighbour: "lambda", "cloudwatch", "sns", "cloudformation"."""
        from localsqs._service import make_service

        service: Service = self._once(name, lambda: make_service(self, name))
        return service

    def _service_in_use(self, name: str) -> Any:
        """The same if anybody has used it; otherwise None, and it is not made."""
        return self._made.get(name)

    @property
    def _agenda(self) -> Agenda:
        """What will happen in this engine, by instant."""

        def make() -> Agenda:
            from localsqs._agenda import Agenda

            return Agenda(self)

        agenda: Agenda = self._once("agenda", make)
        return agenda

    @property
    def _poll_watch(self) -> PollWatch | None:
        """What ends a loop of short polls, on a clock that tests move."""
        limit_ns = getattr(self.clock, "poll_limit_ns", None)
        if limit_ns is None:
            return None

        def make() -> PollWatch:
            from localsqs._poll_watch import PollWatch

            return PollWatch(self._core, self.clock, limit_ns / 1e9)

        watch: PollWatch = self._once("poll watch", make)
        return watch

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        made = self._made.get(name)
        if made is None:
            with self._making:
                made = self._made.get(name)
                if made is None:
                    made = self._made[name] = make()
        return made

    # --- Lambda ------------------------------------------------------------------------------------------------------

    def register_function(
        self,
        name: str,
        handler: Callable[[Any, Any], Any] | str | None = None,
        *,
        timeout: float = 3,
        memory_size: int = 128,
        environment: dict[str, str] | None = None,
        reserved_concurrency: int | None = None,
        runner: Runner | None = None,
        **options: Any,
    ) -> Function:
        """A Lambda function with a handler of this process, for event source mappings and `client("lambda")`.

        Args:
            name: Its name; a function of this name is replaced, and its mappings go on with the new one.
            handler: Called with (event, context); or its import path, "package.module.handler".
            timeout: Seconds on the engine's clock, up to 900.
            memory_size: MB, for the bill and the context; nothing is limited.
            environment: Environment variables during its invocations.
            reserved_concurrency: At most so many invocations at a time; others are throttled.
            runner: What runs it instead of this process; then `handler` is None.
            **options: `code_dir`, where a handler given by its path lies; see localsqs.lambda_.function.Function for:
                region, account, description, tags, hang_after, ...
        """
        from localsqs.lambda_.function import register

        return register(
            self,
            name,
            handler,
            timeout=timeout,
            memory_size=memory_size,
            environment=environment,
            reserved_concurrency=reserved_concurrency,
            runner=runner,
            **options,
        )

    def event_source_mapping(
        self, queue: Any, handler: Callable[[Any, Any], Any] | Function | str, **options: Any
    ) -> Mapping:
        """Invokes a handler with the messages of a queue, as Lambda does.

        Args:
            queue: The queue's name, URL or ARN, or an object with an `arn`.
            handler: A callable, a Function, or the name of one.
            **options: See localsqs.lambda_.mapping.create: batch_size=10, maximum_batching_window=0,
                function_response_types=(), filters=None, maximum_concurrency=None, timeout=3, ...

        Returns:
            The mapping: `mapping.invocations`, `mapping.step()`, `mapping.drain()`. It acts while the engine runs
            (`run_until_idle`, `run_for`); on a SystemClock, in the background.
        """
        from localsqs.lambda_.create import event_source_mapping

        return event_source_mapping(self, queue, handler, **options)

    def pipe(self, source: Any, target: Any, **options: Any) -> Mapping:
        """A pipe from a queue, through filters, to a callable, a function, a queue or a topic (EventBridge Pipes).

        Args:
            source: The queue's name, URL or ARN, or an object with an `arn`.
            target: A callable gets the bare list of records; a queue and a topic a message for each record.
            **options: See localsqs.lambda_.pipe.pipe: filters=None, batch_size=10, input_template=None, ...
        """
        from localsqs.lambda_.pipe import pipe

        return pipe(self, source, target, **options)

    def run_until_idle(self, limit: timedelta | None = None) -> RunReport:
        """Runs mappings, move tasks, delays and whatever else goes on, until nothing more will happen.

        On a ManualClock in virtual time. On a SystemClock it waits while the background does it.

        Args:
            limit: Of engine time; 14 days if None. The report says if it was reached.

        Raises:
            RuntimeError: If the engine is being run already, by another thread or by the caller of a handler.
        """
        from localsqs.lambda_.report import recorded

        return recorded(self, lambda: self._agenda.run_until_idle(limit))

    def run_for(
        self,
        span: timedelta | None = None,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        milliseconds: float = 0,
    ) -> RunReport:
        """The same for a span of engine time, the sum of what is given. Handlers run in threads of their own here."""
        from datetime import timedelta

        from localsqs.lambda_.report import recorded

        total = (span or timedelta()) + timedelta(
            days=days, hours=hours, minutes=minutes, seconds=seconds, milliseconds=milliseconds
        )
        return recorded(self, lambda: self._agenda.run_for(total))

    # --- Looking -----------------------------------------------------------------------------------------------------

    @property
    def seed(self) -> int:
        """The seed of everything that looks random, whether it was given or taken from the operating system."""
        return self._core.seed

    def history(self, queue: str | None = None, message_id: str | None = None, kind: str | None = None) -> History:
        """Every change of state so far, oldest first, as far back as `history_limit` reaches.

        Args:
            queue: Only of the queue with this name, ARN or URL.
            message_id: Only of this message.
            kind: Only of this kind: "Sent", "Received", ...
        """
        from localsqs.history import History

        history = History(self._core.effects())
        if queue is message_id is kind is None:
            return history
        return history.filter(queue=queue, message_id=message_id, kind=kind)

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose. Nothing, unless set: `engine.faults.duplicate = 0.01`."""
        from localsqs.faults import Faults

        return Faults(self._core)

    @faults.setter
    def faults(self, value: object) -> None:
        raise AttributeError("set the members instead: engine.faults.duplicate = 0.01")

    def usage(self) -> list[dict[str, Any]]:
        """API calls so far, as AWS counts them for billing.

        Returns:
            A dict for each operation and type of queue: "operation", "queue_type" ("standard", "fifo", or "none" for
            calls that concern no queue or a missing one), "calls", and "requests", one for every 64 KiB of payload
            begun.
        """
        return self._core.usage()[0]

    def costs(self) -> Bill:
        """What AWS would have billed for the calls so far. See localsqs.costs."""
        from localsqs.costs import Bill, functions_of

        rows, fair_queue_messages = self._core.usage()
        return Bill(rows, fair_queue_messages=fair_queue_messages, functions=functions_of(self))

    def dump(self) -> str:
        """The whole state as text, equal for equal states. For tests and for looking; the format may change."""
        return self._core.dump()

    # --- Serving -----------------------------------------------------------------------------------------------------

    def serve(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        threads: int = 1,
        insecure: bool = False,
        *,
        credentials: str | os.PathLike[str] | None = None,
        tls_cert: str | os.PathLike[str] | None = None,
        tls_key: str | os.PathLike[str] | None = None,
        external_url: str | None = None,
        log: bool = False,
    ) -> Server:
        """An HTTP endpoint on this engine, for any AWS SDK, in C++ threads of this process.

        Args:
            host: The address to listen on.
            port: The port; 0 takes a free one.
            threads: How many serve connections.
            insecure: Allows an address that other machines can reach without `credentials`. Whoever reaches it may use
                the queues.
            credentials: A file of access keys in the form of AWS's credentials file. Requests must then be signed by
                one of them (SigV4), and the policies of the queues are enforced. A section may also name its account
                (aws_account_id) and its principal (principal_arn).
            tls_cert, tls_key: PEM files; the endpoint then speaks HTTPS.
            external_url: The base of the queue URLs handed out, instead of the host that the client used.
            log: Writes a line a request to standard error.

        Returns:
            A Server: a context manager with `endpoint_url`, stopped at the end of the block or by `stop()`.

        Raises:
            OSError: If the address cannot be listened on, or a file cannot be read.
            ValueError: If a file holds something else.
        """
        from localsqs.server import Server

        if self._poll_watch is not None:
            self._poll_watch.served = True
        return Server(
            _core.Server(
                engine=self._core,
                host=host,
                port=_checked_int("port", port, 65535),
                threads=_checked_int("threads", threads, 1024),
                region=self.region,
                account=self.account,
                insecure=bool(insecure),
                credentials=_path_text(credentials),
                tls_cert=_path_text(tls_cert),
                tls_key=_path_text(tls_key),
                external_url=external_url or "",
                log=bool(log),
            )
        )

    # --- Rebuilding --------------------------------------------------------------------------------------------------

    @classmethod
    def rebuild(cls, history: History, clock: _core.Clock | None = None, **options: Any) -> Engine:
        """An engine from what another one did: the same queues, messages and timers, and the same history.

        Args:
            history: All of `engine.history()`, not a part.
            clock: Its clock; a ManualClock at the last event if None.
            **options: Other arguments of Engine.

        Raises:
            ValueError: If the history does not begin at the beginning, is a part, or lacks bodies (memory_limit).
        """
        last_number, last_ns = _end_of(history)
        if last_number + 1 != len(history):
            raise ValueError(
                f"a history must be complete to rebuild an engine: {len(history):,} of {last_number + 1:,} events"
            )
        if clock is None:
            clock = ManualClock(start=0)
            clock.move_to_ns(last_ns)
        engine = cls(clock=clock, **options)
        engine._core.replay(history._effects)
        return engine

    # --- Durability --------------------------------------------------------------------------------------------------

    def backup(self, path: str | os.PathLike[str]) -> None:
        """Writes a consistent copy of the engine's file to a new one, while the engine goes on.

        Raises:
            localsqs.errors.StoreError: If the engine is in memory, the file is there already, or writing fails.
        """
        self._core.backup(_path_text(path))

    # --- Life --------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Ends all waiting receives with an empty answer, and handlers that sleep; later calls fail with
        InternalFailure.

        A durable engine gives up its file. Nothing that was answered depends on it.
        """
        self.closed = True
        try:
            self._core.close()
        finally:
            for made in list(self._made.values()):
                if hasattr(made, "close"):
                    made.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _repr_html_(self) -> str:
        from localsqs import _html

        return _html.of_engine(self)

    def __repr__(self) -> str:
        return f"<localsqs.Engine: {type(self.clock).__name__}, seed={self.seed}>"


# --- The default engine ----------------------------------------------------------------------------------------------

_default: Engine | None = None
_default_lock = Lock()


def default_engine() -> Engine:
    """The engine behind `localsqs.client`: in memory, on the system's clock, made when it is first needed."""
    global _default
    with _default_lock:
        if _default is None:
            _default = Engine()
        return _default


if TYPE_CHECKING:

    @overload
    def client(service_name: Literal["sqs"], region_name: str | None = None, **options: Any) -> SQS: ...
    @overload
    def client(
        service_name: Literal["lambda", "cloudwatch", "sns", "cloudformation"],
        region_name: str | None = None,
        **options: Any,
    ) -> Any: ...


def client(service_name: Any, region_name: str | None = None, **options: Any) -> Any:
    """A client on the default engine. See Engine.client."""
    _check_service(service_name)
    return default_engine().client(service_name, region_name, **options)


def rebuild(history: History, clock: _core.Clock | None = None, **options: Any) -> Engine:
    """An engine from what another one did. See Engine.rebuild."""
    return Engine.rebuild(history, clock, **options)


# --- Arguments -------------------------------------------------------------------------------------------------------


def _check_service(name: str) -> None:
    if name != "sqs" and name not in _NEIGHBOURS:
        known = ", ".join(["sqs", *_NEIGHBOURS])
        raise ValueError(f"localsqs has no service {name!r}; there are: {known}")


def _is_account(text: str) -> bool:
    return isinstance(text, str) and len(text) == 12 and text.isascii() and text.isdigit()


def _checked_account(account: str) -> str:
    if not _is_account(account):
        raise ValueError(f"account must be twelve digits, not {account!r}")
    return account


def _checked_text(name: str, text: str) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str, not {type(text).__name__}")
    if not text or not text.isascii() or not text.replace("-", "").isalnum():
        raise ValueError(f"{name} must be letters, digits and hyphens, as in 'us-east-1', not {text!r}")
    return text


def _path_text(path: str | os.PathLike[str] | None) -> str:
    return "" if path is None else str(path)


def _checked_memory_limit(limit: int | None, path: str | os.PathLike[str] | None) -> int | None:
    if limit is None:
        return None
    if path is None:
        raise ValueError("memory_limit needs a path: there is nowhere else to keep the bodies beyond it")
    return _checked_int("memory_limit", limit, 2**63 - 1)


def _checked_base(endpoint_url: str | None) -> str:
    if endpoint_url is None:
        return ""
    if not isinstance(endpoint_url, str) or "://" not in endpoint_url:
        raise ValueError(f"Invalid endpoint: {endpoint_url}")
    return endpoint_url.rstrip("/")


def _checked_int(name: str, value: int, largest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}")
    if not 0 <= value <= largest:
        raise ValueError(f"{name} must be from 0 to {largest}, not {value}")
    return value


def _end_of(history: History) -> tuple[int, int]:
    """Number and instant of the last event; of a history without any, the one before the first."""
    if not len(history):
        return -1, ManualClock().now_ns()
    last = history[-1]
    return last.number, last.at_ns
