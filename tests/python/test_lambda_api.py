"""The Lambda API in boto3's shapes: mappings and functions (shared/spec/around.md, 1.1 to 1.5)."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

import localsqs
from localsqs.lambda_.warn import LambdaWarning
from localsqs.testing import Queue, make_queue

pytestmark = pytest.mark.filterwarnings("ignore::localsqs.lambda_.warn.LambdaWarning")

ARN = "arn:aws:sqs:us-east-1:000000000000:orders"
FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:orders-fn"


@pytest.fixture
def engine() -> Iterator[localsqs.Engine]:
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=7) as engine:
        yield engine


@pytest.fixture
def orders(engine: localsqs.Engine) -> Queue:
    return make_queue(engine, "orders")


@pytest.fixture
def client(engine: localsqs.Engine, orders: Queue) -> Any:
    engine.register_function("orders-fn", lambda event, context: event, timeout=5)
    return engine.client("lambda")


def create(client: Any, **members: Any) -> dict[str, Any]:
    created: dict[str, Any] = client.create_event_source_mapping(
        **{"EventSourceArn": ARN, "FunctionName": "orders-fn", **members}
    )
    return created


def without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


# --- Create, get, list, update, delete -------------------------------------------------------------------------------


def test_create_as_recorded(client: Any) -> None:
    answer = create(client)
    uuid = answer["UUID"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert without_metadata(answer) == {
        "UUID": uuid,
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 0,
        "FunctionResponseTypes": [],
        "EventSourceArn": ARN,
        "EventSourceMappingArn": f"arn:aws:lambda:us-east-1:000000000000:event-source-mapping:{uuid}",
        "FunctionArn": FUNCTION_ARN,
        "LastModified": datetime(2026, 1, 1, tzinfo=timezone.utc),
        "State": "Creating",
        "StateTransitionReason": "USER_INITIATED",
    }
    assert client.get_event_source_mapping(UUID=uuid)["State"] == "Enabled"


def test_every_setting_is_answered(client: Any) -> None:
    settings = {
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 5,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "FilterCriteria": {"Filters": [{"Pattern": '{"body": {"a": [1]}}'}]},
        "ScalingConfig": {"MaximumConcurrency": 2},
        "MetricsConfig": {"Metrics": ["EventCount"]},
        "KMSKeyArn": "arn:aws:kms:us-east-1:000000000000:key/1",
    }
    answer = create(client, **settings)
    assert {name: answer[name] for name in settings} == settings
    cleared = client.update_event_source_mapping(
        UUID=answer["UUID"], ScalingConfig={}, FilterCriteria={}, FunctionResponseTypes=[]
    )
    assert cleared["FunctionResponseTypes"] == []
    assert not {"ScalingConfig", "FilterCriteria"} & cleared.keys()


def test_provisioned_mode(client: Any) -> None:
    answer = create(client, ProvisionedPollerConfig={"MinimumPollers": 3})
    assert answer["ProvisionedPollerConfig"] == {"MinimumPollers": 3, "MaximumPollers": 200}


def test_created_disabled(client: Any) -> None:
    assert create(client, Enabled=False)["State"] == "Disabled"


def test_update_shows_the_transition_and_get_its_end(client: Any) -> None:
    uuid = create(client)["UUID"]

    def update(**members: Any) -> tuple[str, str]:
        answer = client.update_event_source_mapping(UUID=uuid, **members)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
        return answer["State"], client.get_event_source_mapping(UUID=uuid)["State"]

    assert update(BatchSize=5) == ("Updating", "Enabled")
    assert update(Enabled=False) == ("Disabling", "Disabled")
    assert update(BatchSize=6) == ("Updating", "Disabled")
    assert update(Enabled=True) == ("Enabling", "Enabled")
    assert client.get_event_source_mapping(UUID=uuid)["BatchSize"] == 6


def test_update_works_from_then_on(engine: localsqs.Engine, client: Any, orders: Queue) -> None:
    uuid = create(client)["UUID"]
    client.update_event_source_mapping(UUID=uuid, BatchSize=2)
    for _ in range(4):
        orders.send()
    assert engine.run_until_idle().invocations == 2


def test_delete(engine: localsqs.Engine, client: Any, orders: Queue) -> None:
    uuid = create(client)["UUID"]
    assert client.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    orders.send()
    engine.run_for(minutes=1)
    assert orders.visible == 1
    for call in (client.get_event_source_mapping, client.delete_event_source_mapping):
        with pytest.raises(client.exceptions.ResourceNotFoundException) as error:
            call(UUID=uuid)
        assert error.value.response["Error"] == {
            "Code": "ResourceNotFoundException",
            "Message": "The resource you requested does not exist.",
        }
        assert error.value.response["Message"] == "The resource you requested does not exist."
        assert error.value.response["Type"] == "User"
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_list_by_queue_and_function(engine: localsqs.Engine, client: Any) -> None:
    other = make_queue(engine, "other")
    engine.register_function("other-fn", lambda event, context: None)
    uuids = [
        create(client)["UUID"],
        create(client, FunctionName="other-fn")["UUID"],
        create(client, EventSourceArn=other.arn)["UUID"],
    ]

    def listed(**members: Any) -> list[str]:
        return [item["UUID"] for item in client.list_event_source_mappings(**members)["EventSourceMappings"]]

    assert listed() == uuids
    assert listed(EventSourceArn=ARN) == uuids[:2]
    assert listed(FunctionName="orders-fn") == [uuids[0], uuids[2]]
    assert listed(FunctionName=FUNCTION_ARN, EventSourceArn=other.arn) == [uuids[2]]


def test_list_has_pages_of_at_most_a_hundred(engine: localsqs.Engine, client: Any) -> None:
    for number in range(120):
        create(client, EventSourceArn=make_queue(engine, f"q{number}").arn)
    first = client.list_event_source_mappings(MaxItems=5000)
    assert len(first["EventSourceMappings"]) == 100
    second = client.list_event_source_mappings(Marker=first["NextMarker"])
    assert len(second["EventSourceMappings"]) == 20
    assert "NextMarker" not in second
    pages = client.get_paginator("list_event_source_mappings").paginate()
    assert sum(len(page["EventSourceMappings"]) for page in pages) == 120


@pytest.mark.parametrize(
    ("given", "answered"),
    [
        ("orders-fn", FUNCTION_ARN),
        ("orders-fn:live", FUNCTION_ARN + ":live"),
        ("000000000000:function:orders-fn", FUNCTION_ARN),
        ("function:orders-fn", FUNCTION_ARN),
        (FUNCTION_ARN, FUNCTION_ARN),
        (FUNCTION_ARN + ":$LATEST", FUNCTION_ARN + ":$LATEST"),
        (FUNCTION_ARN + ":7", FUNCTION_ARN + ":7"),
    ],
)
def test_names_of_functions(client: Any, given: str, answered: str) -> None:
    assert create(client, FunctionName=given)["FunctionArn"] == answered


def test_the_qualifier_reaches_the_context(engine: localsqs.Engine, orders: Queue) -> None:
    seen: list[tuple[str, str]] = []
    engine.register_function("fn", lambda event, c: seen.append((c.invoked_function_arn, c.function_version)))
    create(engine.client("lambda"), FunctionName="fn:7")
    orders.send()
    engine.run_until_idle()
    assert seen == [("arn:aws:lambda:us-east-1:000000000000:function:fn:7", "7")]


def test_tags(client: Any) -> None:
    arn = create(client, Tags={"team": "a"})["EventSourceMappingArn"]
    assert client.list_tags(Resource=arn)["Tags"] == {"team": "a"}
    client.tag_resource(Resource=arn, Tags={"cost": "b"})
    client.untag_resource(Resource=arn, TagKeys=["team"])
    assert client.list_tags(Resource=arn)["Tags"] == {"cost": "b"}
    assert client.list_tags(Resource=FUNCTION_ARN)["Tags"] == {}


def test_deleting_the_function_leaves_the_mapping(client: Any) -> None:
    uuid = create(client)["UUID"]
    client.delete_function(FunctionName="orders-fn")
    assert client.get_event_source_mapping(UUID=uuid)["State"] == "Enabled"


# --- What is refused -------------------------------------------------------------------------------------------------

_MISSING = "arn:aws:sqs:us-east-1:000000000000:missing"
_WINDOW = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
_DESTINATION = "Unsupported DestinationConfig parameter for given event source mapping type."


@pytest.mark.parametrize(
    ("members", "message"),
    [
        pytest.param(
            {"EventSourceArn": _MISSING},
            "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error "
            "Message: The specified queue does not exist.",
            id="queue-missing",
        ),
        pytest.param(
            {"EventSourceArn": _MISSING, "FunctionName": "?missing".strip("?")},
            "Function does not exist",
            id="function-before-queue",
        ),
        pytest.param(
            {"FunctionName": "missing", "DestinationConfig": {"OnSuccess": {"Destination": ARN}}},
            _DESTINATION,
            id="destination-before-function",
        ),
        pytest.param({"DestinationConfig": {"OnFailure": {"Destination": ARN}}}, _DESTINATION, id="on-failure"),
        pytest.param({"BatchSize": 11}, _WINDOW, id="batch-size-without-window"),
        pytest.param({"EventSourceArn": "arn:aws:s3:::bucket"}, "Unrecognized event source.", id="no-queue"),
        *[
            pytest.param(
                {"FilterCriteria": {"Filters": [{"Pattern": pattern}]}},
                "Invalid filter pattern definition.",
                id=f"pattern-{pattern}",
            )
            for pattern in ("null", '"text"', '{"eventSource":"aws:sqs"}', '{"eventSource":[]}', "{")
        ],
    ],
)
def test_invalid_parameter_values(client: Any, members: dict[str, Any], message: str) -> None:
    with pytest.raises(client.exceptions.InvalidParameterValueException) as error:
        create(client, **members)
    assert error.value.response["Error"] == {"Code": "InvalidParameterValueException", "Message": message}
    assert error.value.response["message"] == message
    assert error.value.response["Type"] == "User"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert client.list_event_source_mappings()["EventSourceMappings"] == []


def test_no_event_source(client: Any) -> None:
    with pytest.raises(client.exceptions.InvalidParameterValueException, match=r"Unrecognized event source\."):
        client.create_event_source_mapping(FunctionName="orders-fn")


def test_the_batch_size_is_checked_on_update_too(client: Any) -> None:
    uuid = create(client, BatchSize=20, MaximumBatchingWindowInSeconds=1)["UUID"]
    with pytest.raises(client.exceptions.InvalidParameterValueException, match=_WINDOW):
        client.update_event_source_mapping(UUID=uuid, MaximumBatchingWindowInSeconds=0)
    assert client.get_event_source_mapping(UUID=uuid)["MaximumBatchingWindowInSeconds"] == 1


def test_the_function_may_not_outlast_the_visibility_timeout(engine: localsqs.Engine, client: Any) -> None:
    engine.register_function("slow", lambda event, context: None, timeout=180)
    queue = make_queue(engine, "short", VisibilityTimeout=60)
    with pytest.raises(client.exceptions.InvalidParameterValueException) as error:
        create(client, EventSourceArn=queue.arn, FunctionName="slow")
    assert error.value.response["Error"]["Message"] == (
        "Queue visibility timeout: 60 seconds is less than Function timeout: 180 seconds"
    )


def test_the_same_pair_twice(client: Any) -> None:
    uuid = create(client)["UUID"]
    with pytest.raises(client.exceptions.ResourceConflictException) as error:
        create(client)
    assert error.value.response["Error"]["Message"] == (
        f'An event source mapping with SQS arn (" {ARN} ") and function (" orders-fn ") already exists. Please update '
        f"or delete the existing mapping with UUID {uuid}"
    )
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409


@pytest.mark.parametrize(
    "members",
    [
        {"BatchSize": 10_001, "MaximumBatchingWindowInSeconds": 1},
        {"MaximumBatchingWindowInSeconds": 301},
        {"ScalingConfig": {"MaximumConcurrency": 1001}},
        {"ProvisionedPollerConfig": {"MinimumPollers": 201}},
        {"ProvisionedPollerConfig": {"MinimumPollers": 20, "MaximumPollers": 10}},
        {"ProvisionedPollerConfig": {"PollerGroupName": "x"}},
        {"ProvisionedPollerConfig": {"MinimumPollers": 2}, "ScalingConfig": {"MaximumConcurrency": 2}},
        {"FunctionResponseTypes": ["ReportBatchItemFailures", "ReportBatchItemFailures"]},
        {"FunctionResponseTypes": ["Other"]},
        {"MetricsConfig": {"Metrics": ["KafkaMetrics"]}},
        {"FilterCriteria": {"Filters": [{"Pattern": '{"a":[1]}'}] * 11}},
        {"FilterCriteria": {"Filters": [{"Pattern": '{"a":["' + "x" * 4096 + '"]}'}]}},
        {"FunctionName": "bad name"},
    ],
)
def test_out_of_range(client: Any, members: dict[str, Any]) -> None:
    with pytest.raises(client.exceptions.InvalidParameterValueException):
        create(client, **members)


def test_parameters_of_other_sources() -> None:
    for strict in (False, True):
        with localsqs.Engine(clock=localsqs.ManualClock(), seed=1, strict=strict) as engine:
            make_queue(engine, "orders")
            engine.register_function("orders-fn", lambda event, context: None)
            client = engine.client("lambda")
            if strict:
                with pytest.raises(client.exceptions.InvalidParameterValueException, match="ParallelizationFactor"):
                    create(client, ParallelizationFactor=2)
            else:
                with pytest.warns(LambdaWarning, match="ParallelizationFactor: not a parameter of mappings for Amazon"):
                    create(client, ParallelizationFactor=2)


@pytest.mark.parametrize(
    "members", [{"BatchSize": 11}, {"MaximumBatchingWindowInSeconds": 1}], ids=["batch-size", "window"]
)
def test_limits_of_fifo_queues(engine: localsqs.Engine, client: Any, members: dict[str, Any]) -> None:
    queue = make_queue(engine, "orders", fifo=True)
    with pytest.raises(client.exceptions.InvalidParameterValueException):
        create(client, EventSourceArn=queue.arn, **members)


@pytest.mark.parametrize(
    ("members", "report"),
    [
        ({"BatchSize": 0}, "Invalid value for parameter BatchSize, value: 0, valid min value: 1"),
        (
            {"ScalingConfig": {"MaximumConcurrency": 1}},
            "Invalid value for parameter ScalingConfig.MaximumConcurrency, value: 1, valid min value: 2",
        ),
        ({"BatchSize": "10"}, "Invalid type for parameter BatchSize, value: 10, type: <class 'str'>"),
        ({"BatchSizes": 1}, 'Unknown parameter in input: "BatchSizes", must be one of: EventSourceArn, FunctionName, '),
    ],
)
def test_what_botocore_itself_refuses(client: Any, members: dict[str, Any], report: str) -> None:
    with pytest.raises(localsqs.errors.ParamValidationError) as error:
        create(client, **members)
    assert report in str(error.value)


def test_the_model_agrees_with_botocore(client: Any) -> None:
    """Names and order of the members, and what is required: error texts list them. Versions of botocore differ."""
    session = pytest.importorskip("botocore.session").get_session()
    theirs = session.get_service_model("lambda")
    for operation in client.meta.service_model.operations:
        shape = theirs.operation_model(operation.name).input_shape
        ours = operation.input["members"]
        assert [name for name in ours if name in shape.members] == [name for name in shape.members if name in ours]
        assert len([name for name in ours if name not in shape.members]) <= 4, operation.name
        assert operation.input["required"] == shape.required_members, operation.name


# --- Functions -------------------------------------------------------------------------------------------------------


def test_invoke(client: Any) -> None:
    answer = client.invoke(FunctionName="orders-fn", Payload=b'{"a": 1}')
    assert answer["StatusCode"] == 200
    assert "FunctionError" not in answer
    assert answer["ExecutedVersion"] == "$LATEST"
    assert json.loads(answer["Payload"].read()) == {"a": 1}


def test_invoke_a_function_that_fails(engine: localsqs.Engine, client: Any) -> None:
    def handler(event: Any, context: Any) -> None:
        print("about to fail")
        raise KeyError("total")

    engine.register_function("bad", handler)
    answer = client.invoke(FunctionName="bad", LogType="Tail")
    payload = json.loads(answer["Payload"].read())
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert payload["errorType"] == "KeyError"
    assert payload["errorMessage"] == "'total'"
    assert payload.keys() == {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert "about to fail" in base64.b64decode(answer["LogResult"]).decode()


def test_invoke_lets_time_pass_until_the_timeout(engine: localsqs.Engine, client: Any) -> None:
    engine.register_function("slow", lambda event, context: time.sleep(10), timeout=1)
    start = engine.clock.now()
    payload = json.loads(client.invoke(FunctionName="slow")["Payload"].read())
    assert (engine.clock.now() - start).total_seconds() == 1
    assert payload["errorType"] == "Sandbox.Timedout"
    assert payload["errorMessage"].endswith(" Error: Task timed out after 1.00 seconds")


def test_invoke_asynchronously_is_tried_three_times(engine: localsqs.Engine, client: Any) -> None:
    at: list[float] = []
    start = engine.clock.now()

    def handler(event: Any, context: Any) -> None:
        at.append((engine.clock.now() - start).total_seconds())
        raise ValueError

    engine.register_function("bad", handler)
    assert client.invoke(FunctionName="bad", InvocationType="Event")["StatusCode"] == 202
    assert at == []
    engine.run_until_idle()
    assert at == [0, 60, 180]


def test_invoke_dry_run_and_bad_payload(client: Any) -> None:
    assert client.invoke(FunctionName="orders-fn", InvocationType="DryRun")["StatusCode"] == 204
    with pytest.raises(client.exceptions.InvalidRequestContentException):
        client.invoke(FunctionName="orders-fn", Payload=b"{")
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="Function not found: arn:aws:lambda:"):
        client.invoke(FunctionName="missing")


def test_reserved_concurrency(client: Any) -> None:
    assert "ReservedConcurrentExecutions" not in client.get_function_concurrency(FunctionName="orders-fn")
    client.put_function_concurrency(FunctionName="orders-fn", ReservedConcurrentExecutions=0)
    assert client.get_function_concurrency(FunctionName="orders-fn")["ReservedConcurrentExecutions"] == 0
    with pytest.raises(client.exceptions.TooManyRequestsException) as error:
        client.invoke(FunctionName="orders-fn")
    assert error.value.response["Error"]["Message"] == "Rate Exceeded."
    assert error.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    client.delete_function_concurrency(FunctionName="orders-fn")
    assert client.invoke(FunctionName="orders-fn")["StatusCode"] == 200


def test_get_list_and_update_functions(engine: localsqs.Engine, client: Any) -> None:
    engine.register_function("second", lambda event, context: None, environment={"A": "b"}, memory_size=256)
    assert [f["FunctionName"] for f in client.list_functions()["Functions"]] == ["orders-fn", "second"]
    configuration = client.get_function(FunctionName="second")["Configuration"]
    assert configuration["FunctionArn"] == "arn:aws:lambda:us-east-1:000000000000:function:second"
    assert (configuration["Timeout"], configuration["MemorySize"]) == (3, 256)
    assert configuration["Environment"] == {"Variables": {"A": "b"}}
    changed = client.update_function_configuration(FunctionName="second", Timeout=7, MemorySize=512)
    assert (changed["Timeout"], changed["MemorySize"]) == (7, 512)
    assert client.get_function_configuration(FunctionName="second")["Timeout"] == 7


def test_regions_and_accounts_are_apart(engine: localsqs.Engine, client: Any) -> None:
    elsewhere = engine.client("lambda", region_name="eu-west-1")
    uuid = create(client)["UUID"]
    assert elsewhere.list_functions()["Functions"] == []
    assert elsewhere.list_event_source_mappings()["EventSourceMappings"] == []
    with pytest.raises(elsewhere.exceptions.ResourceNotFoundException):
        elsewhere.get_event_source_mapping(UUID=uuid)
