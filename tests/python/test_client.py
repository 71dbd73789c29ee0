"""The native client: boto3's methods, keywords and answers."""

from __future__ import annotations

import inspect
import io
import re

import pytest

import localsqs
from localsqs import _core, errors

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


# --- Answers ----------------------------------------------------------------------------------------------------------


def test_answer_of_send_message(sqs, url):
    answer = sqs.send_message(QueueUrl=url, MessageBody="message")
    assert set(answer) == {"MD5OfMessageBody", "MessageId", "ResponseMetadata"}
    assert answer["MD5OfMessageBody"] == "78e731027d8fd50ed642340b7c9a63b3"
    assert UUID.fullmatch(answer["MessageId"])


def test_response_metadata_is_boto3s(sqs, url):
    metadata = sqs.send_message(QueueUrl=url, MessageBody="a")["ResponseMetadata"]
    assert list(metadata) == ["RequestId", "HTTPStatusCode", "HTTPHeaders", "RetryAttempts"]
    assert UUID.fullmatch(metadata["RequestId"])
    assert metadata["HTTPStatusCode"] == 200
    assert metadata["RetryAttempts"] == 0
    assert metadata["HTTPHeaders"] == {
        "x-amzn-requestid": metadata["RequestId"],
        "content-type": "application/x-amz-json-1.0",
    }


def test_each_answer_has_its_own_request_id_and_metadata(sqs, url):
    first, second = (sqs.send_message(QueueUrl=url, MessageBody="a")["ResponseMetadata"] for _ in range(2))
    assert first["RequestId"] != second["RequestId"]
    first["HTTPHeaders"]["changed"] = "by the caller"
    assert "changed" not in second["HTTPHeaders"]


def test_request_ids_come_from_the_seed_and_do_not_disturb_message_ids():
    def run(calls_before: int) -> tuple[str, str]:
        sqs = localsqs.Engine(clock=localsqs.ManualClock(), seed=3).client("sqs")
        url = sqs.create_queue(QueueName="q")["QueueUrl"]
        for _ in range(calls_before):
            sqs.list_queues()
        answer = sqs.send_message(QueueUrl=url, MessageBody="a")
        return answer["ResponseMetadata"]["RequestId"], answer["MessageId"]

    assert run(0) == run(0)
    assert run(0)[0] != run(1)[0]
    assert run(0)[1] == run(1)[1]


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda sqs, url: sqs.list_queues(QueueNamePrefix="none"), id="no-queues"),
        pytest.param(lambda sqs, url: sqs.receive_message(QueueUrl=url), id="no-messages"),
        pytest.param(lambda sqs, url: sqs.list_queue_tags(QueueUrl=url), id="no-tags"),
        pytest.param(lambda sqs, url: sqs.get_queue_attributes(QueueUrl=url), id="no-attributes"),
        pytest.param(lambda sqs, url: sqs.list_dead_letter_source_queues(QueueUrl=url), id="no-sources"),
        pytest.param(lambda sqs, url: sqs.purge_queue(QueueUrl=url), id="void"),
        pytest.param(lambda sqs, url: sqs.tag_queue(QueueUrl=url, Tags={"a": "b"}), id="void-tag"),
    ],
)
def test_what_is_empty_is_left_out(sqs, url, call):
    assert list(call(sqs, url)) == ["ResponseMetadata"]


