"""Intrinsic functions, pseudo parameters, conditions: from what a template says to plain values.

Source of the texts: recordings in shared/spec/around.md, 5.3.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from localsqs.cloudformation import intrinsic_texts
from localsqs.cloudformation.errors import TemplateError, did_you_mean
from localsqs.cloudformation.intrinsic_texts import NO_VALUE, text_of
from localsqs.cloudformation.parameters import as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from localsqs.cloudformation.errors import Path
    from localsqs.cloudformation.template import Template

__all__ = ["NO_VALUE", "Reference", "Resolver"]


_SUB_VARIABLE = re.compile(r"\$\{([^}]*)\}")

_GET_ATT_TEXT = (
    "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource "
    "attribute"
)
_SUB_TEXT = (
    "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as "
    "first argument, and an optional second argument to specify a mapping of values to replace in the string"
)
_FIND_IN_MAP_TEXT = (
    "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute "
    "for return value"
)
_IF_TEXT = "Template error: Fn::If requires a list argument with three elements"


class Reference(NamedTuple):
    """That something in a template needs a resource.

    Attributes:
        logical_id: The resource's.
        attribute: Of Fn::GetAtt; "" for Ref.
        path: Where it is needed.
    """

    logical_id: str
    attribute: str
    path: Path


class Resolver:
    """Resolves the values of one template.

    Args:
        template: The template.
        parameters: The value of each of its parameters.
        pseudo: The value of each pseudo parameter, by its name: "AWS::Region".
        ref, get_att: What Ref and Fn::GetAtt of a resource give, for the place that asks.
        import_value: The value of another stack's export, None if there is none.
    """

    def __init__(
        self,
        template: Template,
        parameters: Mapping[str, Any],
        pseudo: Mapping[str, Any],
        ref: Callable[[str, Path], str],
        get_att: Callable[[str, str, Path], Any],
        import_value: Callable[[str], str | None],
    ) -> None:
        self._template = template
        self._parameters = parameters
        self._pseudo = pseudo
        self._ref_of = ref
        self._get_att_of = get_att
        self._import_value = import_value
        self._conditions: dict[str, bool] = {}
        self._open_conditions: list[str] = []
        self._functions: dict[str, Callable[[Any, Path], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": partial(intrinsic_texts.join, self.resolve),
            "Fn::Select": partial(intrinsic_texts.select, self.resolve),
            "Fn::Split": partial(intrinsic_texts.split, self.resolve),
            "Fn::If": self._if,
            "Fn::Equals": self._equals,
            "Fn::And": self._and,
            "Fn::Or": self._or,
            "Fn::Not": self._not,
            "Fn::FindInMap": self._find_in_map,
            "Fn::ImportValue": self._import,
            "Fn::Base64": partial(intrinsic_texts.base64_of, self.resolve),
            "Fn::GetAZs": self._get_azs,
            "Fn::Length": partial(intrinsic_texts.length, self.resolve),
            "Fn::ToJsonString": partial(intrinsic_texts.to_json_string, self.resolve),
        }

    # --- Resolving ---------------------------------------------------------------------------------------------------

    def resolve(self, value: Any, path: Path) -> Any:
        """The plain value of `value`, which stands at `path`; NO_VALUE if it is to be left out.

        Raises:
            TemplateError: With AWS's text where one is known.
        """
        function = self._function_of(value, path)
        if function is not None:
            return self._functions[function](value[function], (*path, function))
        if isinstance(value, dict):
            members = {key: self.resolve(member, (*path, key)) for key, member in value.items()}
            return {key: member for key, member in members.items() if member is not NO_VALUE}
        if isinstance(value, list):
            items = [self.resolve(item, (*path, index)) for index, item in enumerate(value)]
            return [item for item in items if item is not NO_VALUE]
        return value

    def condition(self, name: str, path: Path) -> bool:
        """Whether a condition holds."""
        if name in self._conditions:
            return self._conditions[name]
        declared = self._template.section("Conditions")
        if name not in declared:
            raise TemplateError(f"Template error: unresolved condition dependency {name} in Fn::If", path)
        if name in self._open_conditions:
            cycle = ", ".join(self._open_conditions[self._open_conditions.index(name) :])
            raise TemplateError(f"Template error: Circular dependency between conditions: [{cycle}]", path)
        self._open_conditions.append(name)
        try:
            self._conditions[name] = self._truth(declared[name], ("Conditions", name))
        finally:
            self._open_conditions.pop()
        return self._conditions[name]

    def references(self, value: Any, path: Path) -> Iterator[Reference]:
        """The resources that a value needs; of Fn::If those of the branch that is taken."""
        function = self._function_of(value, path)
        if function == "Ref" and isinstance(value["Ref"], str):
            if not self._is_parameter(value["Ref"]):
                yield Reference(value["Ref"], "", path)
        elif function == "Fn::GetAtt":
            logical_id, attribute = self._get_att_arguments(value[function], (*path, function))
            yield Reference(logical_id, attribute, path)
        elif function == "Fn::If":
            branch, at = self._branch(value[function], (*path, function))
            yield from self.references(branch, at)
        elif function == "Fn::Sub":
            yield from self._sub_references(value[function], (*path, function))
        elif isinstance(value, dict):
            for key, member in value.items():
                yield from self.references(member, (*path, key))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.references(item, (*path, index))

    def _function_of(self, value: Any, path: Path) -> str | None:
        """The name of the function that a value calls."""
        if not isinstance(value, dict):
            return None
        for key in value:
            if key != "Ref" and not key.startswith("Fn::"):
                continue
            if key not in self._functions:
                supported = ", ".join(name for name in self._functions if name != "Ref")
                message = f"Template error: Encountered unsupported function: {key} Supported functions are: "
                hint = did_you_mean(key, self._functions)
                raise TemplateError(f"{message}[{supported}]", (*path, key), hint=hint)
            if len(value) > 1 and key != "Ref":  # "Ref" may be the name of a member, beside others.
                raise TemplateError(f"Template error: {key} must be the only key of its object", (*path, key))
            return key if len(value) == 1 else None
        return None

    def _is_parameter(self, name: str) -> bool:
        return name in self._parameters or name in self._pseudo or name == "AWS::NoValue"

    # --- References --------------------------------------------------------------------------------------------------

    def _ref(self, name: Any, path: Path) -> Any:
        if not isinstance(name, str) or not name:
            raise TemplateError("Template error: every Ref object must have a single String value.", path)
        return self._named(name, path)

    def _named(self, name: str, path: Path) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in self._parameters:
            return self._parameters[name]
        return self._pseudo[name] if name in self._pseudo else self._ref_of(name, path)

    def _get_att(self, arguments: Any, path: Path) -> Any:
        return self._get_att_of(*self._get_att_arguments(arguments, path), path)

    def _get_att_arguments(self, arguments: Any, path: Path) -> tuple[str, str]:
        if isinstance(arguments, str):
            arguments = arguments.split(".", 1)
        if not isinstance(arguments, list) or len(arguments) != 2:
            raise TemplateError(_GET_ATT_TEXT, path)
        logical_id, attribute = arguments
        if isinstance(attribute, dict):
            attribute = self.resolve(attribute, (*path, 1))
        if not (isinstance(logical_id, str) and isinstance(attribute, str) and logical_id and attribute):
            raise TemplateError(_GET_ATT_TEXT, path)
        return logical_id, attribute

    def _sub(self, arguments: Any, path: Path) -> str:
        text, variables = self._sub_arguments(arguments, path)

        def replacement(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in variables:
                value = self.resolve(variables[name], (*path, 1, name))
            elif "." in name and not self._is_parameter(name):
                value = self._get_att(name, path)
            else:
                value = self._named(name, path)
            return text_of(value, path, "Fn::Sub")

        return _SUB_VARIABLE.sub(replacement, text)

    def _sub_arguments(self, arguments: Any, path: Path) -> tuple[str, dict[str, Any]]:
        if isinstance(arguments, str):
            return arguments, {}
        is_pair = isinstance(arguments, list) and len(arguments) == 2
        if not is_pair or not isinstance(arguments[0], str) or not isinstance(arguments[1], dict):
            raise TemplateError(_SUB_TEXT, path)
        return arguments[0], arguments[1]

    def _sub_references(self, arguments: Any, path: Path) -> Iterator[Reference]:
        text, variables = self._sub_arguments(arguments, path)
        for match in _SUB_VARIABLE.finditer(text):
            name = match[1].strip()
            if name.startswith("!") or name in variables or self._is_parameter(name):
                continue
            logical_id, _, attribute = name.partition(".")
            yield Reference(logical_id, attribute, path)
        for name, value in variables.items():
            yield from self.references(value, (*path, 1, name))

    def _import(self, argument: Any, path: Path) -> str:
        name = text_of(self.resolve(argument, path), path, "Fn::ImportValue")
        value = self._import_value(name)
        if value is None:
            raise TemplateError(f"No export named {name} found.", path)
        return value

    def _find_in_map(self, arguments: Any, path: Path) -> Any:
        if not isinstance(arguments, list) or len(arguments) not in (3, 4):
            raise TemplateError(_FIND_IN_MAP_TEXT, path)
        keys = [as_text(self.resolve(argument, (*path, index))) for index, argument in enumerate(arguments[:3])]
        found: Any = self._template.section("Mappings")
        for key in keys:
            if isinstance(found, dict) and key in found:
                found = found[key]
            elif len(arguments) == 4 and isinstance(arguments[3], dict) and "DefaultValue" in arguments[3]:
                return self.resolve(arguments[3]["DefaultValue"], (*path, 3, "DefaultValue"))
            else:
                raise TemplateError(f"Template error: Unable to get mapping for {'::'.join(keys)}", path)
        return found

    def _get_azs(self, argument: Any, path: Path) -> list[str]:
        region = as_text(self.resolve(argument, path)) or self._pseudo["AWS::Region"]
        return [f"{region}{letter}" for letter in "abc"]

    # --- Conditions --------------------------------------------------------------------------------------------------

    def _if(self, arguments: Any, path: Path) -> Any:
        return self.resolve(*self._branch(arguments, path))

    def _branch(self, arguments: Any, path: Path) -> tuple[Any, Path]:
        """What Fn::If gives, unresolved, and where it stands."""
        if not isinstance(arguments, list) or len(arguments) != 3 or not isinstance(arguments[0], str):
            raise TemplateError(_IF_TEXT, path)
        index = 1 if self.condition(arguments[0], path) else 2
        return arguments[index], (*path, index)

    def _truth(self, value: Any, path: Path) -> bool:
        if isinstance(value, dict) and list(value) == ["Condition"] and isinstance(value["Condition"], str):
            return self.condition(value["Condition"], path)
        for reference in self.references(value, path):
            name = reference.logical_id
            message = f"Template error: Unresolved dependencies [{name}]. Cannot reference resources in the Conditions"
            raise TemplateError(f"{message} block of the template", path)
        truth = self.resolve(value, path)
        if isinstance(truth, bool):
            return truth
        if isinstance(truth, str) and truth.lower() in ("true", "false"):
            return truth.lower() == "true"
        message = "Template format error: Conditions can only be boolean operations on parameters and other conditions"
        raise TemplateError(message, path)

    def _equals(self, arguments: Any, path: Path) -> bool:
        if not isinstance(arguments, list) or len(arguments) != 2:
            message = "Template error: every Fn::Equals object requires a list of 2 string parameters."
            raise TemplateError(message, path)
        left, right = (self.resolve(argument, (*path, index)) for index, argument in enumerate(arguments))
        if isinstance(left, (dict, list)) or isinstance(right, (dict, list)):
            return bool(left == right)
        return as_text(left) == as_text(right)

    def _and(self, arguments: Any, path: Path) -> bool:
        return all(self._truths("Fn::And", arguments, path))

    def _or(self, arguments: Any, path: Path) -> bool:
        return any(self._truths("Fn::Or", arguments, path))

    def _not(self, arguments: Any, path: Path) -> bool:
        if not isinstance(arguments, list) or len(arguments) != 1:
            raise TemplateError("Template error: every Fn::Not object requires one boolean parameter.", path)
        return not self._truth(arguments[0], (*path, 0))

    def _truths(self, function: str, arguments: Any, path: Path) -> list[bool]:
        if not isinstance(arguments, list) or not 2 <= len(arguments) <= 10:
            message = f"Template error: every {function} object requires a list of at least 2 and at most 10 boolean"
            raise TemplateError(f"{message} parameters.", path)
        return [self._truth(argument, (*path, index)) for index, argument in enumerate(arguments)]
