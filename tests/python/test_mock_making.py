"""Clients of boto3 made while a mock is open: what they do without, and that it does not show."""

from __future__ import annotations

from typing import Any

import pytest

import localsqs

boto3 = pytest.importorskip("boto3")
import botocore.hooks  # noqa: E402
import botocore.httpsession  # noqa: E402

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
