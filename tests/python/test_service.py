"""Clients made from a table: parameter errors in botocore's words, answers, errors, pages, waiters."""

from __future__ import annotations

import pickle
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from localsqs import _service, errors
from localsqs._service import (
    ErrorShape,
    Operation,
    Pages,
    Service,
    ServiceError,
    ServiceModel,
    Waiter,
    boolean,
    double,
    integer,
    list_of,
    make_client,
    map_of,
    string,
    structure,
    timestamp,
)
from localsqs._timestamps import parse


def state_of_answer(answer: dict[str, Any] | ServiceError) -> str:
    if isinstance(answer, ServiceError):
        return "retry" if answer.code == "NotFound" else "error"
    return "success"


MODEL = ServiceModel(
    service_name="sns",
    class_name="Shelf",
    api_version="2026-01-01",
    operations=[
        Operation(
            "PutBook",
            structure(
                "Title Pages",
                Title=string(1),
                Pages=integer(1),
                Price=double(0),
                Printed=timestamp(),
                Lent=boolean(),
                Authors=list_of(string(), 1),
                Notes=map_of(structure("Text", Text=string())),
            ),
        ),
        Operation(
            "ListBooks", structure(Limit=integer(1), Marker=string()), Pages(("Books", "Notes"), "Limit", "Marker")
        ),
        Operation("GetBook", structure("Title", Title=string())),
    ],
    errors=[ErrorShape("BookNotFoundException", "NotFound", 404), ErrorShape("ShelfFault", status=500)],
    waiters={"book_exists": Waiter("GetBook", state_of_answer, delay=7, max_attempts=3)},
)


