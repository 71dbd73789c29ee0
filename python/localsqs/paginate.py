"""Paginators: `client.get_paginator("list_queues")`, with boto3's manners and token format.

    for page in sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 100, "MaxItems": 250}):
        page.get("QueueUrls", [])

A resume token is base64 of JSON: the service's token, and how many items of its page were already given out
("boto_truncate_amount"), so that tokens can be exchanged with boto3.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from localsqs import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["RESULT_KEYS", "PageIterator", "Paginator"]

# The operations that have pages, and where their items stand.
RESULT_KEYS = {"ListQueues": "QueueUrls", "ListDeadLetterSourceQueues": "queueUrls"}

_TOKEN = "NextToken"
_LIMIT = "MaxResults"
_SKIP = "boto_truncate_amount"


class Paginator:
    """Calls an operation as often as it has pages."""

    def __init__(self, method: Callable[..., dict[str, Any]], result_key: str) -> None:
        self._method = method
        self._result_key = result_key

    def paginate(self, **kwargs: Any) -> PageIterator:
        """The pages of a call with these keyword arguments.

        Args:
            PaginationConfig: A dict with any of MaxItems (stop after so many items), PageSize (items a request) and
                StartingToken (where an earlier one stopped).
        """
        config = kwargs.pop("PaginationConfig", {})
        return PageIterator(
            self._method,
            self._result_key,
            kwargs,
            max_items=_int_or_none(config.get("MaxItems")),
            page_size=_int_or_none(config.get("PageSize")),
            starting_token=config.get("StartingToken"),
        )


class PageIterator:
    """The pages of one call. Every `iter()` starts at the beginning.

    Attributes:
        resume_token: Where it stopped because of MaxItems; None if there is no more.
    """

    def __init__(
        self,
        method: Callable[..., dict[str, Any]],
        result_key: str,
        kwargs: dict[str, Any],
        *,
        max_items: int | None,
        page_size: int | None,
        starting_token: str | None,
    ) -> None:
        self._method = method
        self._result_key = result_key
        self._kwargs = kwargs
        self._max_items = max_items
        self._page_size = page_size
        self._starting_token = starting_token
        self.resume_token: str | None = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        token, skip = _parse_token(self._starting_token)
        left = self._max_items
        while True:
            page = self._request(token)
            items = page.get(self._result_key, [])[skip:]
            if skip:
                page[self._result_key] = items
            if left is not None and len(items) > left:
                page[self._result_key] = items[:left]
                self.resume_token = _make_token({_TOKEN: token, _SKIP: skip + left})
                yield page
                return
            yield page
            next_token = page.get(_TOKEN)
            if not next_token:
                return
            if left is not None:
                left -= len(items)
                if left == 0:
                    self.resume_token = _make_token({_TOKEN: next_token})
                    return
            if next_token == token:
                raise errors.PaginationError(message=f"The same next token was received twice: { ({_TOKEN: token}) }")
            token, skip = next_token, 0

    def _request(self, token: str | None) -> dict[str, Any]:
        kwargs = dict(self._kwargs)
        if self._page_size is not None:
            kwargs[_LIMIT] = self._page_size
        if token is not None:
            kwargs[_TOKEN] = token
        return self._method(**kwargs)

    def build_full_result(self) -> dict[str, Any]:
        """All items in one dict, with NextToken if MaxItems ended it early."""
        result: dict[str, Any] = {}
        for page in self:
            if self._result_key in page:
                result.setdefault(self._result_key, []).extend(page[self._result_key])
        if self.resume_token is not None:
            result[_TOKEN] = self.resume_token
        return result

    def search(self, expression: str) -> Iterator[Any]:
        """What a JMESPath expression finds in each page, lists flattened. Needs the package jmespath."""
        import jmespath  # type: ignore[import-untyped]

        compiled = jmespath.compile(expression)
        for page in self:
            found = compiled.search(page)
            if isinstance(found, list):
                yield from found
            else:
                yield found


def _int_or_none(value: Any) -> int | None:
    return None if value is None else int(value)


def _make_token(parts: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps(parts).encode()).decode()


def _parse_token(token: str | None) -> tuple[str | None, int]:
    """The service's token and the items to skip. What is no token of ours is one of the service's, or is an older form:
    the service's token, three underscores, the items to skip."""
    if token is None:
        return None, 0
    try:
        parts = json.loads(base64.b64decode(token, validate=True))
        return parts.get(_TOKEN), parts.get(_SKIP, 0)
    except (ValueError, AttributeError):
        service_token, separator, skip = token.rpartition("___")
        if separator and skip.isdigit():
            return None if service_token == "None" else service_token, int(skip)
        return token, 0
