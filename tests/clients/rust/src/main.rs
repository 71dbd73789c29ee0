//! AWS SDK for Rust against the endpoint named by the first argument: panics at the first difference.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_sdk_sqs::config::{retry::RetryConfig, BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
    SendMessageBatchRequestEntry,
};
use aws_sdk_sqs::{Client, Config};

/// The MD5 of `attributes()`, computed from the rule in the Developer Guide.
const ATTRIBUTES_MD5: &str = "9e0937ba75b257700d46f3c43f598815";
const BYTES: [u8; 6] = [0, 1, 2, 127, 128, 255];

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn client(endpoint: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "static"))
        // Plain HTTP: no TLS stack is compiled in.
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        // A fault must not be hidden by trying again.
        .retry_config(RetryConfig::disabled())
        .build();
    Client::from_conf(config)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let endpoint = std::env::args().nth(1).expect("usage: client ENDPOINT");
    let sqs = client(&endpoint);
    message(&sqs).await?;
    println!("ok message");
    batches(&sqs).await?;
    println!("ok batches");
    long_poll(&sqs).await?;
    println!("ok long poll");
    fifo(&sqs).await?;
    println!("ok fifo");
    dead_letters(&sqs).await?;
    println!("ok dead letters");
    errors(&sqs).await?;
    println!("ok errors");
    Ok(())
}

fn attributes() -> [(&'static str, MessageAttributeValue); 3] {
    let of = |data_type: &str| MessageAttributeValue::builder().data_type(data_type);
    [
        ("text", of("String").string_value("é☃").build().unwrap()),
        ("number", of("Number").string_value("17").build().unwrap()),
        ("bytes", of("Binary").binary_value(Blob::new(BYTES)).build().unwrap()),
    ]
}

async fn create(
    sqs: &Client,
    name: &str,
    attributes: &[(QueueAttributeName, &str)],
) -> Result<String, aws_sdk_sqs::Error> {
    let mut request = sqs.create_queue().queue_name(name);
    for (key, value) in attributes {
        request = request.attributes(key.clone(), *value);
    }
    Ok(request.send().await?.queue_url.expect("a URL"))
}

/// Up to ten messages with all that they carry.
async fn receive(sqs: &Client, url: &str) -> Result<Vec<Message>, aws_sdk_sqs::Error> {
    let answer = sqs
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(10)
        .message_attribute_names("All")
        .message_system_attribute_names(MessageSystemAttributeName::All)
        .send()
        .await?;
    Ok(answer.messages.unwrap_or_default())
}

async fn attribute(sqs: &Client, url: &str, name: QueueAttributeName) -> Result<String, aws_sdk_sqs::Error> {
    let answer = sqs.get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await?;
    Ok(answer.attributes.expect("attributes")[&name].clone())
}

fn system<'a>(message: &'a Message, name: MessageSystemAttributeName) -> &'a str {
    &message.attributes().expect("system attributes")[&name]
}

async fn message(sqs: &Client) -> Outcome {
    let url = create(sqs, "rust-message", &[]).await?;
    let body = "hello ☃\r\n<&>\"\\";
    let mut request = sqs.send_message().queue_url(&url).message_body(body);
    for (name, value) in attributes() {
        request = request.message_attributes(name, value);
    }
    let sent = request.send().await?;
    // Of the body's bytes; this SDK checks no digest itself.
    assert_eq!(sent.md5_of_message_body(), Some("cce509f402feeb973d224ccc1badd1aa"));
    assert_eq!(sent.md5_of_message_attributes(), Some(ATTRIBUTES_MD5));
    let messages = receive(sqs, &url).await?;
    assert_eq!(messages.len(), 1);
    let message = &messages[0];
    assert_eq!(message.message_id(), sent.message_id());
    assert_eq!(message.body(), Some(body));
    assert_eq!(message.md5_of_body(), sent.md5_of_message_body());
    assert_eq!(message.md5_of_message_attributes(), Some(ATTRIBUTES_MD5));
    let received = message.message_attributes().expect("attributes");
    for (name, value) in attributes() {
        assert_eq!(received[name], value);
    }

    sqs.change_message_visibility()
        .queue_url(&url)
        .receipt_handle(message.receipt_handle().expect("a handle"))
        .visibility_timeout(0)
        .send()
        .await?;
    let again = receive(sqs, &url).await?.pop().expect("visible again");
    assert_eq!(system(&again, MessageSystemAttributeName::ApproximateReceiveCount), "2");
    sqs.delete_message().queue_url(&url).receipt_handle(again.receipt_handle().expect("a handle")).send().await?;
    assert_eq!(attribute(sqs, &url, QueueAttributeName::ApproximateNumberOfMessages).await?, "0");
    assert_eq!(attribute(sqs, &url, QueueAttributeName::ApproximateNumberOfMessagesNotVisible).await?, "0");
    sqs.delete_queue().queue_url(&url).send().await?;
    Ok(())
}