class Shelf(Service):
    model = MODEL

    def __init__(self, engine: Any) -> None:
        super().__init__(engine)
        self.titles: list[str] = []
        self.appears_at_ns = 0

    def put_book(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        self.titles.append(params["Title"])
        return {"Where": f"{region}/{account}/{params['Title']}"}

    def list_books(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        start = int(params.get("Marker", 0))
        end = start + params.get("Limit", 2)
        answer: dict[str, Any] = {"Books": self.titles[start:end], "Notes": [start]}
        return answer if end >= len(self.titles) else {**answer, "Marker": str(end)}

    def get_book(self, region: str, account: str, params: dict[str, Any]) -> dict[str, Any]:
        if params["Title"] == "broken":
            raise ServiceError("ShelfFault", "The shelf broke")
        if params["Title"] == "odd":
            raise ServiceError("OddThing", "Nobody knows", 418, Hint="none")
        if params["Title"] not in self.titles and self.engine.clock.now_ns() < self.appears_at_ns:
            raise ServiceError("NotFound", "No such book")
        return {"Title": params["Title"]}


@pytest.fixture
def shelf(engine):
    return Shelf(engine)


@pytest.fixture
def client(shelf):
    return make_client(shelf, "eu-west-1", "111122223333")


def test_an_answer_has_the_metadata_of_botocores(client):
    answer = client.put_book(Title="Emma", Pages=474)
    assert answer["Where"] == "eu-west-1/111122223333/Emma"
    metadata = answer["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == 200
    assert metadata["RetryAttempts"] == 0
    assert metadata["HTTPHeaders"]["x-amzn-requestid"] == metadata["RequestId"]


def test_equal_seeds_give_equal_request_ids(engine):
    ids = [make_client(Shelf(engine), "a", "1").list_books()["ResponseMetadata"]["RequestId"] for _ in range(2)]
    assert ids[0] == ids[1]


def test_modelled_errors_have_classes_and_status(client, shelf):
    shelf.appears_at_ns = 2**62
    with pytest.raises(client.exceptions.BookNotFoundException) as raised:
        client.get_book(Title="Emma")
    assert isinstance(raised.value, errors.ClientError)
    assert str(raised.value) == "An error occurred (NotFound) when calling the GetBook operation: No such book"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    assert raised.value.response["Error"] == {"Message": "No such book", "Code": "NotFound", "Type": "Sender"}
    assert raised.value.response["message"] == "No such book"
    with pytest.raises(client.exceptions.ShelfFault) as raised:
        client.get_book(Title="broken")
    assert raised.value.response["Error"]["Type"] == "Receiver"


def test_an_error_outside_the_table_is_a_plain_client_error(client):
    with pytest.raises(errors.ClientError) as raised:
        client.get_book(Title="odd")
    assert type(raised.value) is client.exceptions.ClientError
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 418
    assert raised.value.response["Hint"] == "none"


def test_errors_of_a_real_service_travel_between_processes(engine, monkeypatch):
    monkeypatch.setitem(_service.SERVICES, "sns", f"{__name__}:Shelf")
    client = make_client(Shelf(engine), "eu-west-1", "111122223333")
    with pytest.raises(client.exceptions.ShelfFault) as raised:
        client.get_book(Title="broken")
    again = pickle.loads(pickle.dumps(raised.value))
    assert type(again) is type(raised.value)
    assert again.response == raised.value.response


def test_an_unknown_exception_is_told_with_the_known_ones(client):
    with pytest.raises(AttributeError, match="Valid exceptions are: BookNotFoundException, ShelfFault"):
        _ = client.exceptions.NoSuchThing


def test_an_unknown_method_is_an_attribute_error_that_names_the_known(client):
    with pytest.raises(AttributeError, match=r"'Shelf' object has no attribute 'burn_book'.*get_book, list_books"):
        client.burn_book()
    assert not hasattr(client, "burn_book")


def test_positional_arguments_are_refused_in_botocores_words(client):
    with pytest.raises(TypeError, match=r"^get_book\(\) only accepts keyword arguments\.$"):
        client.get_book("Emma")


def botocore_shape(shape: dict[str, Any], name: str, shapes: dict[str, Any]) -> dict[str, str]:
    """Our shape as an entry of a botocore model."""
    kind = shape["type"]
    made: dict[str, Any] = {"type": kind}
    if "min" in shape:
        made["min"] = shape["min"]
    if kind == "structure":
        made["required"] = shape["required"]
        made["members"] = {n: botocore_shape(m, f"{name}_{n}", shapes) for n, m in shape["members"].items()}
    elif kind == "list":
        made["member"] = botocore_shape(shape["member"], f"{name}_m", shapes)
    elif kind == "map":
        made["key"] = botocore_shape(shape["key"], f"{name}_k", shapes)
        made["value"] = botocore_shape(shape["value"], f"{name}_v", shapes)
    shapes[name] = made
    return {"shape": name}


WRONG = [
    None,
    0,
    -1,
    1,
    1.5,
    Decimal("0.5"),
    float("nan"),
    "",
    "text",
    "1767225600",
    b"x",
    True,
    [],
    ["a"],
    [1],
    [None],
]
WRONG += [{}, {"a": 1}, {"a": {}}, {"a": {"Text": 3}}, {1: {"Text": "x"}}, (), datetime(2026, 1, 1), "2026-13-45"]


@pytest.mark.parametrize("member", MODEL.operation("PutBook").input["members"])
def test_parameter_errors_are_botocores_word_for_word(client, member):
    model = pytest.importorskip("botocore.model")
    validate = pytest.importorskip("botocore.validate")
    shapes: dict[str, Any] = {}
    botocore_shape(MODEL.operation("PutBook").input, "Input", shapes)
    shape = model.ShapeResolver(shapes).get_shape_by_name("Input")
    refused = 0
    for wrong in WRONG:
        params = {"Title": "Emma", "Pages": 474, member: wrong, "Nonsense": 1}
        report = validate.ParamValidator().validate(params, shape).generate_report()
        with pytest.raises(errors.ParamValidationError) as raised:
            client.put_book(**params)
        assert str(raised.value) == f"Parameter validation failed:\n{report}", wrong
        refused += report.count("\n") > 0
    assert refused > 5


def test_a_misspelt_parameter_has_a_hint(client):
    with pytest.raises(errors.ParamValidationError) as raised:
        client.get_book(Titel="Emma")
    assert raised.value.hint == "Did you mean Title?"


def test_pages(client):
    for title in "ABCDE":
        client.put_book(Title=title, Pages=1)
    paginator = client.get_paginator("list_books")
    assert [page["Books"] for page in paginator.paginate()] == [["A", "B"], ["C", "D"], ["E"]]
    assert paginator.paginate(PaginationConfig={"PageSize": 3}).build_full_result() == {
        "Books": ["A", "B", "C", "D", "E"],
        "Notes": [0, 3],
    }
    first = paginator.paginate(PaginationConfig={"MaxItems": 3}).build_full_result()
    assert first["Books"] == ["A", "B", "C"]
    rest = paginator.paginate(PaginationConfig={"StartingToken": first["NextToken"]}).build_full_result()
    assert rest == {"Books": ["D", "E"], "Notes": [4]}


def test_an_operation_without_pages(client):
    assert client.can_paginate("list_books")
    assert not client.can_paginate("get_book")
    with pytest.raises(errors.OperationNotPageableError):
        client.get_paginator("get_book")
    with pytest.raises(KeyError):
        client.can_paginate("burn_book")


def test_a_waiter_moves_a_manual_clock(client, shelf, engine):
    shelf.appears_at_ns = engine.clock.now_ns() + 10_000_000_000
    start = engine.clock.now_ns()
    client.get_waiter("book_exists").wait(Title="Emma")
    assert engine.clock.now_ns() - start == 14_000_000_000


def test_a_waiter_gives_up(client, shelf):
    shelf.appears_at_ns = 2**62
    with pytest.raises(errors.WaiterError, match="Waiter book_exists failed: Max attempts exceeded") as raised:
        client.get_waiter("book_exists").wait(Title="Emma")
    assert raised.value.last_response["Error"]["Code"] == "NotFound"
    with pytest.raises(client.exceptions.ShelfFault):
        client.get_waiter("book_exists").wait(Title="broken")
    with pytest.raises(ValueError, match="Waiter does not exist: book_burns"):
        client.get_waiter("book_burns")


def test_method_names_are_botocores():
    xform_name = pytest.importorskip("botocore").xform_name
    session = pytest.importorskip("botocore.session").get_session()
    for service in _service.SERVICES:
        for name in session.get_service_model(service).operation_names:
            if "OTel" not in name:  # The one that botocore has in a list of its own.
                assert Operation(name).method == xform_name(name)


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 1, 1),
        datetime(2026, 1, 1, tzinfo=timezone.utc),
        1_767_225_600,
        1_767_225_600.0,
        "1767225600",
        "2026-01-01T00:00:00Z",
        "2026-01-01T01:00:00+01:00",
        "2026-01-01",
        "Thu, 01 Jan 2026 00:00:00 GMT",
    ],
)
def test_timestamps(value):
    assert parse(value) == 1_767_225_600_000_000_000


@pytest.mark.parametrize("value", [None, "yesterday", [], {}])
def test_no_timestamps(value):
    with pytest.raises((TypeError, ValueError)):
        parse(value)
