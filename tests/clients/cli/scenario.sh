#!/usr/bin/env bash
# The AWS CLI against the endpoint named by the first argument; the second is the command to run, aws.
set -euo pipefail
export LC_ALL=C.UTF-8

endpoint="$1" aws="$2"
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1 AWS_MAX_ATTEMPTS=1

# Version 1 of the CLI heeds AWS_ENDPOINT_URL_SQS for no command of SQS: it puts the service's old host name in its place.
sqs() { "$aws" --endpoint-url "$endpoint" sqs "$@" --output text; }
same() { [[ "$2" == "$3" ]] || { printf '%s: got %q, want %q\n' "$1" "$2" "$3" >&2; exit 1; }; }

url="$(sqs create-queue --queue-name cli-jobs --attributes VisibilityTimeout=60 --query QueueUrl)"
same url "$url" "$endpoint/000000000000/cli-jobs"

# The CLI's botocore checks no digest: compared here.
sent="$(sqs send-message --queue-url "$url" --message-body $'hello \u2603' --query MD5OfMessageBody \
  --message-attributes '{"text":{"DataType":"String","StringValue":"a"}}')"
same "digest" "$sent" "$(printf 'hello \u2603' | md5sum | cut -d' ' -f1)"
body="$(sqs receive-message --queue-url "$url" --message-attribute-names All --wait-time-seconds 20 \
  --query 'Messages[0].[Body, MessageAttributes.text.StringValue, ReceiptHandle]')"
IFS=$'\t' read -r text attribute handle <<<"$body"
same body "$text/$attribute" $'hello \u2603/a'
sqs delete-message --queue-url "$url" --receipt-handle "$handle"
same "in flight" "$(sqs get-queue-attributes --queue-url "$url" \
  --attribute-names ApproximateNumberOfMessagesNotVisible --query 'Attributes.*')" 0

error="$(sqs get-queue-url --queue-name cli-nowhere 2>&1)" && same "an unknown queue" found refused
[[ "$error" == *AWS.SimpleQueueService.NonExistentQueue* ]] || same "error" "$error" "... NonExistentQueue ..."
sqs delete-queue --queue-url "$url"
same "queues left" "$(sqs list-queues --queue-name-prefix cli- --query QueueUrls)" None
echo "ok cli"