def test_batch_answers_leave_out_an_empty_half(sqs, url):
    sent = sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "a", "MessageBody": "x"}])
    assert [entry["Id"] for entry in sent["Successful"]] == ["a"]
    assert "Failed" not in sent
    failed = sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "a", "ReceiptHandle": "none"}])
    assert "Successful" not in failed
    assert failed["Failed"][0]["Id"] == "a"
    assert failed["Failed"][0]["SenderFault"] is True
    assert failed["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"


def test_received_message_with_attributes(sqs, url):
    attributes = {
        "blob": {"DataType": "Binary", "BinaryValue": b"\x01\x02\x03"},
        "color": {"DataType": "String", "StringValue": "blue"},
        "count": {"DataType": "Number", "StringValue": "3"},
    }
    sent = sqs.send_message(QueueUrl=url, MessageBody="héllo ☃", MessageAttributes=attributes)
    assert sent["MD5OfMessageAttributes"] == "d838729972a4b70e2d2acd9d59ac847c"
    (message,) = sqs.receive_message(
        QueueUrl=url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["ApproximateReceiveCount"]
    )["Messages"]
    assert message["Body"] == "héllo ☃"
    assert message["MD5OfBody"] == "ef3e44ec264a71ab40ccc920b794ebae"
    assert message["MessageAttributes"] == attributes
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["Attributes"] == {"ApproximateReceiveCount": "1"}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"abc", id="bytes"),
        pytest.param(bytearray(b"abc"), id="bytearray"),
        pytest.param("abc", id="str"),
        pytest.param(io.BytesIO(b"abc"), id="file"),
        pytest.param(io.StringIO("abc"), id="text-file"),
    ],
)
def test_binary_values_are_bytes_or_like_bytes(sqs, url, value):
    attribute = {"DataType": "Binary", "BinaryValue": value}
    sqs.send_message(QueueUrl=url, MessageBody="x", MessageAttributes={"a": attribute})
    (message,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["a"])["Messages"]
    assert message["MessageAttributes"]["a"]["BinaryValue"] == b"abc"


def test_names_that_are_not_interned_are_understood(sqs, url):
    keywords = {"".join(["Message", "Body"]): "a", "".join(["Queue", "Url"]): url}
    entries = [{"".join(["I", "d"]): "1", "".join(["Message", "Body"]): "b"}]
    assert sqs.send_message(**keywords)["MessageId"]
    assert sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]


def test_tuples_and_dict_subclasses_are_taken_as_boto3_takes_them(sqs, url):
    class Entry(dict):
        pass

    assert sqs.send_message_batch(QueueUrl=url, Entries=(Entry(Id="1", MessageBody="a"),))["Successful"]


def test_map_order_is_kept(sqs, url):
    tags = {"zeta": "1", "alpha": "2", "mu": ""}
    sqs.tag_queue(QueueUrl=url, Tags=tags)
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == tags


# --- Callers ----------------------------------------------------------------------------------------------------------


def test_url_is_the_services_own_unless_an_endpoint_is_given(engine):
    assert (
        engine.client("sqs").create_queue(QueueName="q")["QueueUrl"]
        == "https://sqs.us-east-1.amazonaws.com/000000000000/q"
    )
    other = engine.client("sqs", endpoint_url="http://localhost:9324/")
    assert other.get_queue_url(QueueName="q")["QueueUrl"] == "http://localhost:9324/000000000000/q"
    assert other.meta.endpoint_url == "http://localhost:9324"


def test_a_twelve_digit_access_key_names_the_account(engine):
    url = engine.client("sqs", aws_access_key_id="123456789012").create_queue(QueueName="q")["QueueUrl"]
    assert url.split("/")[-2] == "123456789012"
    url = engine.client("sqs", aws_access_key_id="AKIDEXAMPLE").create_queue(QueueName="q")["QueueUrl"]
    assert url.split("/")[-2] == "000000000000"
    url = engine.client("sqs", aws_account_id="210987654321").create_queue(QueueName="q")["QueueUrl"]
    assert url.split("/")[-2] == "210987654321"


def test_regions_are_apart(engine):
    engine.client("sqs").create_queue(QueueName="q")
    ireland = engine.client("sqs", region_name="eu-west-1")
    with pytest.raises(ireland.exceptions.QueueDoesNotExist):
        ireland.get_queue_url(QueueName="q")
    assert "eu-west-1" in ireland.create_queue(QueueName="q")["QueueUrl"]


def test_engines_share_nothing():
    one, other = localsqs.Engine(), localsqs.Engine()
    one.client("sqs").create_queue(QueueName="q")
    assert "QueueUrls" not in other.client("sqs").list_queues()


def test_default_engine_is_one():
    assert localsqs.default_engine() is localsqs.default_engine()
    name = "test-default-engine"
    url = localsqs.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    assert localsqs.client("sqs", region_name="us-east-1").get_queue_url(QueueName=name)["QueueUrl"] == url
    localsqs.client("sqs").delete_queue(QueueUrl=url)


