"""AWS::Lambda::Function, AWS::Lambda::EventSourceMapping, AWS::Lambda::Version, AWS::Lambda::Alias."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from localsqs.cloudformation.errors import TemplateError, TemplateWarning
from localsqs.cloudformation.functions import LocalHandler, LocalProcess, NotRunnable, code_directory
from localsqs.cloudformation.resources.base import Physical, ResourceType, World, gone_is_fine, physical_name
from localsqs.cloudformation.schema import (
    TAGS,
    Property,
    Schema,
    ignored,
    list_of,
    number,
    object_of,
    text,
    truth,
    typed,
)
from localsqs.lambda_.context import ContextFields
from localsqs.lambda_.environment import function_environment
from localsqs.lambda_.handler_loader import HandlerError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localsqs.lambda_.runner import Runner

__all__ = ["Alias", "EventSourceMapping", "Function", "Version"]

_IGNORED = {
    name: ignored()
    for name in (
        "Architectures",
        "CapacityProviderConfig",
        "CodeSigningConfigArn",
        "DeadLetterConfig",
        "DurableConfig",
        "EphemeralStorage",
        "FileSystemConfigs",
        "FunctionScalingConfig",
        "ImageConfig",
        "KmsKeyArn",
        "Layers",
        "LoggingConfig",
        "PackageType",
        "PublishToLatestPublished",
        "RecursiveLoop",
        "Role",
        "RuntimeManagementConfig",
        "SnapStart",
        "TenancyConfig",
        "TracingConfig",
        "VpcConfig",
    )
}


class Function(ResourceType):
    """A function with the handler that the caller gave for it, or with the code that the template names.

    Properties that are about AWS alone (roles, networks, layers) have no effect.
    """

    type_name = "AWS::Lambda::Function"
    attributes = ("Arn",)
    schema: ClassVar[Schema] = {
        "FunctionName": text(replaces=True),
        "Code": Property("any", required=True),
        "Handler": text(),
        "Runtime": text(),
        "Description": text(),
        "Timeout": number(1, 900),
        "MemorySize": number(128, 10_240),
        "Environment": object_of({"Variables": object_of()}),
        "ReservedConcurrentExecutions": number(0),
        "Tags": TAGS,
        **_IGNORED,
    }

    def create(self, world: World, logical_id: str, properties: dict[str, Any], generation: int) -> Physical:
        name = properties.get("FunctionName") or physical_name(world, logical_id, generation, longest=64)
        name = name.rpartition(":")[2]
        self._register(world, logical_id, name, properties)
        arn = world.arn("lambda", f"function:{name}")
        return Physical(logical_id, self.type_name, name, {"Arn": arn}, properties, generation)

    def update(self, world: World, physical: Physical, properties: dict[str, Any]) -> Physical:
        self._register(world, physical.logical_id, physical.physical_id, properties)
        return replace(physical, properties=properties)

    def delete(self, world: World, physical: Physical) -> None:
        if physical.physical_id not in world.skipped_functions:
            delete = world.client("lambda").delete_function
            gone_is_fine(delete, "ResourceNotFoundException", FunctionName=physical.physical_id)

    def _register(self, world: World, logical_id: str, name: str, properties: dict[str, Any]) -> None:
        variables = {**world.environment, **_variables(properties, logical_id)}
        options = {
            "timeout": properties.get("Timeout", 3),
            "memory_size": properties.get("MemorySize", 128),
            "environment": variables,
            "reserved_concurrency": properties.get("ReservedConcurrentExecutions"),
            "description": properties.get("Description", ""),
            "tags": _function_tags(world, logical_id, properties),
            "region": world.region,
            "account": world.account,
        }
        world.skipped_functions.discard(name)
        given = world.handlers.get(logical_id) or world.handlers.get(name)
        if given is not None:
            world.engine.register_function(name, given, **options)
            return
        try:
            handler, runner = self._code(world, logical_id, name, properties, variables)
        except NotRunnable as reason:
            world.skipped_functions.add(name)
            message = f"{logical_id}: {reason}, so the function and its event source mappings are skipped"
            warnings.warn(message, TemplateWarning, stacklevel=2)
            return
        world.engine.register_function(name, handler, runner=runner, **options)

    def _code(
        self, world: World, logical_id: str, name: str, properties: Mapping[str, Any], variables: dict[str, str]
    ) -> tuple[LocalHandler | None, Runner | None]:
        """What runs the function: a handler of this process, or a runner."""
        runtime = properties.get("Runtime", "")
        path = ("Resources", logical_id, "Properties")
        try:
            directory = code_directory(properties["Code"], runtime, world.folder)
        except TemplateError as error:
            raise TemplateError(error.message, (*path, "Code")) from None
        handler = properties.get("Handler", "")
        if runtime.startswith("python") and not world.processes:
            environment = _import_environment(world, name, properties, variables)
            try:
                return LocalHandler(handler, directory, environment), None
            except HandlerError as error:
                raise TemplateError(str(error), (*path, "Handler")) from error
        if runtime.startswith(("python", "nodejs")):
            try:
                return None, LocalProcess(handler, directory, runtime, variables)
            except FileNotFoundError as error:
                raise NotRunnable(str(error)) from None
        raise NotRunnable(f"functions for {runtime or 'no runtime'} do not run here")


def _variables(properties: Mapping[str, Any], logical_id: str) -> dict[str, str]:
    """Environment.Variables as text."""
    given = properties.get("Environment", {}).get("Variables", {})
    path = ("Resources", logical_id, "Properties", "Environment", "Variables")
    return {name: typed(value, text(), (*path, name)) for name, value in given.items()}


def _import_environment(
    world: World, name: str, properties: Mapping[str, Any], variables: dict[str, str]
) -> dict[str, str]:
    """What a handler's module finds in os.environ when it is imported: Powertools reads its names there."""
    arn = world.arn("lambda", f"function:{name}")
    memory = str(properties.get("MemorySize", 128))
    fields = ContextFields(name, "$LATEST", arn, memory, "", f"/aws/lambda/{name}", "", 0, 0.0)
    return function_environment(fields, variables)


