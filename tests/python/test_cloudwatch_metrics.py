"""PutMetricData, GetMetricStatistics, GetMetricData, ListMetrics: shapes, periods, limits, error texts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from service_models import differences, error_differences, page_differences

import localsqs
from localsqs import errors
from localsqs.cloudwatch.model import MODEL
from localsqs.cloudwatch.summary import Summary, is_extended_statistic


@pytest.fixture
def cloudwatch(engine):
    return engine.client("cloudwatch")


@pytest.fixture
def put(engine, cloudwatch):
    """put(minutes, value, ...): a value of "Latency" in "Shop" so many minutes after the clock's start."""
    start = engine.clock.now()

    def put(minutes: float, value: float, name: str = "Latency", unit: str = "Milliseconds", **dimensions: str) -> None:
        cloudwatch.put_metric_data(
            Namespace="Shop",
            MetricData=[
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": n, "Value": v} for n, v in dimensions.items()],
                    "Timestamp": start + timedelta(minutes=minutes),
                    "Value": value,
                    "Unit": unit,
                }
            ],
        )

    return put


def statistics(engine, cloudwatch, **changes: Any) -> dict[str, Any]:
    start = changes.pop("start", engine.clock.now())
    request = {
        "Namespace": "Shop",
        "MetricName": "Latency",
        "StartTime": start,
        "EndTime": start + timedelta(minutes=10),
        "Period": 60,
        "Statistics": ["Sum"],
        **changes,
    }
    return cloudwatch.get_metric_statistics(**{name: value for name, value in request.items() if value is not None})


def code_and_text(raised: Any) -> tuple[str, str]:
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


# --- The model --------------------------------------------------------------------------------------------------------


def test_operations_take_what_botocores_model_says():
    assert differences(MODEL, subset=True) == []
    assert error_differences(MODEL) == []
    assert page_differences(MODEL) == []


def test_the_client_is_named_as_boto3s(cloudwatch):
    assert type(cloudwatch).__name__ == "CloudWatch"
    assert cloudwatch.meta.service_model.service_name == "cloudwatch"
    assert cloudwatch.meta.endpoint_url == "https://monitoring.us-east-1.amazonaws.com"


# --- Statistics -------------------------------------------------------------------------------------------------------


def test_statistics_of_a_period(engine, cloudwatch, put):
    for minutes, value in ((0, 1), (0.5, 3), (1, 10), (5, 7)):
        put(minutes, value)
    plain = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]
    answer = statistics(engine, cloudwatch, Statistics=plain, Period=300)
    assert answer["Label"] == "Latency"
    start = engine.clock.now()
    assert answer["Datapoints"] == [
        {
            "Timestamp": start,
            "SampleCount": 3.0,
            "Average": 14 / 3,
            "Sum": 14.0,
            "Minimum": 1.0,
            "Maximum": 10.0,
            "Unit": "Milliseconds",
        },
        {
            "Timestamp": start + timedelta(minutes=5),
            "SampleCount": 1.0,
            "Average": 7.0,
            "Sum": 7.0,
            "Minimum": 7.0,
            "Maximum": 7.0,
            "Unit": "Milliseconds",
        },
    ]


def test_the_start_is_rounded_down_and_the_end_excluded(engine, cloudwatch, put):
    for minutes in (0, 1, 2):
        put(minutes, 1 + minutes)
    start = engine.clock.now()
    answer = statistics(engine, cloudwatch, start=start + timedelta(seconds=59), EndTime=start + timedelta(minutes=2))
    assert [point["Sum"] for point in answer["Datapoints"]] == [1, 2]


@pytest.mark.parametrize(("age_days", "grain_minutes"), [(1, 1), (15, 5), (63, 60)])
def test_the_start_is_rounded_by_its_age(engine, cloudwatch, put, age_days, grain_minutes):
    start = engine.clock.now()
    put(0, 1)
    engine.clock.advance(days=age_days, hours=1)
    answer = statistics(engine, cloudwatch, start=start + timedelta(minutes=grain_minutes, seconds=-1), Period=3600)
    assert [point["Timestamp"] for point in answer["Datapoints"]] == [start]
    answer = statistics(engine, cloudwatch, start=start + timedelta(minutes=grain_minutes), Period=3600)
    assert answer["Datapoints"] == []


