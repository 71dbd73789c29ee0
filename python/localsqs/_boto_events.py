"""What the event emitters of boto clients share while a mock is open.

Each client gets a copy of its session's emitter: some 800 dicts and lists, a third of what making a client costs. And
each works out anew what an event is called today. Emitters of clients that answer from an engine start with what the
session has, and copy what they change; so does the session from then on. None of that shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore import hooks

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CAN_SHARE_HANDLERS", "Trie", "copying", "share_names"]

# --- Handlers --------------------------------------------------------------------------------------------------------

Trie: Any = getattr(hooks, "_PrefixTrie", object)


class SharedTrie(Trie):  # type: ignore[misc]
    """botocore's handlers by event, which may have nodes in common with others: it copies the nodes it changes.

    A node is {"chunk": part of the event's name, "children": {part: node}, "values": NodeList or None}; all changes to
    a key happen in the nodes on its path.
    """

    _root: dict[str, Any]

    def append_item(self, key: str, *arguments: Any, **keywords: Any) -> None:
        self._own(key)
        super().append_item(key, *arguments, **keywords)

    def remove_item(self, key: str, *arguments: Any, **keywords: Any) -> None:
        self._own(key)
        super().remove_item(key, *arguments, **keywords)

    def _own(self, key: str) -> None:
        """Copies the nodes on the path of a key, as far as there are any."""
        root = node = _copied(self._root)
        for part in key.split("."):
            child = node["children"].get(part)
            if child is None:
                break
            node["children"][part] = node = _copied(child)
        self._root = root


def _copied(node: dict[str, Any]) -> dict[str, Any]:
    values = node["values"]
    return {
        **node,
        "children": dict(node["children"]),
        "values": None if values is None else hooks.NodeList(*map(list, values)),
    }


def copying(is_ours: Callable[[], bool]) -> Callable[[Any], Any]:
    """What makes `__copy__` of a Trie share, for clients that are ours, of the original."""

    def make(original: Any) -> Any:
        def __copy__(self: Any) -> Any:
            if type(self) is Trie and is_ours():
                self.__class__ = SharedTrie  # It must not change any more what the copy has too.
            if type(self) is not SharedTrie or not is_ours():
                return original(self)
            shared = SharedTrie()
            shared._root = self._root
            return shared

        return __copy__

    return make


def _can_share_handlers() -> bool:
    """Whether this botocore keeps its handlers as SharedTrie knows them."""
    trie = Trie()
    if not hasattr(trie, "append_item"):
        return False
    trie.append_item("a", 1)
    expected = {"chunk": "a", "values": ([], [1], []), "children": {}}
    return bool(vars(trie) == {"_root": {"chunk": None, "children": {"a": expected}, "values": None}})


CAN_SHARE_HANDLERS = _can_share_handlers()

# --- Names -----------------------------------------------------------------------------------------------------------

# What each name that is emitted is called today; the same for all clients, unless somebody has changed the aliases.
_names: dict[str, str] = {}


def share_names(events: Any) -> None:
    if getattr(events, "_event_aliases", None) == hooks.EVENT_ALIASES and hasattr(events, "_alias_name_cache"):
        _names.update(events._alias_name_cache)
        events._alias_name_cache = _names