def _function_tags(world: World, logical_id: str, properties: Mapping[str, Any]) -> dict[str, str]:
    """The template's, and those that CloudFormation adds on functions and mappings."""
    return {
        **{tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])},
        "aws:cloudformation:stack-name": world.stack_name,
        "aws:cloudformation:stack-id": world.stack_id,
        "aws:cloudformation:logical-id": logical_id,
    }


class EventSourceMapping(ResourceType):
    """Its properties are the parameters of CreateEventSourceMapping, which checks the rest."""

    type_name = "AWS::Lambda::EventSourceMapping"
    attributes = ("Id", "EventSourceMappingArn")
    schema: ClassVar[Schema] = {
        "FunctionName": text(required=True),
        "EventSourceArn": text(replaces=True),
        "BatchSize": number(1, 10_000),
        "MaximumBatchingWindowInSeconds": number(0, 300),
        "Enabled": truth(),
        "FilterCriteria": object_of({"Filters": list_of(object_of({"Pattern": text()}))}),
        "FunctionResponseTypes": list_of(text()),
        "ScalingConfig": object_of({"MaximumConcurrency": number(2, 1000)}),
        "ProvisionedPollerConfig": object_of(
            {"MinimumPollers": number(1), "MaximumPollers": number(1), "PollerGroupName": text()}
        ),
        "MetricsConfig": object_of({"Metrics": list_of(text())}),
        "KmsKeyArn": text(),
        "DestinationConfig": object_of(),
        "Tags": TAGS,
        # For streams and Kafka: Lambda says what it thinks of them on a queue.
        "StartingPosition": text(),
        "ParallelizationFactor": number(1, 10),
        "MaximumRetryAttempts": number(-1, 10_000),
        "BisectBatchOnFunctionError": truth(),
        "TumblingWindowInSeconds": number(0, 900),
        "MaximumRecordAgeInSeconds": number(-1, 604_800),
    }

    def create(self, world: World, logical_id: str, properties: dict[str, Any], generation: int) -> Physical:
        if _function_name(properties) in world.skipped_functions:
            return Physical(logical_id, self.type_name, "", {}, properties, generation)
        arguments = _arguments(properties)
        tags = _function_tags(world, logical_id, properties)
        made = world.client("lambda").create_event_source_mapping(**arguments, Tags=tags)
        values = {"Id": made["UUID"], "EventSourceMappingArn": made["EventSourceMappingArn"]}
        return Physical(logical_id, self.type_name, made["UUID"], values, properties, generation)

    def update(self, world: World, physical: Physical, properties: dict[str, Any]) -> Physical:
        if physical.physical_id:
            gone = {name: value for name, value in _RESET.items() if name in physical.properties}
            arguments = {**gone, **_arguments(properties)}
            arguments.pop("EventSourceArn", None)
            arguments.pop("StartingPosition", None)
            world.client("lambda").update_event_source_mapping(UUID=physical.physical_id, **arguments)
        return replace(physical, properties=properties)

    def delete(self, world: World, physical: Physical) -> None:
        if physical.physical_id:
            delete = world.client("lambda").delete_event_source_mapping
            gone_is_fine(delete, "ResourceNotFoundException", UUID=physical.physical_id)


