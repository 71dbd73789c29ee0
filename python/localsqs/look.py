"""A look into queues without receiving: nothing changes, nothing is counted.

queue = localsqs.look.messages(engine, "orders")
[message.state for message in queue]                   # ["in_flight", "visible"]
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from localsqs import _core
from localsqs.errors import StoreError

if TYPE_CHECKING:
    from datetime import datetime

    from localsqs.engine import Engine

__all__ = ["Message", "QueueState", "messages", "oldest", "queues"]

_PAGE = 1000


@dataclass(frozen=True)
class Message:
    """A message as it lies in its queue.

    Attributes:
        state: "visible", "in_flight" or "delayed".
        attributes: System attributes by their AWS names, as a receive would show them.
        receive_count: ApproximateReceiveCount.
        visible_at: When its delay or visibility timeout ends; None if it is visible.
        dead_letter_source_arn: The queue it came from by a redrive policy, or None.
    """

    message_id: str
    body: str
    state: str
    receive_count: int
    sent_at: datetime
    visible_at: datetime | None
    group_id: str | None
    deduplication_id: str | None
    dead_letter_source_arn: str | None
    attributes: dict[str, str] = field(repr=False)
    message_attributes: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class QueueState:
    """A queue and how many messages it holds, by state."""

    name: str
    arn: str
    region: str
    account: str
    fifo: bool
    visible: int
    in_flight: int
    delayed: int
    dead_letter_arn: str | None
    max_receive_count: int | None

    def _repr_html_(self) -> str:
        from localsqs import _html

        return _html.of_queues([self])

    def __str__(self) -> str:
        dead = "" if self.dead_letter_arn is None else f", dead letters to {self.dead_letter_arn.rpartition(':')[2]}"
        return f"{self.name}: {self.visible} visible, {self.in_flight} in flight, {self.delayed} delayed{dead}"


def queues(engine: Engine) -> list[QueueState]:
    """All queues of the engine, in order of creation."""
    return core_queues(engine._core)


def core_queues(core: _core.Engine) -> list[QueueState]:
    """The same of an engine without its Python side."""
    return [_queue(page) for page in _page(core, "queues")["queues"]]


def messages(
    engine: Engine, name: str, *, state: str | None = None, region: str | None = None, account: str | None = None
) -> list[Message]:
    """The messages of a queue in order of arrival, those in flight and delayed included.

    Args:
        name: The queue's name.
        state: Only those that are "visible", "in_flight" or "delayed".
        region, account: Of the queue; the engine's if None.

    Raises:
        KeyError: If there is no such queue.
        ValueError: If there is no such state.
        localsqs.errors.StoreError: If a body is in the engine's file only (`memory_limit`) and cannot be read.
    """
    path = "/".join(quote(part, safe="") for part in (region or engine.region, account or engine.account, name))
    query = f"?limit={_PAGE}" + ("" if state is None else f"&state={quote(state)}")
    found: list[Message] = []
    cursor = ""
    while True:
        page = _page(engine._core, f"queues/{path}/messages{query}{cursor}")
        found += [_message(row) for row in page["messages"]]
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def oldest(engine: Engine, name: str, *, region: str | None = None, account: str | None = None) -> Message | None:
    """The message that arrived first of those in a queue; None if it is empty. KeyError if there is no such queue."""
    path = "/".join(quote(part, safe="") for part in (region or engine.region, account or engine.account, name))
    rows = _page(engine._core, f"queues/{path}/messages?limit=1")["messages"]
    return _message(rows[0]) if rows else None


def _page(core: _core.Engine, page: str) -> Any:
    status, text = _core.look(core, f"/_localsqs/{page}")
    answer = json.loads(text)
    if status == 404:
        raise KeyError(answer["error"])
    if status == 500:
        raise StoreError(answer["error"])
    if status != 200:
        raise ValueError(answer["error"])
    return answer


def _queue(page: dict[str, Any]) -> QueueState:
    dead = page["dead_letter"] or {}
    return QueueState(
        name=page["name"],
        arn=page["arn"],
        region=page["region"],
        account=page["account"],
        fifo=page["fifo"],
        **page["messages"],
        dead_letter_arn=dead.get("target_arn"),
        max_receive_count=dead.get("max_receive_count"),
    )


def _message(row: dict[str, Any]) -> Message:
    body = row["body"]
    if row["body_is_base64"]:
        body = base64.b64decode(body).decode("utf-8", "surrogateescape")
    return Message(
        message_id=row["message_id"],
        body=body,
        state=row["state"],
        receive_count=row["receive_count"],
        sent_at=_instant(row["sent_at"]),
        visible_at=None if row["visible_at"] is None else _instant(row["visible_at"]),
        group_id=row["group_id"],
        deduplication_id=row["deduplication_id"],
        dead_letter_source_arn=row["dead_letter_source_arn"],
        attributes=row["attributes"],
        message_attributes=row["message_attributes"],
    )


def _instant(text: str) -> datetime:
    from datetime import datetime

    return datetime.fromisoformat(text.replace("Z", "+00:00"))
