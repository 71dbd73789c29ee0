"""The table of CloudFormation's operations."""

from __future__ import annotations

from typing import Any

from localsqs._service import (
    ErrorShape,
    Operation,
    Pages,
    ServiceError,
    ServiceModel,
    Waiter,
    boolean,
    integer,
    list_of,
    string,
    structure,
)

__all__ = ["MODEL"]

_TEXT = string(min=1)
_ARN = string(min=20)
_PARAMETERS = list_of(
    structure(ParameterKey=string(), ParameterValue=string(), UsePreviousValue=boolean(), ResolvedValue=string())
)
_TAGS = list_of(structure("Key Value", Key=_TEXT, Value=_TEXT))
_ROLLBACK = structure(
    RollbackTriggers=list_of(structure("Arn Type", Arn=string(), Type=string())), MonitoringTimeInMinutes=integer()
)
_DEPLOYMENT = structure(Mode=string(), DisableRollback=boolean())


def _pages(member: str) -> Pages:
    return Pages((member,), limit=None)


_OPERATIONS = [
    Operation(
        "CreateStack",
        structure(
            "StackName",
            StackName=string(),
            TemplateBody=_TEXT,
            TemplateURL=_TEXT,
            Parameters=_PARAMETERS,
            DisableRollback=boolean(),
            RollbackConfiguration=_ROLLBACK,
            TimeoutInMinutes=integer(min=1),
            NotificationARNs=list_of(string()),
            Capabilities=list_of(string()),
            ResourceTypes=list_of(_TEXT),
            RoleARN=_ARN,
            OnFailure=string(),
            StackPolicyBody=_TEXT,
            StackPolicyURL=_TEXT,
            Tags=_TAGS,
            ClientRequestToken=_TEXT,
            EnableTerminationProtection=boolean(),
            RetainExceptOnCreate=boolean(),
            DeploymentConfig=_DEPLOYMENT,
            DisableValidation=boolean(),
        ),
    ),
    Operation(
        "UpdateStack",
        structure(
            "StackName",
            StackName=string(),
            TemplateBody=_TEXT,
            TemplateURL=_TEXT,
            UsePreviousTemplate=boolean(),
            StackPolicyDuringUpdateBody=_TEXT,
            StackPolicyDuringUpdateURL=_TEXT,
            Parameters=_PARAMETERS,
            Capabilities=list_of(string()),
            ResourceTypes=list_of(_TEXT),
            RoleARN=_ARN,
            RollbackConfiguration=_ROLLBACK,
            StackPolicyBody=_TEXT,
            StackPolicyURL=_TEXT,
            NotificationARNs=list_of(string()),
            Tags=_TAGS,
            DisableRollback=boolean(),
            ClientRequestToken=_TEXT,
            RetainExceptOnCreate=boolean(),
            DeploymentConfig=_DEPLOYMENT,
            DisableValidation=boolean(),
        ),
    ),
    Operation(
        "DeleteStack",
        structure(
            "StackName",
            StackName=string(),
            RetainResources=list_of(string()),
            RoleARN=_ARN,
            ClientRequestToken=_TEXT,
            DeletionMode=string(),
            DeploymentConfig=_DEPLOYMENT,
        ),
    ),
    Operation("DescribeStacks", structure(StackName=string(), NextToken=_TEXT), _pages("Stacks")),
    Operation("ListStacks", structure(NextToken=_TEXT, StackStatusFilter=list_of(string())), _pages("StackSummaries")),
    Operation(
        "DescribeStackResources",
        structure(StackName=string(), LogicalResourceId=string(), PhysicalResourceId=string()),
    ),
    Operation(
        "DescribeStackResource",
        structure("StackName LogicalResourceId", StackName=string(), LogicalResourceId=string()),
    ),
    Operation(
        "ListStackResources",
        structure("StackName", StackName=string(), NextToken=_TEXT),
        _pages("StackResourceSummaries"),
    ),
    Operation(
        "DescribeStackEvents", structure("StackName", StackName=string(), NextToken=_TEXT), _pages("StackEvents")
    ),
    Operation("GetTemplate", structure(StackName=string(), ChangeSetName=_TEXT, TemplateStage=string())),
    Operation("ValidateTemplate", structure(TemplateBody=_TEXT, TemplateURL=_TEXT)),
    Operation("ListExports", structure(NextToken=_TEXT), _pages("Exports")),
    Operation("ListImports", structure("ExportName", ExportName=string(), NextToken=_TEXT), _pages("Imports")),
]


def _waits_for(status: str) -> Waiter:
    """For a stack to have a status; every other one is final, since nothing here is ever in progress."""

    def state(answer: dict[str, Any] | ServiceError) -> str:
        if isinstance(answer, ServiceError):
            return "failure" if answer.code == "ValidationError" else "error"
        statuses = {stack["StackStatus"] for stack in answer["Stacks"]}
        return "success" if statuses == {status} else "failure"

    return Waiter("DescribeStacks", state, delay=30, max_attempts=120)


def _is_deleted(answer: dict[str, Any] | ServiceError) -> str:
    if isinstance(answer, ServiceError):
        return "success" if answer.code == "ValidationError" else "error"
    statuses = {stack["StackStatus"] for stack in answer["Stacks"]}
    return "success" if statuses <= {"DELETE_COMPLETE"} else "failure"


def _exists(answer: dict[str, Any] | ServiceError) -> str:
    if isinstance(answer, ServiceError):
        return "retry" if answer.code == "ValidationError" else "error"
    return "success"


MODEL = ServiceModel(
    service_name="cloudformation",
    class_name="CloudFormation",
    api_version="2010-05-15",
    operations=_OPERATIONS,
    errors=[
        ErrorShape("AlreadyExistsException", message_member=None),
        ErrorShape("InsufficientCapabilitiesException", message_member=None),
        ErrorShape("LimitExceededException", message_member=None),
        ErrorShape("TokenAlreadyExistsException", message_member=None),
    ],
    waiters={
        "stack_create_complete": _waits_for("CREATE_COMPLETE"),
        "stack_update_complete": _waits_for("UPDATE_COMPLETE"),
        "stack_rollback_complete": _waits_for("UPDATE_ROLLBACK_COMPLETE"),
        "stack_delete_complete": Waiter("DescribeStacks", _is_deleted, delay=30, max_attempts=120),
        "stack_exists": Waiter("DescribeStacks", _exists, delay=5, max_attempts=20),
    },
)