@pytest.mark.parametrize("strict", [False, True])
def test_a_strict_engine_shuffles_datapoints(strict):
    with localsqs.Engine(clock=localsqs.ManualClock(), seed=7, strict=strict) as engine:
        start, cloudwatch = engine.clock.now(), engine.client("cloudwatch")
        minutes = [{"MetricName": "Latency", "Timestamp": start + timedelta(minutes=m), "Value": m} for m in range(9)]
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=minutes)
        values = [point["Sum"] for point in statistics(engine, cloudwatch)["Datapoints"]]
        assert sorted(values) == list(range(9))
        assert (values == list(range(9))) is not strict


def test_percentiles(engine, cloudwatch, put):
    for value in range(1, 101):
        put(0, value)
    answer = statistics(engine, cloudwatch, Statistics=None, ExtendedStatistics=["p0", "p50", "p99", "p100", "tm90"])
    (point,) = answer["Datapoints"]
    assert point["ExtendedStatistics"] == {"p0": 1.0, "p50": 50.5, "p99": 99.01, "p100": 100.0, "tm90": 45.5}


def test_percentiles_of_negative_values_are_unknown(engine, cloudwatch, put):
    put(0, -1)
    put(0, 5)
    assert statistics(engine, cloudwatch, Statistics=None, ExtendedStatistics=["p50"])["Datapoints"] == []


def test_dimensions_and_unit_must_match(engine, cloudwatch, put):
    put(0, 1, Shop="a")
    put(0, 2, Shop="a", Till="1")
    assert statistics(engine, cloudwatch)["Datapoints"] == []
    shop = [{"Name": "Shop", "Value": "a"}]
    assert statistics(engine, cloudwatch, Dimensions=shop)["Datapoints"][0]["Sum"] == 1
    both = [{"Name": "Till", "Value": "1"}, *shop]
    assert statistics(engine, cloudwatch, Dimensions=both)["Datapoints"][0]["Sum"] == 2
    assert statistics(engine, cloudwatch, Dimensions=shop, Unit="Seconds")["Datapoints"] == []


def test_unknown_is_empty_and_echoes_the_name(engine, cloudwatch):
    answer = statistics(engine, cloudwatch, MetricName="Nothing")
    assert answer["Label"] == "Nothing"
    assert answer["Datapoints"] == []


@pytest.mark.parametrize("minutes", [1440, 1441])
def test_at_most_1440_datapoints(engine, cloudwatch, minutes):
    start = engine.clock.now()
    request = {"start": start, "EndTime": start + timedelta(minutes=minutes)}
    if minutes == 1440:
        assert statistics(engine, cloudwatch, **request)["Datapoints"] == []
        return
    with pytest.raises(cloudwatch.exceptions.InvalidParameterCombinationException) as raised:
        statistics(engine, cloudwatch, **request)
    assert code_and_text(raised) == (
        "InvalidParameterCombination",
        "You have requested up to 1441 datapoints, which exceeds the limit of 1440. You may reduce the datapoints "
        "requested by increasing Period, or decreasing the time range.",
    )


def test_the_start_must_come_before_the_end(engine, cloudwatch):
    with pytest.raises(cloudwatch.exceptions.InvalidParameterValueException) as raised:
        statistics(engine, cloudwatch, EndTime=engine.clock.now())
    assert code_and_text(raised) == (
        "InvalidParameterValue",
        "The parameter StartTime must be less than the parameter EndTime.",
    )
    assert raised.value.response["Error"]["QueryErrorCode"] == "InvalidParameterValueException"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Period": 61}, "InvalidParameterValue"),
        ({"ExtendedStatistics": ["p99"]}, "InvalidParameterCombination"),
        ({"Statistics": None}, "InvalidParameterCombination"),
        ({"Statistics": ["Median"]}, "ValidationError"),
        ({"Statistics": None, "ExtendedStatistics": ["p101"]}, "InvalidParameterValue"),
    ],
)
def test_wrong_requests(engine, cloudwatch, changes, code):
    with pytest.raises(errors.ClientError) as raised:
        statistics(engine, cloudwatch, **changes)
    assert raised.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("name", "extended"), [("p99", True), ("p99.9", True), ("p101", False), ("IQM", True), ("Sum", False)]
)
def test_extended_statistics(name, extended):
    assert is_extended_statistic(name) is extended


