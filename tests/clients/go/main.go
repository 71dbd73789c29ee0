// AWS SDK for Go v2 against the endpoint named by the first argument: exits with 1 and a message at the first
// difference.
//
// The SDK checks the MD5 digests of bodies itself, on what it sends and on what it receives.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// The MD5 of `attributes`, computed from the rule in the Developer Guide.
const attributesMD5 = "9e0937ba75b257700d46f3c43f598815"

var attributes = map[string]types.MessageAttributeValue{
	"text":   {DataType: aws.String("String"), StringValue: aws.String("é☃")},
	"number": {DataType: aws.String("Number"), StringValue: aws.String("17")},
	"bytes":  {DataType: aws.String("Binary"), BinaryValue: []byte{0, 1, 2, 127, 128, 255}},
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: client ENDPOINT")
		os.Exit(2)
	}
	s := scenario{newClient(os.Args[1]), context.Background()}
	for _, step := range []struct {
		name string
		run  func() error
	}{
		{"message", s.message},
		{"batches", s.batches},
		{"long poll", s.longPoll},
		{"fifo", s.fifo},
		{"dead letters", s.deadLetters},
		{"errors", s.errors},
	} {
		if err := step.run(); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", step.name, err)
			os.Exit(1)
		}
		fmt.Println("ok", step.name)
	}
}

func newClient(endpoint string) *sqs.Client {
	return sqs.New(sqs.Options{
		BaseEndpoint: aws.String(endpoint),
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		Retryer:      aws.NopRetryer{}, // A fault must not be hidden by trying again.
	})
}

type scenario struct {
	client *sqs.Client
	ctx    context.Context
}

// want fails with both values if they differ.
func want[T comparable](what string, got, expected T) error {
	if got == expected {
		return nil
	}
	return fmt.Errorf("%s: got %v, want %v", what, got, expected)
}

func (s scenario) create(name string, attributes map[string]string) (string, error) {
	created, err := s.client.CreateQueue(s.ctx, &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: attributes})
	if err != nil {
		return "", err
	}
	return *created.QueueUrl, nil
}

func (s scenario) drop(url string) error {
	_, err := s.client.DeleteQueue(s.ctx, &sqs.DeleteQueueInput{QueueUrl: &url})
	return err
}

func (s scenario) send(url, body string) error {
	_, err := s.client.SendMessage(s.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body})
	return err
}