async fn batches(sqs: &Client) -> Outcome {
    let url = create(sqs, "rust-batches", &[]).await?;
    let mut request = sqs.send_message_batch().queue_url(&url);
    for i in 0..10 {
        let entry = SendMessageBatchRequestEntry::builder()
            .id(i.to_string())
            .message_body(format!("body {i}"))
            .set_message_attributes(Some(attributes().map(|(name, value)| (name.into(), value)).into()))
            .build()?;
        request = request.entries(entry);
    }
    let sent = request.send().await?;
    assert_eq!((sent.successful().len(), sent.failed().len()), (10, 0));
    let messages = receive(sqs, &url).await?;
    assert_eq!(messages.len(), 10);

    let delete =
        |id: &str, handle: &str| DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build();
    let mut request = sqs.delete_message_batch().queue_url(&url).entries(delete("bad", "nonsense")?);
    for message in &messages[1..] {
        let (id, handle) = (message.message_id().expect("an id"), message.receipt_handle().expect("a handle"));
        request = request.entries(delete(id, handle)?);
    }
    let deleted = request.send().await?;
    assert_eq!((deleted.successful().len(), deleted.failed().len()), (9, 1));
    let failed = &deleted.failed()[0];
    assert_eq!((failed.id(), failed.code(), failed.sender_fault()), ("bad", "ReceiptHandleIsInvalid", true));
    sqs.purge_queue().queue_url(&url).send().await?;
    sqs.delete_queue().queue_url(&url).send().await?;
    Ok(())
}

/// Two receives wait. A delayed message ends one wait as it becomes visible: by then the other waits for certain, and
/// a message sent now ends that.
async fn long_poll(sqs: &Client) -> Outcome {
    let url = create(sqs, "rust-poll", &[]).await?;
    let begun = Instant::now();
    let (sender, mut answers) = tokio::sync::mpsc::channel(2);
    for _ in 0..2 {
        let poll = sqs.receive_message().queue_url(&url).wait_time_seconds(20).send();
        let sender = sender.clone();
        tokio::spawn(async move { sender.send(poll.await).await.expect("somebody listens") });
    }
    for (body, delay) in [("delayed", 1), ("at once", 0)] {
        sqs.send_message().queue_url(&url).message_body(body).delay_seconds(delay).send().await?;
        let answer = answers.recv().await.expect("an answer")?;
        assert_eq!(answer.messages().len(), 1);
        assert_eq!(answer.messages()[0].body(), Some(body));
    }
    assert!(begun.elapsed() < Duration::from_secs(15), "answered only when their time was up");
    sqs.delete_queue().queue_url(&url).send().await?;
    Ok(())
}

async fn job(sqs: &Client, url: &str, group: &str, body: &str) -> Result<String, aws_sdk_sqs::Error> {
    let sent = sqs
        .send_message()
        .queue_url(url)
        .message_body(body)
        .message_group_id(group)
        .message_deduplication_id(format!("id-{body}"))
        .send()
        .await?;
    Ok(sent.sequence_number.expect("a sequence number"))
}

async fn fifo(sqs: &Client) -> Outcome {
    let url = create(sqs, "rust-jobs.fifo", &[(QueueAttributeName::FifoQueue, "true")]).await?;
    let first = job(sqs, &url, "a", "1").await?;
    job(sqs, &url, "b", "2").await?;
    job(sqs, &url, "a", "3").await?;
    assert_eq!(job(sqs, &url, "a", "1").await?, first, "a duplicate is told so");
    let mut groups = BTreeMap::<String, String>::new();
    for message in receive(sqs, &url).await? {
        let group = system(&message, MessageSystemAttributeName::MessageGroupId).to_owned();
        groups.entry(group).or_default().push_str(message.body().expect("a body"));
    }
    assert_eq!(groups, BTreeMap::from([("a".into(), "13".into()), ("b".into(), "2".into())]));
    job(sqs, &url, "a", "4").await?;
    assert!(receive(sqs, &url).await?.is_empty(), "its group is in flight");
    sqs.delete_queue().queue_url(&url).send().await?;
    Ok(())
}

async fn dead_letters(sqs: &Client) -> Outcome {
    let dead = create(sqs, "rust-dead", &[]).await?;
    let arn = attribute(sqs, &dead, QueueAttributeName::QueueArn).await?;
    let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":2}}"#);
    let attributes = [(QueueAttributeName::RedrivePolicy, &*policy), (QueueAttributeName::VisibilityTimeout, "0")];
    let url = create(sqs, "rust-retried", &attributes).await?;
    sqs.send_message().queue_url(&url).message_body("poison").send().await?;
    for expected in [1, 1, 0] {
        assert_eq!(receive(sqs, &url).await?.len(), expected);
    }
    let letters = receive(sqs, &dead).await?;
    assert_eq!(letters.iter().map(|m| m.body().unwrap()).collect::<Vec<_>>(), ["poison"]);
    sqs.delete_queue().queue_url(&url).send().await?;
    sqs.delete_queue().queue_url(&dead).send().await?;
    Ok(())
}

async fn errors(sqs: &Client) -> Outcome {
    let unknown = sqs.get_queue_url().queue_name("rust-nowhere").send().await;
    assert!(unknown.expect_err("no such queue").into_service_error().is_queue_does_not_exist());
    let url = create(sqs, "rust-errors", &[]).await?;
    let bad = sqs.delete_message().queue_url(&url).receipt_handle("nonsense").send().await;
    assert!(bad.expect_err("a bad handle").into_service_error().is_receipt_handle_is_invalid());
    sqs.delete_queue().queue_url(&url).send().await?;
    Ok(())
}
