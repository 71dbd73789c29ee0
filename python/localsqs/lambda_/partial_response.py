"""Partial batch responses: what a function's answer says of the single messages of its batch.

Rows of shared/spec/around.md, 1.11; tests/lambda_tables/partial_responses.txt holds them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Verdict", "verdict"]


class Verdict(NamedTuple):
    """What is to be deleted.

    Attributes:
        failed: The ids that stay in the queue; all others are deleted.
        invalid: Why the answer counts as a complete failure, "" if it does not. Then `failed` are all.
    """

    failed: Collection[str]
    invalid: str = ""


_SUCCESS = Verdict(())


def verdict(response: Any, message_ids: Collection[str]) -> Verdict:
    """Reads the answer of a function with ReportBatchItemFailures.

    Args:
        response: What the handler returned, as a JSON value.
        message_ids: Of the batch.
    """
    if not response:
        return _SUCCESS  # null, {}, "", [], 0, false
    if not isinstance(response, dict):
        return Verdict(message_ids, f"the response is no object but {_kind(response)}")
    items = response.get("batchItemFailures")
    if items is None:
        return _SUCCESS  # Also where the key is misspelt: then everything is deleted.
    if not isinstance(items, list):
        return Verdict(message_ids, f"batchItemFailures is no list but {_kind(items)}")
    failed: dict[str, None] = {}
    for item in items:
        fault = _fault(item, message_ids)
        if fault:
            return Verdict(message_ids, fault)
        failed[item["itemIdentifier"]] = None
    return Verdict(failed)


def _fault(item: Any, message_ids: Collection[str]) -> str:
    if not isinstance(item, dict):
        return f"an item of batchItemFailures is no object but {_kind(item)}"
    if "itemIdentifier" not in item:
        return "an item of batchItemFailures has no itemIdentifier"
    identifier = item["itemIdentifier"]
    if not isinstance(identifier, str) or not identifier:
        return f"itemIdentifier must be a message id, not {identifier!r}"
    if identifier not in message_ids:
        return f"itemIdentifier {identifier!r} is not the id of a message in the batch"
    return ""


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a string", bool: "a boolean", dict: "an object"}
    return names.get(type(value), "a number")