@pytest.mark.parametrize("service", ["dynamodb", "SQS", ""])
def test_other_services_say_what_there_is(engine, service):
    with pytest.raises(ValueError, match="there are: sqs, lambda, "):
        engine.client(service)
    with pytest.raises(ValueError, match="there are: sqs, lambda, "):
        localsqs.client(service)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"account": "12"}, ValueError),
        ({"account": "١٢٣٤٥٦٧٨٩٠١٢"}, ValueError),
        ({"region": ""}, ValueError),
        ({"region": "us east"}, ValueError),
        ({"region": None}, TypeError),
        ({"seed": -1}, ValueError),
        ({"seed": 2**64}, ValueError),
        ({"seed": "7"}, TypeError),
        ({"seed": True}, TypeError),
        ({"history_limit": -1}, ValueError),
        ({"in_flight_limit": 2**31}, ValueError),
        ({"clock": "now"}, TypeError),
    ],
)
def test_arguments_of_an_engine_are_checked(options, error):
    with pytest.raises(error):
        localsqs.Engine(**options)


def test_a_closed_engine_answers_internal_failure(engine, sqs, url):
    engine.close()
    with pytest.raises(errors.ClientError) as error:
        sqs.send_message(QueueUrl=url, MessageBody="a")
    assert error.value.response["Error"]["Code"] == "InternalFailure"
    assert error.value.response["Error"]["Type"] == "Receiver"


# --- What else a client has -------------------------------------------------------------------------------------------


def test_all_23_operations_are_methods(sqs):
    mapping = sqs.meta.method_to_api_mapping
    assert len(mapping) == 23
    assert mapping["change_message_visibility_batch"] == "ChangeMessageVisibilityBatch"
    assert sorted(mapping.values()) == sorted(sqs.meta.service_model.operation_names) == sorted(_core.shapes())
    assert all(callable(getattr(sqs, name)) for name in mapping)


def test_meta(sqs):
    assert sqs.meta.region_name == "us-east-1"
    assert sqs.meta.endpoint_url == "https://sqs.us-east-1.amazonaws.com"
    assert sqs.meta.partition == "aws"
    assert sqs.meta.service_model.service_name == "sqs"


def test_keywords_only(sqs, url):
    with pytest.raises(TypeError, match=r"^send_message\(\) only accepts keyword arguments\.$"):
        sqs.send_message(url, "a")


def test_signature_shows_the_keywords(sqs):
    signature = inspect.signature(sqs.send_message)
    assert list(signature.parameters)[:3] == ["QueueUrl", "MessageBody", "DelaySeconds"]
    assert signature.parameters["QueueUrl"].default is inspect.Parameter.empty
    assert signature.parameters["DelaySeconds"].default is ...
    assert "SendMessage" in inspect.getdoc(sqs.send_message)


def test_a_subclass_that_forgets_init_is_no_crash():
    class Forgetful(localsqs.SQS):
        def __init__(self):
            pass

    with pytest.raises(TypeError):
        Forgetful().list_queues()
    with pytest.raises(TypeError):
        _core.Client.__new__(_core.Client).list_queues()
    with pytest.raises(TypeError):
        _core.Client.list_queues(object())


def test_waiters_and_presigned_urls_fail_as_in_boto3(sqs):
    assert sqs.waiter_names == []
    with pytest.raises(ValueError, match=r"^Waiter does not exist: queue_exists$"):
        sqs.get_waiter("queue_exists")
    with pytest.raises(errors.UnknownClientMethodError, match=r"^Client does not have method: nothing$"):
        sqs.generate_presigned_url("nothing")
    with pytest.raises(NotImplementedError):
        sqs.generate_presigned_url("send_message", Params={})
    sqs.close()


def test_usage_and_costs_count_calls(engine, sqs, url):
    sqs.send_message(QueueUrl=url, MessageBody="x" * (64 * 1024 + 1))
    with pytest.raises(errors.ClientError):
        sqs.get_queue_url(QueueName="missing")
    rows = {(row["operation"], row["queue_type"]): row for row in engine.usage()}
    assert rows["SendMessage", "standard"] == {
        "operation": "SendMessage",
        "queue_type": "standard",
        "calls": 1,
        "requests": 2,
    }
    assert rows["GetQueueUrl", "none"]["calls"] == 1
    assert engine.costs().requests == sum(row["requests"] for row in engine.usage())


