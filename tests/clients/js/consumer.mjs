// sqs-consumer against the endpoint named by the first argument: what the handler takes is deleted, what it throws at
// comes again and ends in the dead-letter queue.
import assert from "node:assert/strict";

import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { Consumer } from "sqs-consumer";

const sqs = new SQSClient({
  endpoint: process.argv[2],
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  maxAttempts: 1,
});

const create = async (QueueName, Attributes) =>
  (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl;
const describe = async (QueueUrl) =>
  (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }))).Attributes;

const dead = await create("consumer-dead");
const { QueueArn } = await describe(dead);
const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: QueueArn, maxReceiveCount: 2 });
const url = await create("consumer-jobs", { RedrivePolicy });

const bodies = [...Array(10).keys()].map((i) => (i === 7 ? "poison" : `job ${i}`));
const entries = bodies.map((MessageBody, i) => ({ Id: `${i}`, MessageBody }));
await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries }));

const done = [];
let attempts = 0;
let processed = 0;
const consumer = Consumer.create({
  queueUrl: url,
  sqs,
  batchSize: 10,
  waitTimeSeconds: 1,
  terminateVisibilityTimeout: true, // A failed message is visible again at once.
  handleMessage: async (message) => {
    if (message.Body === "poison") {
      attempts += 1;
      throw new Error("poison");
    }
    done.push(message.Body);
    return message;
  },
});
const errors = [];
consumer.on("error", (error) => errors.push(error));
consumer.on("timeout_error", (error) => errors.push(error));
consumer.on("message_processed", () => (processed += 1));
// Empty: all is taken or moved away.
const empty = new Promise((resolve) => consumer.on("empty", resolve));
const stopped = new Promise((resolve) => consumer.on("stopped", resolve));
consumer.start();
await empty;
consumer.stop();
await stopped;

assert.deepEqual(errors, []);
assert.deepEqual(done.sort(), bodies.filter((body) => body !== "poison"));
assert.equal(processed, 9); // Each deleted.
assert.equal(attempts, 2);
const { ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible } = await describe(url);
assert.deepEqual([ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible], ["0", "0"]);
const letters = await sqs.send(new ReceiveMessageCommand({ QueueUrl: dead, MaxNumberOfMessages: 10 }));
assert.deepEqual(letters.Messages.map(({ Body }) => Body), ["poison"]);

for (const QueueUrl of [url, dead]) await sqs.send(new DeleteQueueCommand({ QueueUrl }));
sqs.destroy();
console.log("ok consumer");
