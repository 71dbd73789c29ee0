"""A template with its parameters: everything about a stack that is known before anything is made."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from localsqs.cloudformation import graph, resources
from localsqs.cloudformation.errors import TemplateError, TemplateWarning, did_you_mean
from localsqs.cloudformation.intrinsics import NO_VALUE, Resolver
from localsqs.cloudformation.parameters import as_text, parameter_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from localsqs.cloudformation.errors import Path
    from localsqs.cloudformation.resources.base import Physical, ResourceType, World
    from localsqs.cloudformation.template import Template

__all__ = ["Output", "Plan"]


@dataclass(frozen=True)
class Output:
    """One output of a stack."""

    key: str
    value: str
    description: str = ""
    export_name: str = ""


class Plan:
    """A template with its parameters: everything that is known before anything is made.

    Attributes:
        source: The template as written.
        template: The same in plain CloudFormation.
        order: The logical ids of the resources, each after what it needs.
        made: The resources made so far.
        imported: The exports of other stacks that it uses.

    Raises:
        TemplateError: If the template cannot be deployed, as far as that can be seen.
    """

    def __init__(
        self,
        template: Template,
        parameters: Mapping[str, Any],
        world: World,
        import_value: Callable[[str], str | None],
    ) -> None:
        from localsqs.cloudformation import sam

        self.world = world
        self.source = template
        self.made: dict[str, Physical] = {}
        self.values = parameter_values(template, parameters)
        self.template = sam.transformed(template, self.values, world)
        self.imported: set[str] = set()
        self._import_value = import_value
        self.resolver = Resolver(
            self.template, self.values, _pseudo_parameters(world), self._ref, self._get_att, self._import
        )
        self.resources = graph.active_resources(self.template, self.resolver)
        known = [*self.template.resources, *self.values]
        self.order = graph.creation_order(self.resources, self.resolver, known)
        for logical_id in self.order:
            self._check(logical_id)
        self.outputs = self._active_outputs()

    def type_of(self, logical_id: str) -> ResourceType:
        return resources.resource_type(self.resources[logical_id]["Type"])

    def properties(self, logical_id: str) -> dict[str, Any]:
        """Resolved and typed; what the resource needs must have been made."""
        given = self.resources[logical_id].get("Properties", {})
        return self.type_of(logical_id).properties(given, ("Resources", logical_id, "Properties"), self.resolver)

    def policy(self, logical_id: str, name: str) -> str:
        """DeletionPolicy or UpdateReplacePolicy."""
        return str(self.template.resources.get(logical_id, {}).get(name, "Delete"))

    def output_values(self) -> list[Output]:
        """The outputs, once everything has been made."""
        return [self._output(name, output) for name, output in self.outputs.items()]

    def _output(self, name: str, output: Mapping[str, Any]) -> Output:
        path: Path = ("Outputs", name)
        value = self.resolver.resolve(output["Value"], (*path, "Value"))
        if isinstance(value, (dict, list)) or value is NO_VALUE:
            raise TemplateError("Template format error: The Value field of every Outputs member must evaluate to a "
                                "String.", (*path, "Value"))  # fmt: skip
        export = output.get("Export", {}).get("Name", "")
        export_name = as_text(self.resolver.resolve(export, (*path, "Export", "Name"))) if export else ""
        return Output(name, as_text(value), as_text(output.get("Description", "")), export_name)

    def _active_outputs(self) -> dict[str, Any]:
        outputs = {}
        for name, output in self.template.section("Outputs").items():
            condition = output.get("Condition")
            if condition is not None and not self.resolver.condition(condition, ("Outputs", name, "Condition")):
                continue
            graph.output_references(output, name, self.resources, self.resolver)
            outputs[name] = output
        return outputs

    def _check(self, logical_id: str) -> None:
        """What can be said of a resource before anything is made."""
        resource = self.resources[logical_id]
        type_name, path = resource["Type"], ("Resources", logical_id)
        if not resources.is_known(type_name):
            hint = did_you_mean(type_name, resources.names())
            said = f"{logical_id}: localsqs has no {type_name}, so it is skipped"
            place = self.template.locate(TemplateError(f"{said}; {hint}" if hint else said, (*path, "Type")))
            warnings.warn(f"{place.file or 'template'}:{place.line}: {place.message}", TemplateWarning, stacklevel=2)
        for reference in self.resolver.references(resource.get("Properties", {}), (*path, "Properties")):
            target = self.resources.get(reference.logical_id)
            if target is None or not reference.attribute or not resources.is_known(target["Type"]):
                continue
            attributes = resources.resource_type(target["Type"]).attributes
            if reference.attribute not in attributes:
                raise _no_attribute(reference.logical_id, reference.attribute, attributes, reference.path)

    # --- What the resolver asks --------------------------------------------------------------------------------------

    def _ref(self, logical_id: str, path: Path) -> str:
        return self._made(logical_id, path).physical_id

    def _get_att(self, logical_id: str, attribute: str, path: Path) -> Any:
        physical = self._made(logical_id, path)
        if attribute in physical.attributes:
            return physical.attributes[attribute]
        if not resources.is_known(physical.type_name):
            message = f"{logical_id}.{attribute} has no value, since localsqs has no {physical.type_name}"
            raise TemplateError(message, path)
        raise _no_attribute(logical_id, attribute, tuple(physical.attributes), path)

    def _made(self, logical_id: str, path: Path) -> Physical:
        if logical_id not in self.made:
            message = f"Template format error: Unresolved resource dependencies [{logical_id}] in the Resources block"
            raise TemplateError(f"{message} of the template", path, hint=did_you_mean(logical_id, self.made))
        return self.made[logical_id]

    def _import(self, name: str) -> str | None:
        self.imported.add(name)
        return self._import_value(name)


def _no_attribute(logical_id: str, attribute: str, known: tuple[str, ...], path: Path) -> TemplateError:
    message = f"Template error: resource {logical_id} does not support attribute type {attribute} in Fn::GetAtt"
    return TemplateError(message, path, hint=did_you_mean(attribute, known))


def _pseudo_parameters(world: World) -> dict[str, Any]:
    return {
        "AWS::AccountId": world.account,
        "AWS::NotificationARNs": [],
        "AWS::Partition": world.partition,
        "AWS::Region": world.region,
        "AWS::StackId": world.stack_id,
        "AWS::StackName": world.stack_name,
        "AWS::URLSuffix": "amazonaws.com.cn" if world.partition == "aws-cn" else "amazonaws.com",
    }
