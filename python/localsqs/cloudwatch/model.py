"""What CloudWatch's operations take, in the order of botocore's model, and the errors they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localsqs._service import (
    ErrorShape,
    Operation,
    Pages,
    ServiceError,
    ServiceModel,
    Waiter,
    boolean,
    double,
    integer,
    list_of,
    string,
    structure,
    timestamp,
)

if TYPE_CHECKING:
    from typing import Any

__all__ = ["COMPARISONS", "MODEL", "STATES", "STATISTICS", "UNITS"]

_DIMENSIONS = list_of(structure("Name Value", Name=string(1), Value=string(1)))
_TAGS = list_of(structure("Key Value", Key=string(1), Value=string()))
_NAMES = list_of(string(1))
_QUERY = structure(
    "Id",
    Id=string(1),
    MetricStat=structure(
        "Metric Period Stat",
        Metric=structure(Namespace=string(1), MetricName=string(1), Dimensions=_DIMENSIONS),
        Period=integer(1),
        Stat=string(),
        Unit=string(),
    ),
    Expression=string(1),
    Label=string(),
    ReturnData=boolean(),
    Period=integer(1),
    AccountId=string(1),
)
_DATUM = structure(
    "MetricName",
    MetricName=string(1),
    Dimensions=_DIMENSIONS,
    Timestamp=timestamp(),
    Value=double(),
    StatisticValues=structure(
        "SampleCount Sum Minimum Maximum", SampleCount=double(), Sum=double(), Minimum=double(), Maximum=double()
    ),
    Values=list_of(double()),
    Counts=list_of(double()),
    Unit=string(),
    StorageResolution=integer(1),
)

_METRICS = [
    Operation("PutMetricData", structure("Namespace", Namespace=string(1), MetricData=list_of(_DATUM))),
    Operation(
        "GetMetricStatistics",
        structure(
            "Namespace MetricName StartTime EndTime Period",
            Namespace=string(1),
            MetricName=string(1),
            Dimensions=_DIMENSIONS,
            StartTime=timestamp(),
            EndTime=timestamp(),
            Period=integer(1),
            Statistics=list_of(string(), 1),
            ExtendedStatistics=list_of(string(), 1),
            Unit=string(),
        ),
    ),
    Operation(
        "GetMetricData",
        structure(
            "MetricDataQueries StartTime EndTime",
            MetricDataQueries=list_of(_QUERY),
            StartTime=timestamp(),
            EndTime=timestamp(),
            NextToken=string(),
            ScanBy=string(),
            MaxDatapoints=integer(),
            LabelOptions=structure(Timezone=string()),
        ),
        Pages(("MetricDataResults", "Messages"), "MaxDatapoints"),
    ),
    Operation(
        "ListMetrics",
        structure(
            Namespace=string(1),
            MetricName=string(1),
            Dimensions=list_of(structure("Name", Name=string(1), Value=string(1))),
            NextToken=string(),
            RecentlyActive=string(),
            IncludeLinkedAccounts=boolean(),
            OwningAccount=string(1),
        ),
        Pages(("Metrics",), None),
    ),
]

_ALARMS = [
    Operation(
        "PutMetricAlarm",
        structure(
            "AlarmName",
            AlarmName=string(1),
            AlarmDescription=string(),
            ActionsEnabled=boolean(),
            OKActions=_NAMES,
            AlarmActions=_NAMES,
            InsufficientDataActions=_NAMES,
            MetricName=string(1),
            Namespace=string(1),
            Statistic=string(),
            ExtendedStatistic=string(),
            Dimensions=_DIMENSIONS,
            Period=integer(1),
            Unit=string(),
            EvaluationPeriods=integer(1),
            DatapointsToAlarm=integer(1),
            Threshold=double(),
            ComparisonOperator=string(),
            TreatMissingData=string(1),
            EvaluateLowSampleCountPercentile=string(1),
            Metrics=list_of(_QUERY),
            Tags=_TAGS,
            ThresholdMetricId=string(1),
        ),
    ),
    Operation(
        "DescribeAlarms",
        structure(
            AlarmNames=_NAMES,
            AlarmNamePrefix=string(1),
            AlarmTypes=list_of(string()),
            ChildrenOfAlarmName=string(1),
            ParentsOfAlarmName=string(1),
            StateValue=string(),
            ActionPrefix=string(1),
            MaxRecords=integer(1),
            NextToken=string(),
        ),
        Pages(("MetricAlarms", "CompositeAlarms"), "MaxRecords"),
    ),
    Operation(
        "DescribeAlarmsForMetric",
        structure(
            "MetricName Namespace",
            MetricName=string(1),
            Namespace=string(1),
            Statistic=string(),
            ExtendedStatistic=string(),
            Dimensions=_DIMENSIONS,
            Period=integer(1),
            Unit=string(),
        ),
    ),
    Operation(
        "DescribeAlarmHistory",
        structure(
            AlarmName=string(1),
            AlarmTypes=list_of(string()),
            HistoryItemType=string(),
            StartDate=timestamp(),
            EndDate=timestamp(),
            MaxRecords=integer(1),
            NextToken=string(),
            ScanBy=string(),
        ),
        Pages(("AlarmHistoryItems",), "MaxRecords"),
    ),
    Operation(
        "SetAlarmState",
        structure(
            "AlarmName StateValue StateReason",
            AlarmName=string(1),
            StateValue=string(),
            StateReason=string(),
            StateReasonData=string(),
        ),
    ),
    Operation("DeleteAlarms", structure("AlarmNames", AlarmNames=_NAMES)),
    Operation("EnableAlarmActions", structure("AlarmNames", AlarmNames=_NAMES)),
    Operation("DisableAlarmActions", structure("AlarmNames", AlarmNames=_NAMES)),
    Operation("TagResource", structure("ResourceARN Tags", ResourceARN=string(1), Tags=_TAGS)),
    Operation("UntagResource", structure("ResourceARN TagKeys", ResourceARN=string(1), TagKeys=_NAMES)),
    Operation("ListTagsForResource", structure("ResourceARN", ResourceARN=string(1))),
]


def _alarm_exists(answer: dict[str, Any] | ServiceError) -> str:
    if isinstance(answer, ServiceError):
        return "error"
    return "success" if answer["MetricAlarms"] else "retry"


MODEL = ServiceModel(
    service_name="cloudwatch",
    class_name="CloudWatch",
    api_version="2010-08-01",
    endpoint_prefix="monitoring",
    operations=_METRICS + _ALARMS,
    errors=[
        ErrorShape("InternalServiceFault", "InternalServiceError", 500, "Message"),
        ErrorShape("InvalidFormatFault", "InvalidFormat"),
        ErrorShape("InvalidNextToken"),
        ErrorShape("InvalidParameterCombinationException", "InvalidParameterCombination"),
        ErrorShape("InvalidParameterValueException", "InvalidParameterValue"),
        ErrorShape("LimitExceededFault", "LimitExceeded"),
        ErrorShape("MissingRequiredParameterException", "MissingParameter"),
        ErrorShape("ResourceNotFound", status=404),
        ErrorShape("ResourceNotFoundException", status=404, message_member=None),
    ],
    query_compatible=True,
    content_type="application/cbor",
    waiters={"alarm_exists": Waiter("DescribeAlarms", _alarm_exists, delay=5, max_attempts=40)},
)

STATES = ["INSUFFICIENT_DATA", "ALARM", "OK"]
STATISTICS = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]
COMPARISONS = [
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
]
_SIZES = ["Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes"]
_BITS = ["Bits", "Kilobits", "Megabits", "Gigabits", "Terabits"]
UNITS = [
    *("Seconds", "Microseconds", "Milliseconds"),
    *_SIZES,
    *_BITS,
    *("Percent", "Count"),
    *(f"{unit}/Second" for unit in [*_SIZES, *_BITS]),
    *("Count/Second", "None"),
]
