"""AWS::CloudWatch::Alarm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from localsqs.cloudformation.resources.base import Physical, ResourceType, World, gone_is_fine, physical_name
from localsqs.cloudformation.schema import TAGS, Property, Schema, list_of, number, object_of, text, truth

__all__ = ["Alarm"]

_DIMENSIONS = list_of(object_of({"Name": text(required=True), "Value": text(required=True)}))


class Alarm(ResourceType):
    """Its properties are the parameters of PutMetricAlarm, which checks the rest."""

    type_name = "AWS::CloudWatch::Alarm"
    attributes = ("Arn",)
    schema: ClassVar[Schema] = {
        "AlarmName": text(replaces=True),
        "AlarmDescription": text(),
        "ActionsEnabled": truth(),
        "AlarmActions": list_of(text()),
        "OKActions": list_of(text()),
        "InsufficientDataActions": list_of(text()),
        "ComparisonOperator": Property("text", required=True),
        "DatapointsToAlarm": number(1),
        "Dimensions": _DIMENSIONS,
        "EvaluateLowSampleCountPercentile": text(),
        "EvaluationPeriods": number(1, required=True),
        "ExtendedStatistic": text(),
        "MetricName": text(),
        "Metrics": list_of(object_of()),
        "Namespace": text(),
        "Period": number(1),
        "Statistic": text(),
        "Threshold": number(integer=False),
        "ThresholdMetricId": text(),
        "TreatMissingData": text(),
        "Unit": text(),
        "Tags": TAGS,
    }

    def create(self, world: World, logical_id: str, properties: dict[str, Any], generation: int) -> Physical:
        name = properties.get("AlarmName") or physical_name(world, logical_id, generation, longest=255)
        self._put(world, name, properties)
        arn = world.arn("cloudwatch", f"alarm:{name}")
        return Physical(logical_id, self.type_name, name, {"Arn": arn}, properties, generation)

    def update(self, world: World, physical: Physical, properties: dict[str, Any]) -> Physical:
        self._put(world, physical.physical_id, properties)
        return replace(physical, properties=properties)

    def delete(self, world: World, physical: Physical) -> None:
        delete = world.client("cloudwatch").delete_alarms
        gone_is_fine(delete, "ResourceNotFound", AlarmNames=[physical.physical_id])

    def _put(self, world: World, name: str, properties: dict[str, Any]) -> None:
        world.client("cloudwatch").put_metric_alarm(**{**properties, "AlarmName": name})