def test_summaries_keep_what_they_know():
    known = Summary.of_values([(1.0, 2.0), (4.0, 1.0)], "Count")
    known.add(Summary.of_set(3, 9, 3, 3, "Count"))
    assert [known.statistic(s) for s in ("SampleCount", "Sum", "Minimum", "Maximum")] == [6, 15, 1, 4]
    assert known.statistic("p50") == 3
    known.add(Summary.of_set(2, 30, 10, 20, "Count"))
    assert known.statistic("Maximum") == 20
    assert known.statistic("p50") is None


# --- Put --------------------------------------------------------------------------------------------------------------


def test_values_counts_and_statistic_values(engine, cloudwatch):
    cloudwatch.put_metric_data(
        Namespace="Shop",
        MetricData=[
            {"MetricName": "Latency", "Values": [1.0, 2.0], "Counts": [3.0, 1.0]},
            {"MetricName": "Latency", "StatisticValues": {"SampleCount": 2, "Sum": 30, "Minimum": 10, "Maximum": 20}},
        ],
    )
    (point,) = statistics(engine, cloudwatch, Statistics=["SampleCount", "Sum", "Maximum"])["Datapoints"]
    assert (point["SampleCount"], point["Sum"], point["Maximum"], point["Unit"]) == (6, 35, 20, "None")


def test_high_resolution(engine, cloudwatch):
    start = engine.clock.now()
    data = [
        {"MetricName": "Latency", "Timestamp": start + timedelta(seconds=s), "Value": s, "StorageResolution": 1}
        for s in (0, 10, 11)
    ]
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
    assert [p["Sum"] for p in statistics(engine, cloudwatch, Period=10)["Datapoints"]] == [0, 21]


@pytest.mark.parametrize(
    ("datum", "code", "text"),
    [
        (
            {"Value": 1, "Values": [1]},
            "InvalidParameterCombination",
            "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and you "
            "have specified both.",
        ),
        (
            {"Values": [1.0], "Counts": [1.0, 2.0]},
            "InvalidParameterValue",
            "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.",
        ),
        ({"Value": 1, "Unit": "Furlongs"}, "InvalidParameterValue", None),
        ({}, "MissingParameter", None),
        ({"Value": float("nan")}, "InvalidParameterValue", None),
        ({"Values": [1.0, float("inf")]}, "InvalidParameterValue", None),
        ({"Value": 1, "Timestamp": 0}, "InvalidParameterValue", None),
    ],
)
def test_wrong_data(engine, cloudwatch, datum, code, text):
    with pytest.raises(errors.ClientError) as raised:
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": "Latency", **datum}])
    assert raised.value.response["Error"]["Code"] == code
    assert text is None or raised.value.response["Error"]["Message"] == text
    assert statistics(engine, cloudwatch)["Datapoints"] == []


def test_namespaces_of_aws_are_not_for_users(cloudwatch):
    with pytest.raises(cloudwatch.exceptions.InvalidParameterValueException):
        cloudwatch.put_metric_data(Namespace="AWS/SQS", MetricData=[{"MetricName": "a", "Value": 1}])


def test_one_wrong_datum_and_nothing_is_put(engine, cloudwatch):
    data = [{"MetricName": "Latency", "Value": 1}, {"MetricName": "Latency"}]
    with pytest.raises(errors.ClientError):
        cloudwatch.put_metric_data(Namespace="Shop", MetricData=data)
    assert statistics(engine, cloudwatch)["Datapoints"] == []


