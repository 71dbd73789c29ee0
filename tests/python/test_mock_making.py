"""Clients of boto3 made while a mock is open: what they do without, and that it does not show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import localsqs

boto3 = pytest.importorskip("boto3")
import botocore.hooks  # noqa: E402
import botocore.httpsession  # noqa: E402

from localsqs import _boto_events  # noqa: E402

KEYS = {"aws_access_key_id": "k", "aws_secret_access_key": "s"}


def client(service: str = "sqs", **arguments: Any) -> Any:
    return boto3.session.Session().client(service, region_name="us-east-1", **KEYS, **arguments)


@pytest.fixture
def contexts(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The TLS contexts that botocore makes from now on."""
    made: list[Any] = []
    make = botocore.httpsession.create_urllib3_context

    def create_urllib3_context(*arguments: Any, **keywords: Any) -> Any:
        made.append(make(*arguments, **keywords))
        return made[-1]

    monkeypatch.setattr(botocore.httpsession, "create_urllib3_context", create_urllib3_context)
    return made


def test_no_http_session_is_made_for_calls_that_are_answered(contexts):
    with localsqs.mock():
        sqs = client()
        sqs.create_queue(QueueName="orders")
        sqs.close()
    assert contexts == []
    client()
    assert len(contexts) == 1


def test_clients_of_other_services_have_theirs(contexts):
    with localsqs.mock():
        client("sns")
    assert len(contexts) == 1


@pytest.mark.localsqs(clock="system")
def test_a_client_made_within_goes_out_after_the_mock(sqs_server, sqs_engine):
    with localsqs.mock() as mocked:
        sqs = client(endpoint_url=sqs_server.endpoint_url)
        sqs.create_queue(QueueName="within")
        assert len(mocked.client("sqs").list_queues()["QueueUrls"]) == 1
    sqs.create_queue(QueueName="after")
    assert sqs.list_queues()["QueueUrls"] == [f"{sqs_server.endpoint_url}/000000000000/after"]
    sqs.close()
    assert sqs.list_queues()["QueueUrls"]  # As with any client: botocore connects again.


def test_an_http_session_given_by_the_user_is_used():
    class Session:
        def __init__(self, **_: Any) -> None: ...

        def close(self) -> None:
            closed.append(self)

    closed: list[Any] = []
    with localsqs.mock():
        sqs = client()
        sqs._endpoint.http_session = Session()
        sqs.list_queues()
        sqs.close()
    assert len(closed) == 1


def test_events_have_the_names_they_would_have_without_a_mock():
    names = ["before-call.sqs.SendMessage", "request-created.sqs", "needs-retry.cloudwatch.X", "docs.*.autoscaling.a.b"]
    unshared = client()
    with localsqs.mock():
        first, second = client(), client()
        first.list_queues()
    for events in (first.meta.events, second.meta.events):
        assert [events._alias_event_name(name) for name in names] == [
            unshared.meta.events._alias_event_name(name) for name in names
        ]


def test_events_renamed_by_the_user_are_not_shared():
    session = boto3.session.Session()
    events = session._session.get_component("event_emitter")
    events._event_aliases = {"sqs": "queues"}
    with localsqs.mock():
        client()
        renamed = session.client("sqs", region_name="us-east-1", **KEYS)
        other = client()
    assert renamed.meta.events._alias_event_name("before-call.sqs") == "before-call.queues"
    assert other.meta.events._alias_event_name("before-call.sqs") == "before-call.sqs"


# --- The handlers of events ------------------------------------------------------------------------------------------


def handlers(events: Any, name: str = "before-call.sqs.SendMessage") -> list[Any]:
    return list(events._emitter._handlers.prefix_search(name))


def one(**_: Any) -> None: ...
def two(**_: Any) -> None: ...


@pytest.fixture
def session() -> Any:
    return boto3.session.Session(region_name="us-east-1", **KEYS)


def test_handlers_of_clients_and_of_their_session_are_apart(session):
    events = session.events
    events.register("before-call.sqs", one)
    with localsqs.mock():
        first, second = session.client("sqs").meta.events, session.client("sqs").meta.events
        first.register("before-call.sqs.SendMessage", two)
        assert [two in handlers(each) for each in (first, second, events)] == [True, False, False]
        second.unregister("before-call.sqs", one)
        assert [one in handlers(each) for each in (first, second, events)] == [True, False, True]
        events.register("before-call.sqs", two)
        events.unregister("before-call.sqs", one)
        assert [one in handlers(each) for each in (first, second, events)] == [True, False, False]
        assert [handlers(each).count(two) for each in (first, second, events)] == [1, 0, 1]
        third = session.client("sqs").meta.events
        assert (one in handlers(third), two in handlers(third)) == (False, True)
    # And after the mock.
    events.register_first("before-call", one)
    assert [one in handlers(each) for each in (first, second, third, events)] == [True, False, False, True]
    fourth = session.client("sqs").meta.events
    events.unregister("before-call", one)
    assert [one in handlers(each) for each in (fourth, events)] == [True, False]


def test_a_client_has_the_handlers_it_would_have_without_a_mock(session):
    def names(node: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[Any]:
        values = node["values"]
        yield path, None if values is None else [[getattr(f, "__qualname__", f) for f in part] for part in values]
        for part, child in node["children"].items():
            yield from names(child, (*path, part))

    before = session.client("sqs")
    with localsqs.mock():
        within, within_too = session.client("sqs"), session.client("sqs")
    after = session.client("sqs")
    found = [dict(names(each.meta.events._emitter._handlers._root)) for each in (before, within, within_too, after)]
    assert found[0] == found[1] == found[2] == found[3]
    assert len(found[0]) > 100


def test_hooks_registered_on_a_session_within_a_mock_are_called(session):
    called: list[str] = []
    with localsqs.mock():
        session.client("sqs").list_queues()
        session.events.register("before-call.sqs", lambda **_: called.append("session"))
        sqs = session.client("sqs")
        sqs.meta.events.register_first("before-call.sqs.ListQueues", lambda **_: called.append("client"))
        sqs.list_queues()
        session.client("sqs").list_queues()
    assert called == ["client", "session", "session"]


def test_handlers_kept_in_another_way_are_not_shared(monkeypatch):
    monkeypatch.setattr(_boto_events.Trie, "__init__", lambda self: vars(self).update(_root=[], _more={}))
    monkeypatch.setattr(_boto_events.Trie, "append_item", lambda self, key, value: self._root.append((key, value)))
    assert not _boto_events._can_share_handlers()