// receive takes up to ten messages with all that they carry.
func (s scenario) receive(url string) ([]types.Message, error) {
	received, err := s.client.ReceiveMessage(s.ctx, &sqs.ReceiveMessageInput{
		QueueUrl:                    &url,
		MaxNumberOfMessages:         10,
		MessageAttributeNames:       []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil {
		return nil, err
	}
	return received.Messages, nil
}

func (s scenario) message() error {
	url, err := s.create("go-message", nil)
	if err != nil {
		return err
	}
	body := "hello ☃\r\n<&>\"\\"
	sent, err := s.client.SendMessage(s.ctx, &sqs.SendMessageInput{
		QueueUrl: &url, MessageBody: &body, MessageAttributes: attributes,
	})
	if err != nil {
		return err
	}
	messages, err := s.receive(url)
	if err != nil {
		return err
	}
	if err := want("messages", len(messages), 1); err != nil {
		return err
	}
	message := messages[0]
	handle := message.ReceiptHandle
	if _, err := s.client.ChangeMessageVisibility(s.ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &url, ReceiptHandle: handle, VisibilityTimeout: 0,
	}); err != nil {
		return err
	}
	again, err := s.receive(url)
	if err != nil {
		return err
	}
	if err := errors.Join(
		want("id", *message.MessageId, *sent.MessageId),
		want("body", *message.Body, body),
		want("MD5 of attributes, sent", *sent.MD5OfMessageAttributes, attributesMD5),
		want("MD5 of attributes, received", *message.MD5OfMessageAttributes, attributesMD5),
		want("text", *message.MessageAttributes["text"].StringValue, "é☃"),
		want("number", *message.MessageAttributes["number"].StringValue, "17"),
		want("bytes", bytes.Equal(message.MessageAttributes["bytes"].BinaryValue, attributes["bytes"].BinaryValue), true),
		want("messages after visibility 0", len(again), 1),
	); err != nil {
		return err
	}
	if err := want("receive count", again[0].Attributes["ApproximateReceiveCount"], "2"); err != nil {
		return err
	}
	if _, err := s.client.DeleteMessage(s.ctx, &sqs.DeleteMessageInput{
		QueueUrl: &url, ReceiptHandle: again[0].ReceiptHandle,
	}); err != nil {
		return err
	}
	counts, err := s.client.GetQueueAttributes(s.ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		return err
	}
	if err := errors.Join(
		want("visible", counts.Attributes["ApproximateNumberOfMessages"], "0"),
		want("in flight", counts.Attributes["ApproximateNumberOfMessagesNotVisible"], "0"),
	); err != nil {
		return err
	}
	return s.drop(url)
}

func (s scenario) batches() error {
	url, err := s.create("go-batches", nil)
	if err != nil {
		return err
	}
	var entries []types.SendMessageBatchRequestEntry
	for i := range 10 {
		entries = append(entries, types.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String("body " + strconv.Itoa(i)), MessageAttributes: attributes,
		})
	}
	sent, err := s.client.SendMessageBatch(s.ctx, &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: entries})
	if err != nil {
		return err
	}
	if err := errors.Join(
		want("sent", len(sent.Successful), 10),
		want("not sent", len(sent.Failed), 0),
	); err != nil {
		return err
	}
	messages, err := s.receive(url)
	if err != nil {
		return err
	}
	if err := want("received", len(messages), 10); err != nil {
		return err
	}
	deletes := []types.DeleteMessageBatchRequestEntry{{Id: aws.String("bad"), ReceiptHandle: aws.String("nonsense")}}
	for i, message := range messages[:9] {
		deletes = append(deletes, types.DeleteMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), ReceiptHandle: message.ReceiptHandle,
		})
	}
	deleted, err := s.client.DeleteMessageBatch(s.ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: deletes})
	if err != nil {
		return err
	}
	if err := errors.Join(
		want("deleted", len(deleted.Successful), 9),
		want("not deleted", len(deleted.Failed), 1),
	); err != nil {
		return err
	}
	failed := deleted.Failed[0]
	if err := errors.Join(
		want("failed id", *failed.Id, "bad"),
		want("failed code", *failed.Code, "ReceiptHandleIsInvalid"),
		want("failed by the sender", failed.SenderFault, true),
	); err != nil {
		return err
	}
	if _, err := s.client.PurgeQueue(s.ctx, &sqs.PurgeQueueInput{QueueUrl: &url}); err != nil {
		return err
	}
	return s.drop(url)
}

