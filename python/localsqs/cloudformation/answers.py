"""Stacks and their parts as CloudFormation's API answers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localsqs.cloudformation.parameters import as_text

if TYPE_CHECKING:
    from localsqs.cloudformation.plan import Output
    from localsqs.cloudformation.stack import Stack

__all__ = ["output_answer", "resource_answer", "stack_answer", "summary_answer"]


def stack_answer(stack: Stack) -> dict[str, Any]:
    """A member of DescribeStacks' Stacks."""
    answer = _common(stack)
    template = stack.plan.template
    parameters = template.section("Parameters")
    if template.description:
        answer["Description"] = template.description
    answer["DisableRollback"] = bool(stack.options.get("DisableRollback", False))
    answer["RollbackConfiguration"] = {}
    answer["NotificationARNs"] = list(stack.options.get("NotificationARNs", []))
    answer["Capabilities"] = list(stack.options.get("Capabilities", []))
    answer["Tags"] = list(stack.options.get("Tags", []))
    answer["EnableTerminationProtection"] = bool(stack.options.get("EnableTerminationProtection", False))
    if parameters:
        answer["Parameters"] = [
            {"ParameterKey": name, "ParameterValue": _shown(parameters[name], value)}
            for name, value in stack.plan.values.items()
        ]
    if stack.outputs:
        answer["Outputs"] = [output_answer(output) for output in stack.outputs]
    return answer


def summary_answer(stack: Stack) -> dict[str, Any]:
    """A member of ListStacks' StackSummaries."""
    answer = _common(stack)
    if stack.plan.template.description:
        answer["TemplateDescription"] = stack.plan.template.description
    return answer


def output_answer(output: Output) -> dict[str, Any]:
    answer = {"OutputKey": output.key, "OutputValue": output.value}
    if output.description:
        answer["Description"] = output.description
    if output.export_name:
        answer["ExportName"] = output.export_name
    return answer


def resource_answer(stack: Stack, logical_id: str, timestamp: str = "Timestamp") -> dict[str, Any]:
    """A resource as it stands after its last event."""
    physical = stack.resources[logical_id]
    last = next(event for event in reversed(stack.events) if event.logical_id == logical_id)
    answer = {
        "StackName": stack.name,
        "StackId": stack.stack_id,
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": physical.physical_id,
        "ResourceType": physical.type_name,
        timestamp: last.at,
        "ResourceStatus": last.status,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
    }
    if last.reason:
        answer["ResourceStatusReason"] = last.reason
    return answer


def _common(stack: Stack) -> dict[str, Any]:
    answer: dict[str, Any] = {"StackId": stack.stack_id, "StackName": stack.name, "CreationTime": stack.created_at}
    if stack.updated_at is not None:
        answer["LastUpdatedTime"] = stack.updated_at
    if stack.deleted_at is not None:
        answer["DeletionTime"] = stack.deleted_at
    answer["StackStatus"] = stack.status
    if stack.reason:
        answer["StackStatusReason"] = stack.reason
    answer["DriftInformation"] = {"StackDriftStatus": "NOT_CHECKED"}
    return answer


def _shown(parameter: dict[str, Any], value: Any) -> str:
    return "****" if as_text(parameter.get("NoEcho", "")).lower() == "true" else as_text(value)
