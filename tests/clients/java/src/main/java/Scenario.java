import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.mapping;

import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.batchmanager.SqsAsyncBatchManager;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueDoesNotExistException;
import software.amazon.awssdk.services.sqs.model.ReceiptHandleIsInvalidException;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageResponse;

/**
 * AWS SDK for Java v2 against the endpoint named by the first argument: ends with an exception at the first difference.
 *
 * <p>The SDK checks the MD5 digests of bodies and attributes itself, on what it sends and on what it receives.
 */
final class Scenario {
  /** The MD5 of {@link #ATTRIBUTES}, computed from the rule in the Developer Guide. */
  private static final String ATTRIBUTES_MD5 = "9e0937ba75b257700d46f3c43f598815";

  private static final Map<String, MessageAttributeValue> ATTRIBUTES =
      Map.of(
          "text", attribute("String").stringValue("é☃").build(),
          "number", attribute("Number").stringValue("17").build(),
          "bytes", attribute("Binary").binaryValue(bytes(0, 1, 2, 127, 128, 255)).build());

  private final SqsClient sqs;
  private final SqsAsyncClient async;

  private Scenario(SqsClient sqs, SqsAsyncClient async) {
    this.sqs = sqs;
    this.async = async;
  }

  public static void main(String[] arguments) {
    URI endpoint = URI.create(arguments[0]);
    var credentials = StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test"));
    try (SqsClient sqs =
            SqsClient.builder()
                .endpointOverride(endpoint)
                .region(Region.US_EAST_1)
                .credentialsProvider(credentials)
                .build();
        SqsAsyncClient async =
            SqsAsyncClient.builder()
                .endpointOverride(endpoint)
                .region(Region.US_EAST_1)
                .credentialsProvider(credentials)
                .build()) {
      new Scenario(sqs, async).run();
    }
  }

  private void run() {
    message();
    batches();
    longPoll();
    fifo();
    deadLetters();
    errors();
    batchManager();
  }

  private void message() {
    String url = create("java-message", Map.of());
    String body = "hello ☃\r\n<&>\"\\";
    SendMessageResponse sent =
        sqs.sendMessage(r -> r.queueUrl(url).messageBody(body).messageAttributes(ATTRIBUTES));
    same("MD5 of attributes, sent", sent.md5OfMessageAttributes(), ATTRIBUTES_MD5);
    Message message = only(receive(url));
    same("id", message.messageId(), sent.messageId());
    same("body", message.body(), body);
    same("MD5 of attributes, received", message.md5OfMessageAttributes(), ATTRIBUTES_MD5);
    same("attributes", message.messageAttributes(), ATTRIBUTES);

    sqs.changeMessageVisibility(
        r -> r.queueUrl(url).receiptHandle(message.receiptHandle()).visibilityTimeout(0));
    Message again = only(receive(url));
    same(
        "receive count",
        again.attributes().get(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT),
        "2");
    sqs.deleteMessage(r -> r.queueUrl(url).receiptHandle(again.receiptHandle()));
    same("visible", attribute(url, QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES), "0");
    same(
        "in flight",
        attribute(url, QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE),
        "0");
    drop(url);
    System.out.println("ok message");
  }

  private void batches() {
    String url = create("java-batches", Map.of());
    List<SendMessageBatchRequestEntry> entries =
        IntStream.range(0, 10)
            .mapToObj(
                i ->
                    SendMessageBatchRequestEntry.builder()
                        .id("" + i)
                        .messageBody("body " + i)
                        .messageAttributes(ATTRIBUTES)
                        .build())
            .toList();
    var sent = sqs.sendMessageBatch(r -> r.queueUrl(url).entries(entries));
    same("sent", sent.successful().size(), 10);
    same("not sent", sent.failed().size(), 0);
    List<Message> messages = receive(url);
    same("received", messages.size(), 10);

    List<DeleteMessageBatchRequestEntry> deletes = new ArrayList<>();
    deletes.add(delete("bad", "nonsense"));
    messages.stream().skip(1).forEach(m -> deletes.add(delete(m.messageId(), m.receiptHandle())));
    var deleted = sqs.deleteMessageBatch(r -> r.queueUrl(url).entries(deletes));
    same("deleted", deleted.successful().size(), 9);
    var failed = only(deleted.failed());
    same("failed id", failed.id(), "bad");
    same("failed code", failed.code(), "ReceiptHandleIsInvalid");
    same("failed by the sender", failed.senderFault(), true);
    sqs.purgeQueue(r -> r.queueUrl(url));
    drop(url);
    System.out.println("ok batches");
  }

  /**
   * Two receives wait. A delayed message ends one wait as it becomes visible: by then the other waits for certain, and
   * a message sent now ends that.
   */
  private void longPoll() {
    String url = create("java-poll", Map.of());
    Instant begun = Instant.now();
    List<CompletableFuture<Message>> polls = new ArrayList<>();
    for (int i = 0; i < 2; ++i) {
      polls.add(
          async
              .receiveMessage(r -> r.queueUrl(url).waitTimeSeconds(20))
              .thenApply(answer -> only(answer.messages())));
    }
    for (int delay = 1; delay >= 0; --delay) {
      int seconds = delay;
      String body = "after " + delay;
      sqs.sendMessage(r -> r.queueUrl(url).messageBody(body).delaySeconds(seconds));
      CompletableFuture.anyOf(polls.toArray(CompletableFuture[]::new)).join();
      CompletableFuture<Message> done = polls.stream().filter(CompletableFuture::isDone).findFirst().orElseThrow();
      polls.remove(done);
      same("body", done.join().body(), body);
    }
    same(
        "answered before their time is up",
        Duration.between(begun, Instant.now()).toSeconds() < 15,
        true);
    drop(url);
    System.out.println("ok long poll");
  }

