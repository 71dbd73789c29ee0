"""Why a comparison of queues failed, in lines for pytest's report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from localsqs.testing import Queue

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 20


def explain(op: str, left: object, right: object) -> list[str] | None:
    """Lines for `pytest_assertrepr_compare`; None if no queue is compared."""
    queues = [side for side in (left, right) if isinstance(side, Queue)]
    if not queues:
        return None
    lines = [f"{left!r} {op} {right!r}"]
    bodies = [_bodies(side) for side in (left, right)]
    if op == "==" and bodies[0] is not None and bodies[1] is not None:
        lines += _differences(_name(left), bodies[0], _name(right), bodies[1])
    for queue in queues:
        lines += _contents(queue)
    return lines


def _bodies(side: object) -> list[Any] | None:
    if isinstance(side, Queue):
        return list(side.bodies)
    return list(side) if isinstance(side, (list, tuple)) else None


def _name(side: object) -> str:
    return side.name if isinstance(side, Queue) else f"the {type(side).__name__}"


def _differences(left: str, mine: Sequence[Any], right: str, others: Sequence[Any]) -> list[str]:
    lines = [f"{len(mine)} messages in {left}, {len(others)} in {right}"] if len(mine) != len(others) else []
    # By their text, since a list may hold what cannot be hashed.
    mine_texts, other_texts = [repr(body) for body in mine], [repr(body) for body in others]
    only_mine, only_others = Counter(mine_texts) - Counter(other_texts), Counter(other_texts) - Counter(mine_texts)
    lines += [f"only in {left}: {', '.join(only_mine.elements())}"] if only_mine else []
    lines += [f"only in {right}: {', '.join(only_others.elements())}"] if only_others else []
    if not only_mine and not only_others:
        at = next(i for i, (one, other) in enumerate(zip(mine_texts, other_texts, strict=True)) if one != other)
        lines.append(f"the same in another order, first at {at}: {mine_texts[at]} != {other_texts[at]}")
    return lines


def _contents(queue: Queue) -> list[str]:
    messages = queue.messages
    lines = [
        f"  {queue.name} holds {message.body!r}: {message.state}, received {message.receive_count} times"
        for message in messages[:_SHOWN]
    ]
    if len(messages) > _SHOWN:
        lines.append(f"  and {len(messages) - _SHOWN} more")
    return lines or [f"  {queue.name} is empty"]
