"""What SNS's operations take, in the order of botocore's model, and the errors they answer."""

from __future__ import annotations

from localsqs._service import (
    ErrorShape,
    Operation,
    Pages,
    ServiceModel,
    blob,
    boolean,
    list_of,
    map_of,
    string,
    structure,
)

__all__ = ["MODEL"]

_TAGS = list_of(structure("Key Value", Key=string(1), Value=string()))
_ATTRIBUTES = map_of(string())
_MESSAGE_ATTRIBUTES = map_of(structure("DataType", DataType=string(), StringValue=string(), BinaryValue=blob()))
_MESSAGE = {
    "Message": string(),
    "Subject": string(),
    "MessageStructure": string(),
    "MessageAttributes": _MESSAGE_ATTRIBUTES,
    "MessageDeduplicationId": string(),
    "MessageGroupId": string(),
}

_TOPICS = [
    Operation(
        "CreateTopic",
        structure("Name", Name=string(), Attributes=_ATTRIBUTES, Tags=_TAGS, DataProtectionPolicy=string()),
    ),
    Operation("DeleteTopic", structure("TopicArn", TopicArn=string())),
    Operation("GetTopicAttributes", structure("TopicArn", TopicArn=string())),
    Operation(
        "SetTopicAttributes",
        structure("TopicArn AttributeName", TopicArn=string(), AttributeName=string(), AttributeValue=string()),
    ),
    Operation("ListTopics", structure(NextToken=string()), Pages(("Topics",), None)),
    Operation(
        "AddPermission",
        structure(
            "TopicArn Label AWSAccountId ActionName",
            TopicArn=string(),
            Label=string(),
            AWSAccountId=list_of(string()),
            ActionName=list_of(string()),
        ),
    ),
    Operation("RemovePermission", structure("TopicArn Label", TopicArn=string(), Label=string())),
    Operation("TagResource", structure("ResourceArn Tags", ResourceArn=string(1), Tags=_TAGS)),
    Operation("UntagResource", structure("ResourceArn TagKeys", ResourceArn=string(1), TagKeys=list_of(string(1)))),
    Operation("ListTagsForResource", structure("ResourceArn", ResourceArn=string(1))),
]

_SUBSCRIPTIONS = [
    Operation(
        "Subscribe",
        structure(
            "TopicArn Protocol",
            TopicArn=string(),
            Protocol=string(),
            Endpoint=string(),
            Attributes=_ATTRIBUTES,
            ReturnSubscriptionArn=boolean(),
        ),
    ),
    Operation(
        "ConfirmSubscription",
        structure("TopicArn Token", TopicArn=string(), Token=string(), AuthenticateOnUnsubscribe=string()),
    ),
    Operation("Unsubscribe", structure("SubscriptionArn", SubscriptionArn=string())),
    Operation("GetSubscriptionAttributes", structure("SubscriptionArn", SubscriptionArn=string())),
    Operation(
        "SetSubscriptionAttributes",
        structure(
            "SubscriptionArn AttributeName",
            SubscriptionArn=string(),
            AttributeName=string(),
            AttributeValue=string(),
        ),
    ),
    Operation("ListSubscriptions", structure(NextToken=string()), Pages(("Subscriptions",), None)),
    Operation(
        "ListSubscriptionsByTopic",
        structure("TopicArn", TopicArn=string(), NextToken=string()),
        Pages(("Subscriptions",), None),
    ),
]

_PUBLISHING = [
    Operation(
        "Publish",
        structure("Message", TopicArn=string(), TargetArn=string(), PhoneNumber=string(), **_MESSAGE),
    ),
    Operation(
        "PublishBatch",
        structure(
            "TopicArn PublishBatchRequestEntries",
            TopicArn=string(),
            PublishBatchRequestEntries=list_of(structure("Id Message", Id=string(), **_MESSAGE)),
        ),
    ),
]

MODEL = ServiceModel(
    service_name="sns",
    class_name="SNS",
    api_version="2010-03-31",
    operations=_TOPICS + _SUBSCRIPTIONS + _PUBLISHING,
    errors=[
        ErrorShape("AuthorizationErrorException", "AuthorizationError", 403),
        ErrorShape("BatchEntryIdsNotDistinctException", "BatchEntryIdsNotDistinct"),
        ErrorShape("BatchRequestTooLongException", "BatchRequestTooLong"),
        ErrorShape("EmptyBatchRequestException", "EmptyBatchRequest"),
        ErrorShape("EndpointDisabledException", "EndpointDisabled"),
        ErrorShape("FilterPolicyLimitExceededException", "FilterPolicyLimitExceeded", 403),
        ErrorShape("InternalErrorException", "InternalError", 500),
        ErrorShape("InvalidBatchEntryIdException", "InvalidBatchEntryId"),
        ErrorShape("InvalidParameterException", "InvalidParameter"),
        ErrorShape("InvalidParameterValueException", "ParameterValueInvalid"),
        ErrorShape("NotFoundException", "NotFound", 404),
        ErrorShape("ResourceNotFoundException", "ResourceNotFound", 404),
        ErrorShape("SubscriptionLimitExceededException", "SubscriptionLimitExceeded", 403),
        ErrorShape("TagLimitExceededException", "TagLimitExceeded"),
        ErrorShape("TooManyEntriesInBatchRequestException", "TooManyEntriesInBatchRequest"),
        ErrorShape("TopicLimitExceededException", "TopicLimitExceeded", 403),
    ],
)
