"""Paginators: `client.get_paginator("list_queues")`, with boto3's manners and token format.

    for page in sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 100, "MaxItems": 250}):
        page.get("QueueUrls", [])

A resume token is base64 of JSON: the service's token, and how many items of its page were already given out
("boto_truncate_amount"), so that tokens can be exchanged with boto3.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localsqs import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["PAGES", "PageIterator", "Pages", "Paginator"]


@dataclass(frozen=True)
class Pages:
    """How an operation's answers come in pages.

    Attributes:
        result_keys: Where the items stand. MaxItems counts those of the first; the others go along.
        limit: The parameter for the items a request; None if there is none.
        token: The parameter that asks for a later page.
        next_token: The member of the answer that names it; the same word as `token` if None.
    """

    result_keys: tuple[str, ...]
    limit: str | None = "MaxResults"
    token: str = "NextToken"
    next_token: str | None = None


# The operations of Amazon SQS that have pages.
PAGES = {"ListQueues": Pages(("QueueUrls",)), "ListDeadLetterSourceQueues": Pages(("queueUrls",))}

_SKIP = "boto_truncate_amount"


class Paginator:
    """Calls an operation as often as it has pages."""

    def __init__(self, method: Callable[..., dict[str, Any]], pages: Pages) -> None:
        self._method = method
        self._pages = pages

    def paginate(self, **kwargs: Any) -> PageIterator:
        """The pages of a call with these keyword arguments.

        Args:
            PaginationConfig: A dict with any of MaxItems (stop after so many items), PageSize (items a request) and
                StartingToken (where an earlier one stopped).

        Raises:
            PaginationError: If there is a PageSize, and the operation takes none.
        """
        config = kwargs.pop("PaginationConfig", {})
        page_size = config.get("PageSize")
        if page_size is not None and self._pages.limit is None:
            raise errors.PaginationError(
                message="PageSize parameter is not supported for the pagination interface for this operation."
            )
        return PageIterator(
            self._method,
            self._pages,
            kwargs,
            max_items=_int_or_none(config.get("MaxItems")),
            page_size=_int_or_none(page_size),
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
        pages: Pages,
        kwargs: dict[str, Any],
        *,
        max_items: int | None,
        page_size: int | None,
        starting_token: str | None,
    ) -> None:
        self._method = method
        self._pages = pages
        self._kwargs = kwargs
        self._max_items = max_items
        self._page_size = page_size
        self._starting_token = starting_token
        self.resume_token: str | None = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        key, name = self._pages.result_keys[0], self._pages.token
        token, skip = _parse_token(self._starting_token, name)
        left = self._max_items
        while True:
            page = self._request(token)
            items = page.get(key, [])[skip:]
            if skip:
                # What stands beside the items went out with the first of them.
                page.update({other: [] for other in self._pages.result_keys[1:] if other in page})
                page[key] = items
            if left is not None and len(items) > left:
                page[key] = items[:left]
                self.resume_token = _make_token({name: token, _SKIP: skip + left})
                yield page
                return
            yield page
            next_token = page.get(self._pages.next_token or name)
            if not next_token:
                return
            if left is not None:
                left -= len(items)
                if left == 0:
                    self.resume_token = _make_token({name: next_token})
                    return
            if next_token == token:
                raise errors.PaginationError(message=f"The same next token was received twice: { ({name: token}) }")
            token, skip = next_token, 0

    def _request(self, token: str | None) -> dict[str, Any]:
        kwargs = dict(self._kwargs)
        if self._page_size is not None and self._pages.limit is not None:
            kwargs[self._pages.limit] = self._page_size
        if token is not None:
            kwargs[self._pages.token] = token
        return self._method(**kwargs)

    def build_full_result(self) -> dict[str, Any]:
        """All items in one dict, with the token (NextToken) if MaxItems ended it early."""
        result: dict[str, Any] = {}
        for page in self:
            for key in self._pages.result_keys:
                if key in page:
                    result.setdefault(key, []).extend(page[key])
        if self.resume_token is not None:
            result["NextToken"] = self.resume_token
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


def _parse_token(token: str | None, name: str) -> tuple[str | None, int]:
    """The service's token and the items to skip. What is no token of ours is one of the service's, or is an older form:
    the service's token, three underscores, the items to skip."""
    if token is None:
        return None, 0
    try:
        parts = json.loads(base64.b64decode(token, validate=True))
        return parts.get(name), parts.get(_SKIP, 0)
    except (ValueError, AttributeError):
        service_token, separator, skip = token.rpartition("___")
        if separator and skip.isdigit():
            return None if service_token == "None" else service_token, int(skip)
        return token, 0