// Two receives wait. A delayed message ends one wait as it becomes visible: by then the other waits for certain, and a
// message sent now ends that.
func (s scenario) longPoll() error {
	url, err := s.create("go-poll", nil)
	if err != nil {
		return err
	}
	type answer struct {
		messages []types.Message
		err      error
	}
	answers := make(chan answer, 2)
	begun := time.Now()
	for range 2 {
		go func() {
			received, err := s.client.ReceiveMessage(s.ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
			if err != nil {
				answers <- answer{err: err}
				return
			}
			answers <- answer{messages: received.Messages}
		}()
	}
	for _, next := range []struct {
		body  string
		delay int32
	}{{"delayed", 1}, {"at once", 0}} {
		if _, err := s.client.SendMessage(s.ctx, &sqs.SendMessageInput{
			QueueUrl: &url, MessageBody: &next.body, DelaySeconds: next.delay,
		}); err != nil {
			return err
		}
		got := <-answers
		if got.err != nil {
			return got.err
		}
		if err := want("messages", len(got.messages), 1); err != nil {
			return err
		}
		if err := want("body", *got.messages[0].Body, next.body); err != nil {
			return err
		}
	}
	if err := want("answered before their time is up", time.Since(begun) < 15*time.Second, true); err != nil {
		return err
	}
	return s.drop(url)
}

func (s scenario) fifo() error {
	url, err := s.create("go-jobs.fifo", map[string]string{"FifoQueue": "true"})
	if err != nil {
		return err
	}
	// The fourth is the first once more.
	numbers := map[string]string{}
	for _, job := range []struct{ group, body string }{{"a", "1"}, {"b", "2"}, {"a", "3"}, {"a", "1"}} {
		sent, err := s.client.SendMessage(s.ctx, &sqs.SendMessageInput{
			QueueUrl: &url, MessageBody: aws.String(job.body),
			MessageGroupId: aws.String(job.group), MessageDeduplicationId: aws.String("id-" + job.body),
		})
		if err != nil {
			return err
		}
		if earlier, ok := numbers[job.body]; ok {
			if err := want("sequence number of the duplicate", *sent.SequenceNumber, earlier); err != nil {
				return err
			}
		}
		numbers[job.body] = *sent.SequenceNumber
	}
	messages, err := s.receive(url)
	if err != nil {
		return err
	}
	groups := map[string]string{}
	for _, message := range messages {
		groups[message.Attributes["MessageGroupId"]] += *message.Body
	}
	if err := errors.Join(
		want("messages", len(messages), 3),
		want("group a", groups["a"], "13"),
		want("group b", groups["b"], "2"),
	); err != nil {
		return err
	}
	if err := s.sendTo(url, "a", "4"); err != nil {
		return err
	}
	blocked, err := s.receive(url)
	if err != nil {
		return err
	}
	if err := want("messages of a group in flight", len(blocked), 0); err != nil {
		return err
	}
	return s.drop(url)
}

func (s scenario) sendTo(url, group, body string) error {
	_, err := s.client.SendMessage(s.ctx, &sqs.SendMessageInput{
		QueueUrl: &url, MessageBody: &body, MessageGroupId: &group, MessageDeduplicationId: &body,
	})
	return err
}

func (s scenario) deadLetters() error {
	dead, err := s.create("go-dead", nil)
	if err != nil {
		return err
	}
	described, err := s.client.GetQueueAttributes(s.ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &dead, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return err
	}
	policy := fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":2}`, described.Attributes["QueueArn"])
	url, err := s.create("go-retried", map[string]string{"RedrivePolicy": policy, "VisibilityTimeout": "0"})
	if err != nil {
		return err
	}
	if err := s.send(url, "poison"); err != nil {
		return err
	}
	for _, expected := range []int{1, 1, 0} {
		messages, err := s.receive(url)
		if err != nil {
			return err
		}
		if err := want("messages", len(messages), expected); err != nil {
			return err
		}
	}
	messages, err := s.receive(dead)
	if err != nil {
		return err
	}
	if err := want("dead letters", len(messages), 1); err != nil {
		return err
	}
	if err := want("dead letter", *messages[0].Body, "poison"); err != nil {
		return err
	}
	return errors.Join(s.drop(url), s.drop(dead))
}

func (s scenario) errors() error {
	_, err := s.client.GetQueueUrl(s.ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("go-nowhere")})
	var unknown *types.QueueDoesNotExist
	if !errors.As(err, &unknown) {
		return fmt.Errorf("GetQueueUrl of an unknown queue: got %v, want QueueDoesNotExist", err)
	}
	url, err := s.create("go-errors", nil)
	if err != nil {
		return err
	}
	_, err = s.client.DeleteMessage(s.ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: aws.String("nonsense")})
	var invalid *types.ReceiptHandleIsInvalid
	if !errors.As(err, &invalid) {
		return fmt.Errorf("DeleteMessage with a bad handle: got %v, want ReceiptHandleIsInvalid", err)
	}
	return s.drop(url)
}
