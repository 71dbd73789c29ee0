"""Exceptions: boto3's classes and contents."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

from localsqs import _core, errors

MODELLED = [row for row in _core.error_catalogue() if row["modelled"]]


def code_and_shape(error: errors.ClientError) -> tuple[str, str]:
    return error.response["Error"]["Code"], error.response["Error"]["QueryErrorCode"]


def test_response_of_a_modelled_error(sqs):
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as raised:
        sqs.get_queue_url(QueueName="missing")
    error = raised.value
    request_id = error.response["ResponseMetadata"]["RequestId"]
    assert error.response == {
        "Error": {
            "Message": "The specified queue does not exist.",
            "Code": "AWS.SimpleQueueService.NonExistentQueue",
            "QueryErrorCode": "QueueDoesNotExist",
            "Type": "Sender",
        },
        "ResponseMetadata": {
            "RequestId": request_id,
            "HTTPStatusCode": 400,
            "HTTPHeaders": {
                "x-amzn-requestid": request_id,
                "x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender",
                "content-type": "application/x-amz-json-1.0",
            },
            "RetryAttempts": 0,
        },
    }
    assert error.operation_name == "GetQueueUrl"
    assert str(error) == (
        "An error occurred (AWS.SimpleQueueService.NonExistentQueue) when calling the GetQueueUrl operation: "
        "The specified queue does not exist."
    )
    assert isinstance(error, errors.ClientError)


def test_an_error_whose_code_is_its_shape_shows_its_message_at_the_top(sqs, url):
    with pytest.raises(sqs.exceptions.ReceiptHandleIsInvalid) as raised:
        sqs.delete_message(QueueUrl=url, ReceiptHandle="none")
    assert raised.value.response["message"] == raised.value.response["Error"]["Message"]
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_an_error_outside_the_model_is_a_plain_client_error(sqs, url):
    with pytest.raises(errors.ClientError) as raised:
        sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=11)
    assert type(raised.value) is errors.ClientError
    assert code_and_shape(raised.value) == ("InvalidParameterValue", "InvalidParameterValueException")


def test_there_is_a_class_for_each_modelled_error(sqs):
    for row in MODELLED:
        kind = getattr(sqs.exceptions, row["shape"])
        assert issubclass(kind, sqs.exceptions.ClientError)
        assert kind.__name__ == row["shape"]
        assert kind is getattr(errors, row["shape"]) is sqs.exceptions.from_code(row["shape"])
        assert row["shape"] in dir(sqs.exceptions)
        assert row["shape"] in dir(errors)
    assert sqs.exceptions.from_code("Unheard") is errors.ClientError


def test_the_classes_are_those_of_boto3():
    session = pytest.importorskip("botocore.session").get_session()
    shapes = {shape.name for shape in session.get_service_model("sqs").error_shapes}
    assert shapes == {row["shape"] for row in MODELLED}


def test_an_unknown_class_names_the_known_ones(sqs):
    with pytest.raises(AttributeError, match=r"has no attribute Foo\. Valid exceptions are: BatchEntry"):
        _ = sqs.exceptions.Foo
    with pytest.raises(AttributeError):
        _ = errors.Foo


def test_errors_survive_pickling(sqs):
    with pytest.raises(errors.ClientError) as raised:
        sqs.get_queue_url(QueueName="missing")
    again = pickle.loads(pickle.dumps(raised.value))
    assert type(again) is sqs.exceptions.QueueDoesNotExist
    assert again.response == raised.value.response
    assert str(again) == str(raised.value)


def test_botocores_own_classes_are_used():
    exceptions = pytest.importorskip("botocore.exceptions")
    for name in ("ClientError", "BotoCoreError", "ParamValidationError", "PaginationError"):
        assert getattr(errors, name) is getattr(exceptions, name)


def test_importing_localsqs_does_not_import_botocore_and_catching_its_errors_works_all_the_same():
    pytest.importorskip("botocore")
    code = """
import sys, localsqs
sqs = localsqs.Engine().client("sqs")
assert "botocore" not in sys.modules
from botocore.exceptions import ClientError, ParamValidationError
for call, kind in ((lambda: sqs.get_queue_url(QueueName="missing"), ClientError),
                   (lambda: sqs.get_queue_url(), ParamValidationError)):
    try:
        call()
    except kind:
        continue
    raise AssertionError(kind)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("row", _core.error_catalogue(), ids=lambda row: row["shape"])
def test_botocore_parses_the_same_response_from_the_wire(row):
    parsers = pytest.importorskip("botocore.parsers")
    session = pytest.importorskip("botocore.session").get_session()
    model = session.get_service_model("sqs")
    error = errors._service_error(row, "text", "SendMessage", "some-id")
    # What boto3 makes of the answer (botocore.endpoint): parse it, then parse it again for the error's own members.
    answer = {
        "body": f'{{"__type":"com.amazonaws.sqs#{row["shape"]}","message":"text"}}'.encode(),
        "status_code": row["http_status"],
        "headers": error.response["ResponseMetadata"]["HTTPHeaders"],
    }
    parser = parsers.create_parser("json")
    expected = parser.parse(answer, model.operation_model("SendMessage").output_shape)
    if (shape := model.shape_for_error_code(expected["Error"]["Code"])) is not None:
        expected.update(parser.parse(answer, shape))
    expected["ResponseMetadata"]["RetryAttempts"] = 0
    assert error.response == expected
