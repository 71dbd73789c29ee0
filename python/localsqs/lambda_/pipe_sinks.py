"""Where a pipe's batches go: a Python callable, a Lambda function, a queue, a topic.

A callable and a function get the bare list of records, or what the input template makes of each. A queue and a topic
get a message for each record. What they refuse is reported as a batch item failure and stays in the source queue.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localsqs.lambda_.outcome import Outcome, failure
from localsqs.lambda_.pipe_template import MISSING, at_path
from localsqs.lambda_.sink import CallableSink, FunctionSink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from localsqs.lambda_.event import Record
    from localsqs.lambda_.function import Function
    from localsqs.lambda_.pipe_template import Template

    # Takes entries {"Id", "Body", and MessageGroupId, MessageDeduplicationId where they are set}, ten at most. Gives
    # the Ids of those that were refused.
    Send = Callable[[list[dict[str, str]]], list[str]]

__all__ = ["MessageSink", "PipeCallableSink", "PipeFunctionSink"]

_ENTRIES_MAX = 10
_BATCH_BYTES_MAX = 1_048_576


class PipeCallableSink(CallableSink):
    """Calls a Python callable with the list."""

    def __init__(self, target: Callable[[list[Any]], Any], template: Template | None) -> None:
        super().__init__(target)
        self._template = template

    def event(self, records: list[Record]) -> Any:
        return _payload(records, self._template)


class PipeFunctionSink(FunctionSink):
    """Invokes a Lambda function with the list."""

    def __init__(self, find: Callable[[], Function | None], template: Template | None) -> None:
        super().__init__(find, None)
        self._template = template

    def event(self, records: list[Record]) -> Any:
        return _payload(records, self._template)


def _payload(records: list[Record], template: Template | None) -> list[Any]:
    return records if template is None else [template.value(record) for record in records]


class MessageSink:
    """Sends a message for each record: to a queue or a topic.

    Args:
        send: Sends ten at most.
        template: Makes the body; without one it is the record as JSON.
        members: MessageGroupId, MessageDeduplicationId: text, or a JSON path that begins with "$.".
    """

    timeout_s = 0.0
    function = None

    def __init__(self, send: Send, template: Template | None, members: dict[str, str]) -> None:
        self._send = send
        self._template = template
        self._members = members

    def begin(self) -> bool:
        return True

    def event(self, records: list[Record]) -> Any:
        return records

    def deliver(self, event: Any, request_id: str) -> Outcome:
        try:
            refused = [record_id for part in self._parts(event) for record_id in self._send(part)]
        except Exception as error:
            return Outcome("error", failure(type(error).__name__, str(error), request_id), error=error)
        return Outcome("ok", {"batchItemFailures": [{"itemIdentifier": record_id} for record_id in refused]})

    def _parts(self, records: list[Record]) -> Iterator[list[dict[str, str]]]:
        """Entries in parts that one request takes, in order."""
        part: list[dict[str, str]] = []
        size = 0
        for record in records:
            entry = self._entry(record)
            size += len(entry["Body"].encode())
            if part and (len(part) == _ENTRIES_MAX or size > _BATCH_BYTES_MAX):
                yield part
                part, size = [], len(entry["Body"].encode())
            part.append(entry)
        if part:
            yield part

    def _entry(self, record: Record) -> dict[str, str]:
        body = json.dumps(record, ensure_ascii=False) if self._template is None else self._template.text(record)
        return {"Id": record["messageId"], "Body": body, **self._members_of(record)}

    def _members_of(self, record: Record) -> dict[str, str]:
        members = {}
        for name, given in self._members.items():
            value = at_path(record, given) if given.startswith("$.") else given
            if value is not MISSING and value is not None:
                members[name] = value if isinstance(value, str) else json.dumps(value)
        return members
