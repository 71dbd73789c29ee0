"""What Lambda's operations take, as far as event source mappings for queues and functions in this process need them.

Members in the order of botocore's model. Bounds are those that botocore checks itself.
"""

from __future__ import annotations

from localsqs._service import (
    ErrorShape,
    Operation,
    Pages,
    ServiceModel,
    blob,
    boolean,
    integer,
    list_of,
    map_of,
    string,
    structure,
    timestamp,
)

__all__ = ["MODEL"]

_FUNCTION = {"FunctionName": string(1)}
_DESTINATION = structure("", Destination=string())
_KAFKA = structure("", ConsumerGroupId=string(1), SchemaRegistryConfig=map_of(string()))

# What CreateEventSourceMapping and UpdateEventSourceMapping share, in the model's order.
_BEFORE_STREAMS = {
    "Enabled": boolean(),
    "BatchSize": integer(1),
    "FilterCriteria": structure("", Filters=list_of(structure("", Pattern=string()))),
    "KMSKeyArn": string(),
    "MetricsConfig": structure("", Metrics=list_of(string())),
    "LoggingConfig": structure("", SystemLogLevel=string()),
    "ScalingConfig": structure("", MaximumConcurrency=integer(2)),
    "MaximumBatchingWindowInSeconds": integer(0),
    "ParallelizationFactor": integer(1),
}
_DESTINATIONS = {"DestinationConfig": structure("", OnSuccess=_DESTINATION, OnFailure=_DESTINATION)}
_STREAMS = {
    "MaximumRecordAgeInSeconds": integer(-1),
    "BisectBatchOnFunctionError": boolean(),
    "MaximumRetryAttempts": integer(-1),
}
_ACCESS = {"SourceAccessConfigurations": list_of(structure("", Type=string(), URI=string(1)))}
_AT_THE_END = {
    "FunctionResponseTypes": list_of(string()),
    "AmazonManagedKafkaEventSourceConfig": _KAFKA,
    "SelfManagedKafkaEventSourceConfig": _KAFKA,
    "DocumentDBEventSourceConfig": structure(
        "", DatabaseName=string(1), CollectionName=string(1), FullDocument=string()
    ),
    "ProvisionedPollerConfig": structure(
        "", MinimumPollers=integer(1), MaximumPollers=integer(1), PollerGroupName=string()
    ),
}

_CREATE = structure(
    "FunctionName",
    EventSourceArn=string(),
    **_FUNCTION,
    **_BEFORE_STREAMS,
    StartingPosition=string(),
    StartingPositionTimestamp=timestamp(),
    **_DESTINATIONS,
    **_STREAMS,
    Tags=map_of(string()),
    TumblingWindowInSeconds=integer(0),
    Topics=list_of(string(1)),
    Queues=list_of(string(1)),
    **_ACCESS,
    SelfManagedEventSource=structure("", Endpoints=map_of(list_of(string(1)))),
    **_AT_THE_END,
)
_UPDATE = structure(
    "UUID",
    UUID=string(36),
    **_FUNCTION,
    **_BEFORE_STREAMS,
    **_DESTINATIONS,
    **_STREAMS,
    TumblingWindowInSeconds=integer(0),
    **_ACCESS,
    **_AT_THE_END,
)
_BY_UUID = structure("UUID", UUID=string(36))
_BY_NAME = structure("FunctionName", **_FUNCTION)
_BY_QUALIFIED_NAME = structure("FunctionName", **_FUNCTION, Qualifier=string(1))

_OPERATIONS = [
    Operation("CreateEventSourceMapping", _CREATE, status=202),
    Operation("GetEventSourceMapping", _BY_UUID),
    Operation(
        "ListEventSourceMappings",
        structure("", EventSourceArn=string(), **_FUNCTION, Marker=string(), MaxItems=integer(1)),
        pages=Pages(result_keys=("EventSourceMappings",), token="Marker", next_token="NextMarker", limit="MaxItems"),
    ),
    Operation("UpdateEventSourceMapping", _UPDATE, status=202),
    Operation("DeleteEventSourceMapping", _BY_UUID, status=202),
    Operation("GetFunction", _BY_QUALIFIED_NAME),
    Operation("GetFunctionConfiguration", _BY_QUALIFIED_NAME),
    Operation(
        "ListFunctions",
        structure("", MasterRegion=string(1), FunctionVersion=string(), Marker=string(), MaxItems=integer(1)),
        pages=Pages(result_keys=("Functions",), token="Marker", next_token="NextMarker", limit="MaxItems"),
    ),
    Operation("DeleteFunction", _BY_QUALIFIED_NAME, status=204),
    Operation(
        "UpdateFunctionConfiguration",
        structure(
            "FunctionName",
            **_FUNCTION,
            Description=string(),
            Timeout=integer(1),
            MemorySize=integer(128),
            Environment=structure("", Variables=map_of(string())),
        ),
    ),
    Operation(
        "PutFunctionConcurrency",
        structure("FunctionName ReservedConcurrentExecutions", **_FUNCTION, ReservedConcurrentExecutions=integer(0)),
    ),
    Operation("GetFunctionConcurrency", _BY_NAME),
    Operation("DeleteFunctionConcurrency", _BY_NAME, status=204),
    Operation(
        "Invoke",
        structure(
            "FunctionName",
            **_FUNCTION,
            InvocationType=string(),
            LogType=string(),
            ClientContext=string(),
            DurableExecutionName=string(1),
            Payload=blob(),
            Qualifier=string(1),
            TenantId=string(1),
        ),
    ),
    Operation("ListTags", structure("Resource", Resource=string(1))),
    Operation("TagResource", structure("Resource Tags", Resource=string(1), Tags=map_of(string())), status=204),
    Operation(
        "UntagResource", structure("Resource TagKeys", Resource=string(1), TagKeys=list_of(string(1))), status=204
    ),
]

MODEL = ServiceModel(
    service_name="lambda",
    class_name="Lambda",
    api_version="2015-03-31",
    operations=_OPERATIONS,
    errors=[
        # 400 and 409 carry `message`, 404 carries `Message` (1.5).
        ErrorShape("InvalidParameterValueException", status=400, type="User"),
        ErrorShape("InvalidRequestContentException", status=400, type="User"),
        ErrorShape("ResourceConflictException", status=409, type="User"),
        ErrorShape("ResourceInUseException", status=400, message_member="Message", type="User"),
        ErrorShape("ResourceNotFoundException", status=404, message_member="Message", type="User"),
        ErrorShape("RequestTooLargeException", status=413, type="User"),
        ErrorShape("ServiceException", status=500, message_member="Message", type="Service"),
        ErrorShape("TooManyRequestsException", status=429, type="User"),
    ],
    error_types=False,
    content_type="application/json",
)