def test_functions_put_through_the_service(engine, cloudwatch):
    put = engine._service("cloudwatch").put
    put("Shop", "Latency", {"Shop": "a"}, [1, 2, float("nan")], "Milliseconds")
    put("Shop", "Latency", {"Shop": "b"}, [float("inf")])
    answer = statistics(engine, cloudwatch, Dimensions=[{"Name": "Shop", "Value": "a"}])
    assert [(p["Sum"], p["Unit"]) for p in answer["Datapoints"]] == [(3, "Milliseconds")]
    assert len(cloudwatch.list_metrics(Namespace="Shop")["Metrics"]) == 1


# --- GetMetricData ----------------------------------------------------------------------------------------------------


def metric(name: str = "Latency", stat: str = "Sum", period: int = 60, **more: Any) -> dict[str, Any]:
    return {"MetricStat": {"Metric": {"Namespace": "Shop", "MetricName": name}, "Period": period, "Stat": stat}, **more}


def data(engine, cloudwatch, queries: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    start = engine.clock.now()
    queries = [{"Id": f"q{number}", **query} for number, query in enumerate(queries)]
    request = {"MetricDataQueries": queries, "StartTime": start, "EndTime": start + timedelta(minutes=10), **more}
    return cloudwatch.get_metric_data(**request)


def test_metric_data_is_newest_first(engine, cloudwatch, put):
    start = engine.clock.now()
    put(0, 1)
    put(2, 3)
    answer = data(engine, cloudwatch, [metric()])
    assert answer["Messages"] == []
    assert answer["MetricDataResults"] == [
        {
            "Id": "q0",
            "Label": "Latency",
            "Timestamps": [start + timedelta(minutes=2), start],
            "Values": [3.0, 1.0],
            "StatusCode": "Complete",
        }
    ]
    answer = data(engine, cloudwatch, [metric()], ScanBy="TimestampAscending")
    assert answer["MetricDataResults"][0]["Values"] == [1.0, 3.0]


def test_no_data_is_complete_and_empty(engine, cloudwatch):
    (result,) = data(engine, cloudwatch, [metric()])["MetricDataResults"]
    assert (result["Timestamps"], result["Values"], result["StatusCode"]) == ([], [], "Complete")


def test_labels_tell_as_much_as_is_needed(engine, cloudwatch):
    def labels(*queries: dict[str, Any]) -> list[str]:
        return [result["Label"] for result in data(engine, cloudwatch, list(queries))["MetricDataResults"]]

    assert labels(metric(), metric("Calls")) == ["Latency", "Calls"]
    assert labels(metric(), metric(stat="Average")) == ["Latency Sum", "Latency Average"]
    assert labels(metric(period=60), metric(period=300)) == ["Latency 60", "Latency 300"]
    assert labels(metric(period=60), metric(stat="Minimum", period=300)) == ["Latency Sum 60", "Latency Minimum 300"]
    assert labels(metric(Label="Mine"), {"Expression": "q0 * 2"}) == ["Mine", "q1"]


def test_expressions_and_hidden_results(engine, cloudwatch, put):
    put(0, 10, "Errors")
    put(0, 40, "Calls")
    put(1, 50, "Calls")
    queries = [
        metric("Errors", ReturnData=False),
        metric("Calls", ReturnData=False),
        {"Expression": "100 * FILL(q0, 0) / q1"},
        {"Expression": "q2 + 1", "Label": "more"},
    ]
    answer = data(engine, cloudwatch, queries, ScanBy="TimestampAscending")
    assert [(r["Id"], r["Values"]) for r in answer["MetricDataResults"]] == [("q2", [25, 0]), ("q3", [26, 1])]


def test_mixed_units_leave_a_message(engine, cloudwatch, put):
    put(0, 1, unit="Seconds")
    put(0, 1, unit="Count")
    (result,) = data(engine, cloudwatch, [metric()])["MetricDataResults"]
    assert result["Messages"][0]["Code"] == "MultipleUnits"


def test_metric_data_in_pages(engine, cloudwatch, put):
    for minute in range(5):
        put(minute, minute)
        put(minute, minute * 10, "Calls")
    request = {
        "MetricDataQueries": [{"Id": "a", **metric()}, {"Id": "b", **metric("Calls")}],
        "StartTime": engine.clock.now(),
        "EndTime": engine.clock.now() + timedelta(minutes=9),
        "ScanBy": "TimestampAscending",
    }
    pages = list(cloudwatch.get_paginator("get_metric_data").paginate(**request, PaginationConfig={"PageSize": 4}))
    seen = [[(r["Id"], r["Values"], r["StatusCode"]) for r in page["MetricDataResults"]] for page in pages]
    assert seen == [
        [("a", [0, 1, 2, 3], "PartialData")],
        [("a", [4], "Complete"), ("b", [0, 10, 20], "PartialData")],
        [("b", [30, 40], "Complete")],
    ]


@pytest.mark.parametrize(
    ("queries", "text"),
    [
        ([{"Expression": "SEARCH('a', 'Sum')"}], "localsqs has no function SEARCH"),
        ([{"Expression": "q7 + 1"}], "there is no metric or expression 'q7'"),
        ([{"Expression": "q0 + 1"}], "depends on itself"),
        ([{"Expression": "1 +"}], "not the end"),
        ([{"Expression": "3 * 4"}], "time series"),
        ([{**metric(), "Expression": "1"}], "either an Expression or a MetricStat"),
        ([{**metric(), "Id": "Q"}], "not a valid id"),
        ([{**metric(), "Id": "a"}, {**metric(), "Id": "a"}], "not unique"),
    ],
)
def test_wrong_queries(engine, cloudwatch, queries, text):
    with pytest.raises(errors.ClientError, match=text) as raised:
        data(engine, cloudwatch, queries)
    assert raised.value.response["Error"]["Code"] == "ValidationError"


# --- ListMetrics ------------------------------------------------------------------------------------------------------


def test_list_metrics(engine, cloudwatch, put, sqs):
    put(0, 1, Shop="a", Till="1")
    put(0, 1, "Calls", Shop="b")
    sqs.create_queue(QueueName="orders")
    engine.clock.advance(minutes=1)

    def listed(**filters: Any) -> list[str]:
        return [metric["MetricName"] for metric in cloudwatch.list_metrics(**filters)["Metrics"]]

    assert listed(Namespace="Shop") == ["Latency", "Calls"]
    assert listed(Dimensions=[{"Name": "Till"}]) == ["Latency"]
    assert listed(Dimensions=[{"Name": "Shop", "Value": "b"}]) == ["Calls"]
    assert listed(MetricName="Calls") == ["Calls"]
    assert "SentMessageSize" not in listed(Namespace="AWS/SQS")
    assert "NumberOfMessagesSent" in listed(Namespace="AWS/SQS")
    assert cloudwatch.list_metrics(MetricName="NumberOfMessagesSent")["Metrics"] == [
        {
            "Namespace": "AWS/SQS",
            "MetricName": "NumberOfMessagesSent",
            "Dimensions": [{"Name": "QueueName", "Value": "orders"}],
        }
    ]


def test_metrics_are_listed_for_two_weeks(engine, cloudwatch, put):
    put(0, 1)
    engine.clock.advance(hours=4)
    assert cloudwatch.list_metrics(RecentlyActive="PT3H")["Metrics"] == []
    assert len(cloudwatch.list_metrics()["Metrics"]) == 1
    engine.clock.advance(days=14)
    assert cloudwatch.list_metrics()["Metrics"] == []


def test_list_metrics_in_pages_of_500(cloudwatch):
    names = [f"m{number:03}" for number in range(501)]
    cloudwatch.put_metric_data(Namespace="Shop", MetricData=[{"MetricName": name, "Value": 1} for name in names])
    pages = list(cloudwatch.get_paginator("list_metrics").paginate())
    assert [len(page["Metrics"]) for page in pages] == [500, 1]