  private void fifo() {
    String url = create("java-jobs.fifo", Map.of(QueueAttributeName.FIFO_QUEUE, "true"));
    String first = job(url, "a", "1");
    job(url, "b", "2");
    job(url, "a", "3");
    same("sequence number of a duplicate", job(url, "a", "1"), first);
    Map<String, String> groups =
        receive(url).stream()
            .collect(
                groupingBy(
                    m -> m.attributes().get(MessageSystemAttributeName.MESSAGE_GROUP_ID),
                    mapping(Message::body, joining())));
    same("groups", groups, Map.of("a", "13", "b", "2"));
    job(url, "a", "4");
    same("messages of a group in flight", receive(url).size(), 0);
    drop(url);
    System.out.println("ok fifo");
  }

  private String job(String url, String group, String body) {
    return sqs.sendMessage(
            r ->
                r.queueUrl(url)
                    .messageBody(body)
                    .messageGroupId(group)
                    .messageDeduplicationId("id-" + body))
        .sequenceNumber();
  }

  private void deadLetters() {
    String dead = create("java-dead", Map.of());
    String policy =
        "{\"deadLetterTargetArn\":\"%s\",\"maxReceiveCount\":2}"
            .formatted(attribute(dead, QueueAttributeName.QUEUE_ARN));
    String url =
        create(
            "java-retried",
            Map.of(
                QueueAttributeName.REDRIVE_POLICY, policy,
                QueueAttributeName.VISIBILITY_TIMEOUT, "0"));
    sqs.sendMessage(r -> r.queueUrl(url).messageBody("poison"));
    for (int expected : new int[] {1, 1, 0}) {
      same("messages", receive(url).size(), expected);
    }
    same("dead letter", only(receive(dead)).body(), "poison");
    drop(url);
    drop(dead);
    System.out.println("ok dead letters");
  }

  private void errors() {
    try {
      sqs.getQueueUrl(r -> r.queueName("java-nowhere"));
      throw new AssertionError("GetQueueUrl of an unknown queue succeeds");
    } catch (QueueDoesNotExistException expected) {
      same("status", expected.statusCode(), 400);
    }
    String url = create("java-errors", Map.of());
    try {
      sqs.deleteMessage(r -> r.queueUrl(url).receiptHandle("nonsense"));
      throw new AssertionError("DeleteMessage with a bad handle succeeds");
    } catch (ReceiptHandleIsInvalidException expected) {
      same("status", expected.statusCode(), 404);
    }
    drop(url);
    System.out.println("ok errors");
  }

  /** The batch manager gathers single calls into batches, and receives ahead of being asked. */
  private void batchManager() {
    String url = create("java-manager", Map.of());
    try (SqsAsyncBatchManager manager = async.batchManager()) {
      var sends =
          IntStream.range(0, 25)
              .mapToObj(i -> manager.sendMessage(r -> r.queueUrl(url).messageBody("body " + i)))
              .toList();
      sends.forEach(CompletableFuture::join);

      List<String> bodies = new ArrayList<>();
      List<CompletableFuture<?>> deletes = new ArrayList<>();
      Instant limit = Instant.now().plusSeconds(30);
      while (bodies.size() < sends.size() && Instant.now().isBefore(limit)) {
        for (Message message : manager.receiveMessage(r -> r.queueUrl(url)).join().messages()) {
          bodies.add(message.body());
          deletes.add(manager.deleteMessage(r -> r.queueUrl(url).receiptHandle(message.receiptHandle())));
        }
      }
      deletes.forEach(CompletableFuture::join);
      same("different bodies", bodies.stream().distinct().count(), 25L);
      same("bodies", bodies.size(), 25);

      var gone = manager.changeMessageVisibility(r -> r.queueUrl(url).receiptHandle("nonsense").visibilityTimeout(0));
      same("a bad handle fails", gone.handle((answer, error) -> error != null).join(), true);
    }
    same("in flight", attribute(url, QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE), "0");
    drop(url);
    System.out.println("ok batch manager");
  }

  private String create(String name, Map<QueueAttributeName, String> attributes) {
    return sqs.createQueue(r -> r.queueName(name).attributes(attributes)).queueUrl();
  }

  private void drop(String url) {
    sqs.deleteQueue(r -> r.queueUrl(url));
  }

  private List<Message> receive(String url) {
    return sqs.receiveMessage(
            r ->
                r.queueUrl(url)
                    .maxNumberOfMessages(10)
                    .messageAttributeNames("All")
                    .messageSystemAttributeNames(MessageSystemAttributeName.ALL))
        .messages();
  }

  private String attribute(String url, QueueAttributeName name) {
    return sqs.getQueueAttributes(r -> r.queueUrl(url).attributeNames(name)).attributes().get(name);
  }

  private static DeleteMessageBatchRequestEntry delete(String id, String handle) {
    return DeleteMessageBatchRequestEntry.builder().id(id).receiptHandle(handle).build();
  }

  private static MessageAttributeValue.Builder attribute(String type) {
    return MessageAttributeValue.builder().dataType(type);
  }

  private static SdkBytes bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; ++i) {
      bytes[i] = (byte) values[i];
    }
    return SdkBytes.fromByteArray(bytes);
  }

  private static <T> T only(List<T> items) {
    same("count", items.size(), 1);
    return items.get(0);
  }

  private static void same(String what, Object got, Object expected) {
    if (!Objects.equals(got, expected)) {
      throw new AssertionError("%s: got %s, want %s".formatted(what, got, expected));
    }
  }
}
