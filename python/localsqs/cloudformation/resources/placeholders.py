"""Resources that localsqs does not have: they are skipped, and what refers to them gets a name that looks right.

Roles, permissions and log groups are nothing that anybody misses here; a table or a bucket is, and so gets a warning.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from localsqs.cloudformation.resources.base import Physical, ResourceType, World, physical_name
from localsqs.cloudformation.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localsqs.cloudformation.errors import Path
    from localsqs.cloudformation.intrinsics import Resolver

__all__ = ["IamRole", "Placeholder", "silent_placeholders"]

_SILENT = (
    "AWS::CloudFormation::WaitConditionHandle",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::RolePolicy",
    "AWS::KMS::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
)


class Placeholder(ResourceType):
    """Stands for a type that is not here. None of its properties is looked at."""

    schema: ClassVar[Schema] = {}

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name

    def properties(self, given: Mapping[str, Any], path: Path, resolver: Resolver) -> dict[str, Any]:
        return {}

    def create(self, world: World, logical_id: str, properties: dict[str, Any], generation: int) -> Physical:
        return Physical(logical_id, self.type_name, physical_name(world, logical_id, generation, longest=64))

    def update(self, world: World, physical: Physical, properties: dict[str, Any]) -> Physical:
        return replace(physical, properties=properties)

    def delete(self, world: World, physical: Physical) -> None:
        """There is nothing."""


class IamRole(Placeholder):
    """Nothing is checked against roles; functions name them."""

    attributes = ("Arn", "RoleId")

    def __init__(self) -> None:
        super().__init__("AWS::IAM::Role")

    def create(self, world: World, logical_id: str, properties: dict[str, Any], generation: int) -> Physical:
        role = super().create(world, logical_id, properties, generation)
        arn = world.arn("iam", f"role/{role.physical_id}", with_region=False)
        return replace(role, attributes={"Arn": arn, "RoleId": f"AROA{role.physical_id[-12:]}"})


def silent_placeholders() -> list[ResourceType]:
    """Types that may be skipped without a word."""
    return [IamRole(), *(Placeholder(name) for name in _SILENT)]
