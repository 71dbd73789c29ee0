"""LambdaService: the Lambda API of an engine: event source mappings here, functions in `function_api`.

Answers, texts and the order of the checks are recorded ones where there are any (shared/spec/around.md, 1.1 to 1.5). A
mapping changes its state in no time; the answer of the call that starts a transition still names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from localsqs._service import ServiceError, partition
from localsqs.lambda_ import capture, overlay, sleeping
from localsqs.lambda_.counters import Counters
from localsqs.lambda_.function_api import FunctionApi
from localsqs.lambda_.mapping import Mapping
from localsqs.lambda_.model import MODEL
from localsqs.lambda_.names import parse_function_name
from localsqs.lambda_.settings import NOT_FOR_SQS, Settings, invalid
from localsqs.lambda_.sink import FunctionSink
from localsqs.lambda_.warn import warn, warn_of_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from localsqs.engine import Engine
    from localsqs.lambda_.function import Function
    from localsqs.lambda_.names import FunctionName

    T = TypeVar("T")

__all__ = ["LambdaService"]

_PAGE_MAX = 100
_UUID_VERSION_4 = 4 << 76 | 2 << 62
_UUID_MASK = (1 << 128) - 1 & ~(15 << 76 | 3 << 62)
_UNKNOWN = "The resource you requested does not exist."


class LambdaService(FunctionApi):
    """Lambda on an engine.

    Attributes:
        mappings: By UUID, in order of creation; pipes too.
        pipes: Of these, the pipes.
        functions: By (region, account, name).
        counters: What happened so far.
        duplicates_possible: Whether faults are on that make some.
    """

    model = MODEL
    locks = False  # Invoke runs users' code.

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.mappings: dict[str, Mapping] = {}
        self.functions: dict[tuple[str, str, str], Function] = {}
        self.counters = Counters()
        self.duplicates_possible = False
        self._taken: list[Any] = []
        self._bits = self.random.getrandbits
        engine._agenda.around_runs(self._before_run, self._after_run)

    # --- Runs --------------------------------------------------------------------------------------------------------

    def _before_run(self) -> None:
        sleeping.patch.install()
        self._taken = sleeping.patch.take_over(function.handler for function in self.functions.values())
        capture.hold()
        faults = self.engine._core.faults()
        self.duplicates_possible = bool(faults["duplicate"] or faults["forget_delete"])

    def _after_run(self) -> None:
        overlay.uninstall()
        capture.release()
        sleeping.patch.give_back(self._taken)
        sleeping.patch.remove()

    def run_in_real_time(self, action: Callable[[], T]) -> T:
        """On a SystemClock: an invocation, whose sleeps end at its timeout."""
        sleeping.patch.install()
        try:
            return action()
        finally:
            sleeping.patch.remove()

    def close(self) -> None:
        """The engine is closed."""
        mappings = list(self.mappings.values())
        for mapping in mappings:
            mapping.disable()
        for mapping in mappings:
            mapping._join()
        for function in list(self.functions.values()):
            function.close()

    # --- Ids ---------------------------------------------------------------------------------------------------------

    def new_request_id(self) -> str:
        """A UUID of version 4 from the seed, cheaply."""
        h = "%032x" % (self._bits(128) & _UUID_MASK | _UUID_VERSION_4)
        return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"

    def random_hex(self) -> str:
        """32 digits from the seed."""
        return f"{self._bits(128):032x}"

    # --- Operations on mappings --------------------------------------------------------------------------------------

    def create_event_source_mapping(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        mapping = self.create(region, account, params)
        return mapping.to_aws("Creating" if params.get("Enabled", True) else "Disabled")

    def create(self, region: str, account: str, params: dict[str, Any], **options: Any) -> Mapping:
        """A mapping as CreateEventSourceMapping makes it; `options` are those of Mapping."""
        arn = _queue_arn(params.get("EventSourceArn"))
        self._refuse_others(params)
        name = parse_function_name(params["FunctionName"], region, account)
        with self.lock:
            function = self._existing_function(name)
            settings = Settings().changed(params)
            settings.check(arn.endswith(".fifo"))
            self._check_queue(arn, function)
            self._check_unique(arn, name)
            warn_of_settings(self.engine, arn, function, settings)
            mapping = self._add(region, account, arn, name, settings, params.get("Tags"), options)
            if params.get("Enabled", True):
                mapping.enable()
            return mapping

    def _add(
        self,
        region: str,
        account: str,
        queue_arn: str,
        name: FunctionName,
        settings: Settings,
        tags: dict[str, str] | None,
        options: dict[str, Any],
    ) -> Mapping:
        uuid = self.new_uuid()
        mapping = Mapping(
            self.engine,
            uuid,
            f"arn:{partition(region)}:lambda:{region}:{account}:event-source-mapping:{uuid}",
            queue_arn,
            _function_arn(name),
            settings,
            self._sink(name),
            tags=tags,
            **options,
        )
        self.mappings[uuid] = mapping
        return mapping

    def get_event_source_mapping(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        return self._mapping(params["UUID"], region, account).to_aws()

    def list_event_source_mappings(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        found = self._mappings_of(region, account)
        if "EventSourceArn" in params:
            found = [mapping for mapping in found if mapping.queue_arn == params["EventSourceArn"]]
        if "FunctionName" in params:
            name = parse_function_name(params["FunctionName"], region, account)
            wanted = _function_arn(name)
            found = [m for m in found if m.function_arn == wanted or (not name.qualifier and _unqualified(m) == wanted)]
        page, marker = page_of(found, params)
        answer: dict[str, Any] = {"EventSourceMappings": [mapping.to_aws() for mapping in page]}
        if marker:
            answer["NextMarker"] = marker
        return answer

    def update_event_source_mapping(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        mapping = self._mapping(params["UUID"], region, account)
        self._refuse_others(params)
        with self.lock:
            sink = arn = None
            if "FunctionName" in params:
                name = parse_function_name(params["FunctionName"], region, account)
                function = self._existing_function(name)
                self._check_queue(mapping.queue_arn, function)
                sink, arn = self._sink(name), _function_arn(name)
            settings = mapping.settings.changed(params)
            settings.check(mapping.queue_arn.endswith(".fifo"))
            mapping.configure(settings, sink, arn)
            return mapping.to_aws(self._switched(mapping, params.get("Enabled")))

    @staticmethod
    def _switched(mapping: Mapping, enabled: bool | None) -> str:
        if enabled is None:
            return "Updating"
        if enabled:
            mapping.enable()
            return "Enabling"
        mapping.disable()
        return "Disabling"

    def delete_event_source_mapping(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        mapping = self._mapping(params["UUID"], region, account)
        self.forget_mapping(mapping)
        return mapping.to_aws("Deleting")

    def forget_mapping(self, mapping: Mapping) -> None:
        """Ends it. Does nothing if that was done before."""
        if self.mappings.pop(mapping.uuid, None) is not None:
            mapping._remove()

    # --- Finding and checking ----------------------------------------------------------------------------------------

    def _refuse_others(self, params: dict[str, Any]) -> None:
        """What is not for queues. AWS's text for OnSuccess serves for OnFailure too [ours]."""
        if params.get("DestinationConfig"):
            raise invalid("Unsupported DestinationConfig parameter for given event source mapping type.")
        others = [name for name in NOT_FOR_SQS if name in params]
        if others and self.engine.strict:
            raise invalid(f"{others[0]} is not supported for Amazon SQS event sources.")
        if others:
            warn(f"{', '.join(others)}: not a parameter of mappings for Amazon SQS; it has no effect here")

    def _mappings_of(self, region: str, account: str) -> list[Mapping]:
        prefix = f":lambda:{region}:{account}:event-source-mapping:"
        return [mapping for mapping in self.mappings.values() if prefix in mapping.arn]

    def _mapping(self, uuid: str, region: str, account: str) -> Mapping:
        mapping = self.mappings.get(uuid)
        if mapping is None or f":lambda:{region}:{account}:" not in mapping.arn:
            raise ServiceError("ResourceNotFoundException", _UNKNOWN)
        return mapping

    def _tagged(self, arn: str, region: str, account: str) -> dict[str, str]:
        if ":event-source-mapping:" in arn:
            return self._mapping(arn.rpartition(":")[2], region, account).tags
        return super()._tagged(arn, region, account)

    def _sink(self, name: FunctionName) -> FunctionSink:
        key = name[:3]
        return FunctionSink(lambda: self.functions.get(key), name.qualifier)

    def _existing_function(self, name: FunctionName) -> Function:
        function = self.functions.get(name[:3])
        if function is None:
            raise invalid("Function does not exist")
        return function

    def _check_queue(self, arn: str, function: Function) -> None:
        *_, region, account, name = arn.split(":")
        times = self.engine._core.queue_times(region, account, name)
        if times is None:
            raise invalid(
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
                "SQS Error Message: The specified queue does not exist."
            )
        if times[0] < function.timeout:
            raise invalid(
                f"Queue visibility timeout: {times[0]} seconds is less than Function timeout: "
                f"{function.timeout:g} seconds"
            )

    def _check_unique(self, queue_arn: str, name: FunctionName) -> None:
        for mapping in self.mappings.values():
            if mapping.queue_arn == queue_arn and mapping.function_arn == _function_arn(name):
                raise ServiceError(
                    "ResourceConflictException",
                    f'An event source mapping with SQS arn (" {queue_arn} ") and function (" {name.name} ") already '
                    f"exists. Please update or delete the existing mapping with UUID {mapping.uuid}",
                )


def page_of(items: list[T], params: dict[str, Any]) -> tuple[list[T], str | None]:
    """At most 100 items a page, whatever MaxItems says, and the marker of the next."""
    marker = params.get("Marker") or "0"
    start = int(marker) if marker.isdigit() else 0
    end = start + min(params.get("MaxItems", _PAGE_MAX), _PAGE_MAX)
    return items[start:end], str(end) if end < len(items) else None


def _queue_arn(arn: str | None) -> str:
    if not arn or ":sqs:" not in arn or len(arn.split(":")) != 6:
        raise invalid("Unrecognized event source.")
    return arn


def _function_arn(name: FunctionName) -> str:
    arn = f"arn:{partition(name.region)}:lambda:{name.region}:{name.account}:function:{name.name}"
    return f"{arn}:{name.qualifier}" if name.qualifier else arn


def _unqualified(mapping: Mapping) -> str:
    return ":".join(mapping.function_arn.split(":")[:7])
