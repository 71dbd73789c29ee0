"""Everything works where no AWS package is installed."""

from __future__ import annotations

import subprocess
import sys

BLOCKED = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"boto3", "botocore", "jmespath", "s3transfer", "aiobotocore"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocker())
import localsqs
from localsqs import errors
engine = localsqs.Engine(clock=localsqs.ManualClock(), seed=1)
sqs = engine.client("sqs")
url = sqs.create_queue(QueueName="orders")["QueueUrl"]
"""


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", BLOCKED + code], capture_output=True, text=True, check=True).stdout


def test_the_life_of_a_message():
    code = """
sqs.send_message(QueueUrl=url, MessageBody="42")
message = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"][0]
sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
print(message["Body"], *engine.history().kinds(), engine.costs().requests)
"""
    assert run(code).split() == ["42", "QueueCreated", "Sent", "Received", "Deleted", "4"]


def test_errors_have_the_same_names_texts_and_members():
    code = """
import pickle
try:
    sqs.get_queue_url(QueueName="missing")
except sqs.exceptions.QueueDoesNotExist as error:
    assert isinstance(error, errors.ClientError) and error.operation_name == "GetQueueUrl"
    assert type(pickle.loads(pickle.dumps(error))) is sqs.exceptions.QueueDoesNotExist
    print(error)
try:
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=0)
except errors.ClientError as error:
    assert pickle.loads(pickle.dumps(error)).response == error.response
    print(error.response["Error"]["Code"])
try:
    sqs.get_queue_url(QueueNam="missing")
except errors.ParamValidationError as error:
    assert isinstance(error, errors.BotoCoreError) and error.hint == "Did you mean QueueName?"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    print(error)
assert errors.ClientError.__module__ == "localsqs._lookalikes"
"""
    assert run(code).splitlines() == [
        "An error occurred (AWS.SimpleQueueService.NonExistentQueue) when calling the GetQueueUrl operation: "
        "The specified queue does not exist.",
        "InvalidParameterValue",
        "Parameter validation failed:",
        'Missing required parameter in input: "QueueName"',
        'Unknown parameter in input: "QueueNam", must be one of: QueueName, QueueOwnerAWSAccountId',
    ]


def test_paginators_without_jmespath():
    code = """
names = [f"q{i}" for i in range(5)]
for name in names:
    sqs.create_queue(QueueName=name)
pages = sqs.get_paginator("list_queues").paginate(QueueNamePrefix="q", PaginationConfig={"PageSize": 2})
assert [u.rsplit("/")[-1] for u in pages.build_full_result()["QueueUrls"]] == names
try:
    sqs.get_paginator("send_message")
except errors.OperationNotPageableError as error:
    print(error)
"""
    assert run(code) == "Operation cannot be paginated: send_message\n"
