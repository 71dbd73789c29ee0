"""The endpoint's two protocols: which is spoken, what answers and errors look like, who the caller is.

What each operation does is the scenarios' business (test_scenarios.py plays them all through both protocols).
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from http_wire import FORM_TYPE, JSON_TYPE, authorization, http_request, json_request, open_queue, query_request

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/"


# --- Which protocol (1.2) --------------------------------------------------------------------------------------------


def test_a_target_makes_it_json_whatever_the_content_type(wire):
    answer = wire.ask(
        http_request("POST", "/", {"X-Amz-Target": "AmazonSQS.ListQueues", "Content-Type": FORM_TYPE}, b"{}")
    )
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, JSON_TYPE, b"{}")


def test_the_content_type_alone_makes_it_json(wire):
    answer = wire.ask(http_request("POST", "/?Action=ListQueues", {"Content-Type": JSON_TYPE}, b"{}"))
    assert answer.status == 400
    assert answer.json()["__type"] == "com.amazon.coral.service#UnknownOperationException"


@pytest.mark.parametrize("target", ["/000000000000/jobs", "/anything/at/all?x=y"])
def test_json_is_accepted_on_any_path(wire, target):
    url = open_queue(wire)
    answer = wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": "a"}, target=target))
    assert answer.json()["MD5OfMessageBody"] == "0cc175b9c0f1b6a831c399e269772661"


def test_json_takes_the_queue_from_the_body_only(wire):
    open_queue(wire)
    answer = wire.ask(json_request("SendMessage", {"MessageBody": "a"}, target="/000000000000/jobs"))
    assert answer.json()["__type"] == "com.amazonaws.sqs#QueueDoesNotExist"


def test_an_empty_json_body_is_an_empty_object(wire):
    assert wire.ask(json_request("ListQueues", b"")).body == b"{}"


def test_query_by_post_and_by_get(wire):
    open_queue(wire)
    by_post = wire.ask(query_request("ListQueues"))
    by_get = wire.ask(http_request("GET", "/?Action=ListQueues&Version=2012-11-05", {}))
    for answer in (by_post, by_get):
        assert (answer.status, answer.headers["content-type"]) == (200, "text/xml")
        assert "<QueueUrl>http://sqs.test/000000000000/jobs</QueueUrl>" in answer.text


def test_query_parameters_may_stand_in_target_and_body(wire):
    open_queue(wire)
    request = http_request(
        "POST", "/000000000000/jobs?Action=SendMessage", {"Content-Type": FORM_TYPE}, b"MessageBody=a+b%26c"
    )
    assert wire.ask(request).status == 200
    answer = wire.ask(http_request("GET", "/000000000000/jobs?Action=ReceiveMessage", {}))
    assert "<Body>a b&amp;c</Body>" in answer.text


def test_query_needs_no_version(wire):
    assert wire.ask(http_request("GET", "/?Action=ListQueues", {})).status == 200


def test_the_parameter_queue_url_wins_over_the_path(wire):
    open_queue(wire)
    answer = wire.ask(
        query_request(
            "SendMessage", "/000000000000/nowhere", {"QueueUrl": "http://x/000000000000/jobs", "MessageBody": "a"}
        )
    )
    assert answer.status == 200


@pytest.mark.parametrize("target", ["/000000000000/jobs", "/"])
@pytest.mark.parametrize("accept", ["*/*", "application/json"])
def test_a_get_without_action_is_no_operation(wire, target, accept):
    answer = wire.ask(http_request("GET", target, {"Accept": accept}))
    assert answer.status == 404
    assert ET.fromstring(answer.body).tag.endswith("UnknownOperationException")


@pytest.mark.parametrize("action", ["FooBar", "listqueues", "ReceiveMessages"])
def test_an_unknown_action(wire, action):
    answer = wire.ask(query_request(action))
    assert answer.status == 400
    assert "<Code>InvalidAction</Code>" in answer.text
    assert f"<Message>The action {action} is not valid for this endpoint.</Message>" in answer.text


@pytest.mark.parametrize("action", ["CreateQueue", "ListQueues"])
def test_actions_of_the_account_are_not_valid_on_a_queue(wire, action):
    answer = wire.ask(query_request(action, "/000000000000/jobs", {"QueueName": "x"}))
    assert answer.status == 400
    assert f"The action {action} is not valid for this endpoint." in answer.text


def test_get_queue_url_works_on_a_queue(wire):
    open_queue(wire, "other")
    assert wire.ask(query_request("GetQueueUrl", "/000000000000/jobs", {"QueueName": "other"})).status == 200


@pytest.mark.parametrize("target", ["AmazonSQS.FooBar", "AmazonSQS", "AmazonSNS.ListQueues", "ListQueues"])
def test_an_unknown_target(wire, target):
    answer = wire.ask(http_request("POST", "/", {"X-Amz-Target": target, "Content-Type": JSON_TYPE}, b"{}"))
    assert answer.status == 400
    assert answer.json()["__type"] == "com.amazon.coral.service#UnknownOperationException"
    assert answer.headers["x-amzn-query-error"] == "InvalidAction;Sender"


# --- Answers ---------------------------------------------------------------------------------------------------------


def test_a_void_answer_has_an_empty_body_in_json(wire):
    url = open_queue(wire)
    answer = wire.ask(json_request("PurgeQueue", {"QueueUrl": url}))
    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", "0")
    assert answer.headers["content-type"] == JSON_TYPE


def test_a_void_answer_has_no_result_element_in_query(wire):
    open_queue(wire)
    answer = wire.ask(query_request("PurgeQueue", "/000000000000/jobs"))
    assert [child.tag for child in ET.fromstring(answer.body)] == [f"{{{NAMESPACE}}}ResponseMetadata"]


def test_an_empty_receive(wire):
    url = open_queue(wire)
    assert wire.ask(json_request("ReceiveMessage", {"QueueUrl": url})).body == b"{}"
    result = ET.fromstring(wire.ask(query_request("ReceiveMessage", "/000000000000/jobs")).body)[0]
    assert (result.tag, len(result), result.text) == (f"{{{NAMESPACE}}}ReceiveMessageResult", 0, None)


@pytest.mark.parametrize("body", ["a\r\nb\rc", "<&>\"'", "]]>", "\t \n", "é☃\U0001f600"])
def test_bodies_survive_both_protocols(wire, body):
    url = open_queue(wire, VisibilityTimeout="0")
    wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": body}))
    assert wire.ask(json_request("ReceiveMessage", {"QueueUrl": url})).json()["Messages"][0]["Body"] == body
    xml = ET.fromstring(wire.ask(query_request("ReceiveMessage", "/000000000000/jobs")).body)
    assert xml.findtext(f".//{{{NAMESPACE}}}Body") == body
    # And on the way in.
    wire.ask(json_request("PurgeQueue", {"QueueUrl": url}))
    wire.ask(query_request("SendMessage", "/000000000000/jobs", {"MessageBody": body}))
    assert wire.ask(json_request("ReceiveMessage", {"QueueUrl": url})).json()["Messages"][0]["Body"] == body


def test_every_answer_has_a_request_id_of_its_own(wire):
    requests = [
        json_request("ListQueues", {}),
        json_request("FooBar", {}),
        json_request("ListQueues", b"{"),
        query_request("ListQueues"),
        query_request("FooBar"),
        http_request("GET", "/", {}),
    ]
    ids = [wire.ask(request).headers["x-amzn-requestid"] for request in requests]
    assert all(re.fullmatch(UUID, request_id) for request_id in ids)
    assert len(set(ids)) == len(ids)


def test_query_as_json(wire):
    open_queue(wire, VisibilityTimeout="0")
    answer = wire.ask(query_request("ListQueues", Accept="application/json"))
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "ListQueuesResponse": {
            "ListQueuesResult": {"QueueUrls": ["http://sqs.test/000000000000/jobs"]},
            "ResponseMetadata": {"RequestId": answer.headers["x-amzn-requestid"]},
        }
    }
    sent = wire.ask(query_request("SendMessage", "/000000000000/jobs", {"MessageBody": "a"}, Accept="application/json"))
    message_id = sent.json()["SendMessageResponse"]["SendMessageResult"]["MessageId"]
    received = wire.ask(query_request("ReceiveMessage", "/000000000000/jobs", Accept="application/json"))
    (message,) = received.json()["ReceiveMessageResponse"]["ReceiveMessageResult"]["messages"]
    assert message["MessageId"] == message_id
    parameters = {"AttributeName.1": "VisibilityTimeout"}
    got = wire.ask(query_request("GetQueueAttributes", "/000000000000/jobs", parameters, Accept="application/json"))
    attributes = got.json()["GetQueueAttributesResponse"]["GetQueueAttributesResult"]["Attributes"]
    assert attributes == [{"Name": "VisibilityTimeout", "Value": "0"}]
    void = wire.ask(query_request("PurgeQueue", "/000000000000/jobs", Accept="application/json"))
    assert list(void.json()["PurgeQueueResponse"]) == ["ResponseMetadata"]


def test_other_accept_headers_leave_query_in_xml(wire):
    for accept in ("*/*", "text/html", "application/xml"):
        assert wire.ask(query_request("ListQueues", Accept=accept)).headers["content-type"] == "text/xml"


# --- Errors ----------------------------------------------------------------------------------------------------------


def test_a_modelled_error_in_json(wire):
    answer = wire.ask(json_request("GetQueueUrl", {"QueueName": "nowhere"}))
    assert answer.status == 400
    assert answer.headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert answer.headers["content-type"] == JSON_TYPE
    assert answer.json() == {
        "__type": "com.amazonaws.sqs#QueueDoesNotExist",
        "message": "The specified queue does not exist.",
    }


def test_another_error_in_json(wire):
    answer = wire.ask(json_request("ListQueues", {"MaxResults": 2000}))
    assert answer.headers["x-amzn-query-error"] == "InvalidParameterValue;Sender"
    assert answer.json()["__type"] == "com.amazon.coral.service#InvalidParameterValueException"


def test_an_error_in_query(wire):
    answer = wire.ask(query_request("GetQueueUrl", parameters={"QueueName": "nowhere"}))
    assert (answer.status, answer.headers["content-type"]) == (400, "text/xml")
    assert answer.text == (
        f'<?xml version="1.0"?><ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type>'
        "<Code>AWS.SimpleQueueService.NonExistentQueue</Code>"
        "<Message>The specified queue does not exist for this wsdl version.</Message><Detail/></Error>"
        f"<RequestId>{answer.headers['x-amzn-requestid']}</RequestId></ErrorResponse>"
    )


def test_an_error_in_query_as_json(wire):
    answer = wire.ask(query_request("FooBar", Accept="application/json"))
    assert (answer.status, answer.headers["content-type"]) == (400, "application/json")
    assert answer.json() == {
        "Error": {
            "Code": "InvalidAction",
            "Message": "The action FooBar is not valid for this endpoint.",
            "Type": "Sender",
        },
        "RequestId": answer.headers["x-amzn-requestid"],
    }


def test_an_invalid_receipt_handle_is_404(wire):
    url = open_queue(wire)
    in_json = wire.ask(json_request("DeleteMessage", {"QueueUrl": url, "ReceiptHandle": "nonsense"}))
    assert in_json.status == 404
    assert in_json.headers["x-amzn-query-error"] == "ReceiptHandleIsInvalid;Sender"
    in_query = wire.ask(query_request("DeleteMessage", "/000000000000/jobs", {"ReceiptHandle": "nonsense"}))
    assert in_query.status == 404
    assert "<Code>ReceiptHandleIsInvalid</Code>" in in_query.text


def test_a_missing_parameter_in_query(wire):
    open_queue(wire)
    answer = wire.ask(query_request("SendMessage", "/000000000000/jobs"))
    assert "<Code>MissingParameter</Code><Message>The request must contain the parameter MessageBody.<" in answer.text


def test_an_error_text_that_quotes_what_no_xml_can_hold_is_still_xml(wire):
    answer = wire.ask(query_request("ListQueues", parameters={"MaxResults": "\x00\x01<&\x1f"}))
    assert answer.status == 400
    ET.fromstring(answer.body)


def test_our_own_faults_are_the_receivers(engine, wire):
    engine.close()
    answer = wire.ask(json_request("ListQueues", {}))
    assert answer.status == 500
    assert answer.headers["x-amzn-query-error"] == "InternalFailure;Receiver"


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'"text"', b"17", b"{}{}", b"{} x", b"\xff\xfe{}", b'{"QueueNamePrefix":"\xff"}', b"\x00" * 64,
     b'{"QueueNamePrefix":"\\ud800"}', b"[" * 100_000, b'{"a":' * 100_000, b'{"QueueNamePrefix":"a"'],
    ids=lambda body: repr(body[:24]),
)  # fmt: skip
def test_broken_json(wire, body):
    answer = wire.ask(json_request("ListQueues", body))
    assert answer.status == 400
    assert answer.json()["__type"] == "com.amazon.coral.service#SerializationException"
    assert answer.headers["x-amzn-query-error"] == "MalformedInput;Sender"
    assert wire.ask(json_request("ListQueues", {})).body == b"{}"


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ({"MaxResults": "many"}, "STRING_VALUE can not be converted to an Integer"),
        ({"MaxResults": True}, "TRUE_VALUE can not be converted to an Integer"),
        ({"MaxResults": {}}, "Start of structure or map found where not expected."),
        ({"QueueNamePrefix": []}, "Start of list found where not expected"),
    ],
)
def test_json_of_the_wrong_type(wire, members, text):
    answer = wire.ask(json_request("ListQueues", members))
    assert answer.json() == {"__type": "com.amazon.coral.service#SerializationException", "message": text}


def test_json_that_is_cast(wire):
    open_queue(wire, "17")
    answer = wire.ask(json_request("ListQueues", {"QueueNamePrefix": 17, "MaxResults": "5", "Unknown": {"a": [None]}}))
    assert answer.json() == {"QueueUrls": ["http://sqs.test/000000000000/17"]}


def test_null_is_absent(wire):
    assert wire.ask(json_request("ListQueues", {"MaxResults": None, "QueueNamePrefix": None})).body == b"{}"


# --- Callers (1.5, 1.6) ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost:9324", "queue.example.org", "[::1]:80"])
def test_queue_urls_carry_the_host_that_the_client_used(wire, host):
    answer = wire.ask(json_request("CreateQueue", {"QueueName": "jobs"}, Host=host))
    assert answer.json()["QueueUrl"] == f"http://{host}/000000000000/jobs"


def test_a_request_without_host_gets_a_url_that_works(server, wire):
    answer = wire.ask(b"GET /?Action=CreateQueue&QueueName=jobs HTTP/1.0\r\n\r\n")
    assert f"<QueueUrl>{server.endpoint_url}/000000000000/jobs</QueueUrl>" in answer.text


def test_account_and_region_come_from_the_credential_scope(engine, wire):
    request = json_request(
        "CreateQueue", {"QueueName": "jobs"}, Authorization=authorization("111111111111", "eu-west-1")
    )
    assert wire.ask(request).json()["QueueUrl"] == "http://sqs.test/111111111111/jobs"
    there = engine.client("sqs", region_name="eu-west-1", aws_access_key_id="111111111111")
    assert len(there.list_queues()["QueueUrls"]) == 1
    assert wire.ask(json_request("ListQueues", {})).body == b"{}"


@pytest.mark.parametrize("key", ["AKIDEXAMPLE", "test", "11111111111", "1111111111111", "11111111111a"])
def test_another_access_key_is_the_default_account(wire, key):
    request = json_request("CreateQueue", {"QueueName": "jobs"}, Authorization=authorization(key))
    assert wire.ask(request).json()["QueueUrl"] == "http://sqs.test/000000000000/jobs"


def test_a_signed_query_string_names_account_and_region(wire):
    target = (
        "/?Action=CreateQueue&QueueName=jobs&X-Amz-Credential=111111111111%2F20260101%2Feu-west-1%2Fsqs%2Faws4_request"
    )
    assert "http://sqs.test/111111111111/jobs" in wire.ask(http_request("GET", target, {})).text


@pytest.mark.parametrize(
    "value", ["", "Basic abc", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=", "Credential=a/b"]
)
def test_without_a_readable_scope_the_defaults_hold(wire, value):
    request = json_request("CreateQueue", {"QueueName": "jobs"}, Authorization=value)
    assert wire.ask(request).json()["QueueUrl"] == "http://sqs.test/000000000000/jobs"


def test_an_unsigned_caller_may_use_the_url_it_was_given(wire):
    """Even under a host that names a region: the region of a URL is that of its host (1.5)."""
    host = "sqs.eu-west-1.localhost:9324"
    url = wire.ask(json_request("CreateQueue", {"QueueName": "jobs"}, Host=host)).json()["QueueUrl"]
    answer = wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": "a"}, Host=host))
    assert answer.status == 200


@pytest.mark.parametrize(
    "url",
    [
        "jobs",
        "000000000000/jobs",
        "https://anywhere.example/000000000000/jobs",
        "http://127.0.0.1:1/000000000000/jobs",
        "https://queue.amazonaws.com/000000000000/jobs",
        "https://sqs.us-east-1.amazonaws.com/000000000000/jobs",
        "http://localhost:4566/queue/us-east-1/000000000000/jobs",
    ],
)
def test_queue_urls_in_all_accepted_forms(wire, url):
    open_queue(wire)
    assert wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": "a"})).status == 200


TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"


def test_the_trace_header_becomes_a_system_attribute(wire):
    url = open_queue(wire)
    wire.ask(json_request("SendMessage", {"QueueUrl": url, "MessageBody": "a"}, X_Amzn_Trace_Id=TRACE))
    wire.ask(query_request("SendMessage", "/000000000000/jobs", {"MessageBody": "b"}, X_Amzn_Trace_Id=TRACE))
    request = {"QueueUrl": url, "MessageSystemAttributeNames": ["AWSTraceHeader"], "MaxNumberOfMessages": 10}
    messages = wire.ask(json_request("ReceiveMessage", request)).json()["Messages"]
    assert [message["Attributes"] for message in messages] == [{"AWSTraceHeader": TRACE}] * 2


def test_a_trace_header_in_the_request_wins(wire):
    url = open_queue(wire)
    own = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=own"}}
    members = {"QueueUrl": url, "MessageBody": "a", "MessageSystemAttributes": own}
    wire.ask(json_request("SendMessage", members, X_Amzn_Trace_Id=TRACE))
    request = {"QueueUrl": url, "MessageSystemAttributeNames": ["All"]}
    (message,) = wire.ask(json_request("ReceiveMessage", request)).json()["Messages"]
    assert message["Attributes"]["AWSTraceHeader"] == "Root=own"
