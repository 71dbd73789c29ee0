"""Amazon SNS on an engine: topics, and their subscriptions of queues and functions.

    sns = engine.client("sns")
    topic_arn = sns.create_topic(Name="orders")["TopicArn"]
    sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})
    sns.publish(TopicArn=topic_arn, Message="42")

A message is in its queues when `publish` returns. AWS demands that the policy of a queue lets sns.amazonaws.com send to
it; without one, messages vanish there. Here they arrive, with a warning (`DeliveryWarning`), unless the engine is
`strict` or has `enforce_policies`.
"""

from __future__ import annotations

__all__ = ["DeliveryWarning"]


class DeliveryWarning(UserWarning):
    """A message that did not arrive, or would not on AWS. Once a subscription."""
