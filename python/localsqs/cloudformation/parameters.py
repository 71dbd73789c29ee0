"""A template's parameters: the values passed, or their defaults, checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from localsqs.cloudformation.errors import TemplateError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localsqs.cloudformation.template import Template

__all__ = ["declared", "parameter_values"]

_MEMBERS = (
    "Type",
    "Default",
    "Description",
    "AllowedValues",
    "AllowedPattern",
    "ConstraintDescription",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
    "NoEcho",
)


def parameter_values(template: Template, passed: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each parameter: text, or a list of texts for list types.

    Args:
        passed: By name. Numbers and booleans are taken as text, lists as comma-separated text.

    Raises:
        TemplateError: If one is missing, unknown, or not allowed.
    """
    parameters = template.section("Parameters")
    unknown = [name for name in passed if name not in parameters]
    if unknown:
        hint = did_you_mean(unknown[0], parameters)
        raise TemplateError(f"Parameters: [{', '.join(unknown)}] do not exist in the template", hint=hint)
    for name, parameter in parameters.items():
        _check_declaration(name, parameter)
    missing = [name for name, parameter in parameters.items() if name not in passed and "Default" not in parameter]
    if missing:
        raise TemplateError(f"Parameters: [{', '.join(missing)}] must have values", ("Parameters", missing[0]))
    return {
        name: _value(name, parameter, passed[name] if name in passed else parameter["Default"])
        for name, parameter in parameters.items()
    }


def declared(template: Template) -> list[dict[str, Any]]:
    """The parameters as ValidateTemplate answers them."""
    answer = []
    for name, parameter in template.section("Parameters").items():
        _check_declaration(name, parameter)
        entry: dict[str, Any] = {"ParameterKey": name}
        if "Default" in parameter:
            entry["DefaultValue"] = as_text(parameter["Default"])
        entry["NoEcho"] = _is_true(parameter.get("NoEcho", False))
        if "Description" in parameter:
            entry["Description"] = parameter["Description"]
        answer.append(entry)
    return answer


def as_text(value: Any) -> str:
    """A value as CloudFormation writes it into text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(as_text(item) for item in value)
    return str(value)


def _check_declaration(name: str, parameter: Any) -> None:
    path = ("Parameters", name)
    if not isinstance(parameter, dict) or not isinstance(parameter.get("Type"), str):
        message = "Template format error: Every Parameters object must contain a Type member."
        raise TemplateError(message, path)
    for member in parameter:
        if member not in _MEMBERS:
            hint = did_you_mean(member, _MEMBERS)
            raise TemplateError(f"Invalid template parameter property '{member}'", (*path, member), hint=hint)
    kind = parameter["Type"]
    if kind.startswith("AWS::SSM::Parameter::Value"):
        message = f"the type {kind} needs Systems Manager, which localsqs does not have; pass a String"
        raise TemplateError(message, (*path, "Type"))
    is_plain = kind in ("String", "Number", "CommaDelimitedList", "List<Number>", "List<String>")
    if not is_plain and not re.fullmatch(r"(List<)?AWS::[A-Za-z0-9:]+>?", kind):
        raise TemplateError(f"Template format error: Unrecognized parameter type: {kind}", (*path, "Type"))
    if isinstance(parameter.get("Default"), dict):
        message = "Template format error: Every Default member must be a string."
        raise TemplateError(message, (*path, "Default"))


def _value(name: str, parameter: dict[str, Any], given: Any) -> Any:
    text = as_text(given)
    kind = parameter["Type"]
    is_list = kind == "CommaDelimitedList" or kind.startswith("List<")
    items = [item.strip() for item in text.split(",")] if is_list else [text]
    for item in items if text or not is_list else []:
        fault = _fault(kind, parameter, item)
        if fault:
            raise TemplateError(f"Parameter '{name}' {fault}", ("Parameters", name))
    if is_list:
        return items if text else []
    return text


def _fault(kind: str, parameter: dict[str, Any], text: str) -> str:
    """What keeps a value from being allowed, or nothing."""
    said = parameter.get("ConstraintDescription")
    allowed = parameter.get("AllowedValues")
    if allowed is not None and text not in [as_text(value) for value in allowed]:
        return said or f"must be one of AllowedValues: [{', '.join(as_text(value) for value in allowed)}]"
    pattern = parameter.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(pattern, text):
        return said or f"must match pattern {pattern}"
    if "Number" in kind:
        return _number_fault(parameter, text)
    if len(text) < int(parameter.get("MinLength", 0)):
        return said or f"must contain at least {parameter['MinLength']} characters"
    if len(text) > int(parameter.get("MaxLength", len(text))):
        return said or f"must contain at most {parameter['MaxLength']} characters"
    return ""


def _number_fault(parameter: dict[str, Any], text: str) -> str:
    try:
        number = float(text)
    except ValueError:
        return f"must be a number, not {text!r}"
    if "MinValue" in parameter and number < float(parameter["MinValue"]):
        return f"must be a number not less than {parameter['MinValue']}"
    if "MaxValue" in parameter and number > float(parameter["MaxValue"]):
        return f"must be a number not greater than {parameter['MaxValue']}"
    return ""


def _is_true(value: Any) -> bool:
    return as_text(value).lower() == "true"