# What a parameter is set to when its property goes.
_RESET: dict[str, Any] = {
    "BatchSize": 10,
    "MaximumBatchingWindowInSeconds": 0,
    "Enabled": True,
    "FilterCriteria": {},
    "FunctionResponseTypes": [],
    "ScalingConfig": {},
}


def _arguments(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties as parameters of boto3's call."""
    names = {"KmsKeyArn": "KMSKeyArn"}
    return {names.get(name, name): value for name, value in properties.items() if name != "Tags"}


def _function_name(properties: Mapping[str, Any]) -> str:
    """The name in a name, name:alias or ARN."""
    name: str = properties["FunctionName"]
    return name.split(":")[6] if name.startswith("arn:") and name.count(":") >= 6 else name.partition(":")[0]


class Version(ResourceType):
    """A name for what the function is now: there is but one version of each function here."""

    type_name = "AWS::Lambda::Version"
    attributes = ("Version", "FunctionArn")
    schema: ClassVar[Schema] = {
        "FunctionName": text(required=True, replaces=True),
        "Description": text(),
        "CodeSha256": ignored(),
        "FunctionScalingConfig": ignored(),
        "ProvisionedConcurrencyConfig": ignored(),
        "RuntimePolicy": ignored(),
    }

    def create(self, world: World, logical_id: str, properties: dict[str, Any], generation: int) -> Physical:
        arn = f"{world.arn('lambda', 'function:' + _function_name(properties))}:{generation + 1}"
        values = {"Version": str(generation + 1), "FunctionArn": arn}
        return Physical(logical_id, self.type_name, arn, values, properties, generation)

    def update(self, world: World, physical: Physical, properties: dict[str, Any]) -> Physical:
        return replace(physical, properties=properties)

    def delete(self, world: World, physical: Physical) -> None:
        """It goes with its function."""


class Alias(ResourceType):
    """Another name of a function, which a mapping may name."""

    type_name = "AWS::Lambda::Alias"
    attributes = ("AliasArn",)
    schema: ClassVar[Schema] = {
        "FunctionName": text(required=True, replaces=True),
        "FunctionVersion": text(required=True),
        "Name": text(required=True, replaces=True),
        "Description": text(),
        "ProvisionedConcurrencyConfig": ignored(),
        "RoutingConfig": ignored(),
    }

    def create(self, world: World, logical_id: str, properties: dict[str, Any], generation: int) -> Physical:
        arn = f"{world.arn('lambda', 'function:' + _function_name(properties))}:{properties['Name']}"
        return Physical(logical_id, self.type_name, arn, {"AliasArn": arn}, properties, generation)

    def update(self, world: World, physical: Physical, properties: dict[str, Any]) -> Physical:
        return replace(physical, properties=properties)

    def delete(self, world: World, physical: Physical) -> None:
        """It goes with its function."""
