// AWS SDK for JavaScript v3 against the endpoint named by the first argument: throws at the first difference.
//
// The SDK checks the MD5 digests of bodies itself, on what it sends and on what it receives.
import assert from "node:assert/strict";

import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  PurgeQueueCommand,
  QueueDoesNotExist,
  ReceiptHandleIsInvalid,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";

// The MD5 of `attributes`, computed from the rule in the Developer Guide.
const attributesMD5 = "9e0937ba75b257700d46f3c43f598815";
const attributes = {
  text: { DataType: "String", StringValue: "é☃" },
  number: { DataType: "Number", StringValue: "17" },
  bytes: { DataType: "Binary", BinaryValue: Uint8Array.of(0, 1, 2, 127, 128, 255) },
};

const client = new SQSClient({
  endpoint: process.argv[2],
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  maxAttempts: 1, // A fault must not be hidden by trying again.
});

async function create(QueueName, Attributes) {
  return (await client.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl;
}

const drop = (QueueUrl) => client.send(new DeleteQueueCommand({ QueueUrl }));

const send = (QueueUrl, MessageBody, more = {}) =>
  client.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));

/** Up to ten messages with all that they carry; the member is absent when there are none. */
async function receive(QueueUrl, more = {}) {
  const answer = await client.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["All"],
      ...more,
    }),
  );
  return answer.Messages ?? [];
}

async function describe(QueueUrl) {
  return (await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }))).Attributes;
}

async function message() {
  const url = await create("js-message");
  const body = 'hello ☃\r\n<&>"\\';
  const sent = await send(url, body, { MessageAttributes: attributes });
  assert.equal(sent.MD5OfMessageAttributes, attributesMD5);
  const [message, ...others] = await receive(url);
  assert.equal(others.length, 0);
  assert.equal(message.MessageId, sent.MessageId);
  assert.equal(message.Body, body);
  assert.equal(message.MD5OfMessageAttributes, attributesMD5);
  assert.equal(message.MessageAttributes.text.StringValue, "é☃");
  assert.equal(message.MessageAttributes.number.StringValue, "17");
  assert.deepEqual([...message.MessageAttributes.bytes.BinaryValue], [...attributes.bytes.BinaryValue]);

  const handle = { QueueUrl: url, ReceiptHandle: message.ReceiptHandle };
  await client.send(new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout: 0 }));
  const [again] = await receive(url);
  assert.equal(again.Attributes.ApproximateReceiveCount, "2");
  await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: again.ReceiptHandle }));
  const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = await describe(url);
  assert.deepEqual([ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible], ["0", "0"]);
  await drop(url);
}

async function batches() {
  const url = await create("js-batches");
  const entries = [...Array(10).keys()].map((i) => ({
    Id: `${i}`,
    MessageBody: `body ${i}`,
    MessageAttributes: attributes,
  }));
  const sent = await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries }));
  assert.deepEqual([sent.Successful.length, sent.Failed], [10, undefined]);
  const messages = await receive(url);
  assert.equal(messages.length, 10);

  const deletes = messages.slice(1).map(({ ReceiptHandle }, i) => ({ Id: `${i}`, ReceiptHandle }));
  deletes.push({ Id: "bad", ReceiptHandle: "nonsense" });
  const deleted = await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries: deletes }));
  assert.equal(deleted.Successful.length, 9);
  const [{ Id, Code, SenderFault }] = deleted.Failed;
  assert.deepEqual([Id, Code, SenderFault], ["bad", "ReceiptHandleIsInvalid", true]);
  await client.send(new PurgeQueueCommand({ QueueUrl: url }));
  await drop(url);
}

// Two receives wait. A delayed message ends one wait as it becomes visible: by then the other waits for certain, and a
// message sent now ends that.
async function longPoll() {
  const url = await create("js-poll");
  const begun = Date.now();
  const polls = new Map([0, 1].map((i) => [i, receive(url, { WaitTimeSeconds: 20 }).then((got) => [i, got])]));
  for (const [body, DelaySeconds] of [
    ["delayed", 1],
    ["at once", 0],
  ]) {
    await send(url, body, { DelaySeconds });
    const [i, messages] = await Promise.race(polls.values());
    polls.delete(i);
    assert.deepEqual(messages.map(({ Body }) => Body), [body]);
  }
  assert.ok(Date.now() - begun < 15_000, "answered only when their time was up");
  await drop(url);
}

async function fifo() {
  const url = await create("js-jobs.fifo", { FifoQueue: "true" });
  const job = async (MessageGroupId, body) => {
    const more = { MessageGroupId, MessageDeduplicationId: `id-${body}` };
    return (await send(url, body, more)).SequenceNumber;
  };
  const first = await job("a", "1");
  await job("b", "2");
  await job("a", "3");
  assert.equal(await job("a", "1"), first); // A duplicate, and told so.
  const groups = {};
  for (const { Attributes, Body } of await receive(url)) {
    groups[Attributes.MessageGroupId] = (groups[Attributes.MessageGroupId] ?? "") + Body;
  }
  assert.deepEqual(groups, { a: "13", b: "2" });
  await job("a", "4");
  assert.deepEqual(await receive(url), []); // Its group is in flight.
  await drop(url);
}

async function deadLetters() {
  const dead = await create("js-dead");
  const { QueueArn } = await describe(dead);
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: QueueArn, maxReceiveCount: 2 });
  const url = await create("js-retried", { RedrivePolicy, VisibilityTimeout: "0" });
  await send(url, "poison");
  for (const expected of [1, 1, 0]) assert.equal((await receive(url)).length, expected);
  assert.deepEqual((await receive(dead)).map(({ Body }) => Body), ["poison"]);
  await drop(url);
  await drop(dead);
}

async function errors() {
  await assert.rejects(client.send(new GetQueueUrlCommand({ QueueName: "js-nowhere" })), QueueDoesNotExist);
  const url = await create("js-errors");
  const bad = new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: "nonsense" });
  await assert.rejects(client.send(bad), ReceiptHandleIsInvalid);
  await drop(url);
}

for (const step of [message, batches, longPoll, fifo, deadLetters, errors]) {
  await step();
  console.log("ok", step.name);
}
client.destroy();