# --- Paginators -------------------------------------------------------------------------------------------------------


@pytest.fixture
def five_queues(sqs):
    return [sqs.create_queue(QueueName=f"q{i}")["QueueUrl"] for i in range(5)]


def test_pages(sqs, five_queues):
    pages = list(sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 2}))
    assert [page["QueueUrls"] for page in pages] == [five_queues[:2], five_queues[2:4], five_queues[4:]]


def test_a_page_boundary_is_the_end(sqs, five_queues):
    pages = list(sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 5}))
    assert [page["QueueUrls"] for page in pages] == [five_queues]


@pytest.mark.parametrize("max_items", range(7))
@pytest.mark.parametrize("page_size", [1, 2, 5, 10])
def test_max_items_and_starting_token_give_every_item_once(sqs, five_queues, max_items, page_size):
    paginator = sqs.get_paginator("list_queues")
    seen, token = [], None
    for _ in range(10):
        pages = paginator.paginate(
            PaginationConfig={"MaxItems": max_items or 1, "PageSize": page_size, "StartingToken": token}
        )
        result = pages.build_full_result()
        assert len(result["QueueUrls"]) <= (max_items or 1)
        seen += result["QueueUrls"]
        token = result.get("NextToken")
        if token is None:
            break
    assert seen == five_queues


def test_no_queues_is_one_empty_page(sqs):
    assert [list(page) for page in sqs.get_paginator("list_queues").paginate()] == [["ResponseMetadata"]]
    assert sqs.get_paginator("list_queues").paginate().build_full_result() == {}


def test_search(sqs, five_queues):
    pytest.importorskip("jmespath")
    pages = sqs.get_paginator("list_queues").paginate(PaginationConfig={"PageSize": 2})
    assert list(pages.search("QueueUrls[]")) == five_queues


def test_dead_letter_source_queues_have_pages(sqs, url):
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = f'{{"deadLetterTargetArn":"{arn}","maxReceiveCount":3}}'
    sources = [sqs.create_queue(QueueName=f"s{i}", Attributes={"RedrivePolicy": policy})["QueueUrl"] for i in range(3)]
    pages = sqs.get_paginator("list_dead_letter_source_queues").paginate(QueueUrl=url, PaginationConfig={"PageSize": 2})
    assert pages.build_full_result() == {"queueUrls": sources}


def test_the_same_token_twice_is_an_error():
    from localsqs.paginate import Pages, Paginator

    pages = Paginator(lambda **_: {"QueueUrls": ["a"], "NextToken": "t"}, Pages(("QueueUrls",))).paginate()
    with pytest.raises(errors.PaginationError, match="The same next token was received twice"):
        list(pages)


def test_what_has_no_pages(sqs):
    assert sqs.can_paginate("list_queues")
    assert not sqs.can_paginate("send_message")
    with pytest.raises(errors.OperationNotPageableError, match=r"^Operation cannot be paginated: send_message$"):
        sqs.get_paginator("send_message")
    with pytest.raises(KeyError):
        sqs.can_paginate("nothing")


def test_paginators_agree_with_botocores(sqs, five_queues):
    paginate = pytest.importorskip("botocore.paginate")
    session = pytest.importorskip("botocore.session").get_session()
    model = session.get_service_model("sqs").operation_model("ListQueues")
    config = {
        "input_token": "NextToken",
        "limit_key": "MaxResults",
        "output_token": "NextToken",
        "result_key": "QueueUrls",
    }
    theirs, ours = paginate.Paginator(sqs.list_queues, config, model), sqs.get_paginator("list_queues")
    for max_items in range(1, 7):
        for page_size in (1, 2, 3, 10):
            settings = {"MaxItems": max_items, "PageSize": page_size}
            their_result = theirs.paginate(PaginationConfig=dict(settings)).build_full_result()
            our_result = ours.paginate(PaginationConfig=dict(settings)).build_full_result()
            assert our_result == their_result
            if "NextToken" in our_result:  # And each goes on where the other stopped.
                settings["StartingToken"] = our_result["NextToken"]
                assert (
                    ours.paginate(PaginationConfig=dict(settings)).build_full_result()
                    == theirs.paginate(PaginationConfig=dict(settings)).build_full_result()
                )
