"""CloudFormation's API, as far as it is about stacks: `engine.client("cloudformation")`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from localsqs._service import Service, ServiceError, partition
from localsqs.cloudformation.answers import resource_answer, stack_answer, summary_answer
from localsqs.cloudformation.errors import TemplateError
from localsqs.cloudformation.model import MODEL
from localsqs.cloudformation.parameters import as_text, declared
from localsqs.cloudformation.plan import Plan
from localsqs.cloudformation.resources.base import World
from localsqs.cloudformation.stack import Stack
from localsqs.cloudformation.template import Template, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

__all__ = ["CloudFormationService"]

_Params = dict[str, Any]

_DELETED = "DELETE_COMPLETE"
_FAILED_CREATE = ("ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED", "DELETE_FAILED")
_PAGE = 100


class CloudFormationService(Service):
    """The stacks of one engine. Everything is done when a call returns: no state is ever "in progress" to a caller."""

    model = MODEL

    def __init__(self, engine: Any) -> None:
        super().__init__(engine)
        self._stacks: list[Stack] = []  # Deleted ones, too: they can be described by their id.

    # --- For callers in Python ---------------------------------------------------------------------------------------

    def deploy(
        self,
        template: Template,
        stack_name: str,
        parameters: Mapping[str, Any],
        region: str,
        account: str,
        *,
        handlers: Mapping[str, Callable[..., Any]] | None = None,
        environment: Mapping[str, str] | None = None,
        endpoint_url: str | None = None,
        processes: bool = False,
        adopts: bool = False,
    ) -> Stack:
        """Creates the stack, or updates the one of this name. Raises TemplateError, and leaves all as it was."""
        with self.lock:
            try:
                stack = self._find(stack_name, region, account)
                if stack is not None and stack.status in _FAILED_CREATE:
                    self._delete(stack)
                    stack = None
                if stack is None:
                    world = self._world(stack_name, region, account, template)
                    world.handlers, world.environment = handlers or {}, environment or {}
                    world.endpoint_url, world.processes, world.adopts = endpoint_url, processes, adopts
                    stack = self._create(world, template, parameters)
                else:
                    world = self._world_of(stack, template)
                    world.handlers = handlers if handlers is not None else world.handlers
                    self._update(stack, world, template, parameters)
            except TemplateError as error:
                raise template.locate(error) from error.__cause__
            if stack.error is not None:
                raise template.locate(stack.error)
            return stack

    def delete(self, stack: Stack) -> None:
        """Deletes a stack. Raises TemplateError if something of it cannot be deleted."""
        with self.lock:
            self._delete(stack)
            if stack.error is not None:
                raise stack.error

    # --- Operations --------------------------------------------------------------------------------------------------

    def create_stack(self, region: str, account: str, params: _Params) -> dict[str, Any]:
        name = params["StackName"]
        if self._find(name, region, account) is not None:
            raise ServiceError("AlreadyExistsException", f"Stack [{name}] already exists")
        template = self._template(params)
        world = self._world(name, region, account, template)
        on_failure = params.get("OnFailure") or ("DO_NOTHING" if params.get("DisableRollback") else "ROLLBACK")
        with _AsServiceError():
            stack = self._create(world, template, self._parameters(params), on_failure, _stack_options(params))
        return {"StackId": stack.stack_id}

    def update_stack(self, region: str, account: str, params: _Params) -> dict[str, Any]:
        stack = self._existing(params["StackName"], region, account)
        if stack.status in _FAILED_CREATE:
            message = f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
            raise ServiceError("ValidationError", message)
        template = stack.plan.template if params.get("UsePreviousTemplate") else self._template(params)
        options = {**stack.options, **_stack_options(params)}
        with _AsServiceError():
            parameters = self._parameters(params, stack.plan.values)
            changed = self._update(stack, self._world_of(stack, template), template, parameters, options)
        if not changed:
            raise ServiceError("ValidationError", "No updates are to be performed.")
        return {"StackId": stack.stack_id}

    def delete_stack(self, region: str, account: str, params: _Params) -> dict[str, Any]:
        stack = self._find(params["StackName"], region, account)
        if stack is not None:
            if stack.options.get("EnableTerminationProtection"):
                message = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
                raise ServiceError("ValidationError", message)
            self._delete(stack, tuple(params.get("RetainResources", ())))
        return {}

    def describe_stacks(self, region: str, account: str, params: _Params) -> dict[str, Any]:
        if "StackName" in params:
            return {"Stacks": [stack_answer(self._existing(params["StackName"], region, account, deleted=True))]}
        stacks = [stack_answer(stack) for stack in self._all(region, account) if stack.status != _DELETED]
        return _page("Stacks", stacks[::-1], params)

    def list_stacks(self, region: str, account: str, params: _Params) -> dict[str, Any]:
        wanted = params.get("StackStatusFilter")
        stacks = [stack for stack in self._all(region, account) if not wanted or stack.status in wanted]
        return _page("StackSummaries", [summary_answer(stack) for stack in stacks[::-1]], params)

    def describe_stack_resources(self, region: str, account: str, params: _Params) -> dict[str, Any]:
        wanted = params.get("LogicalResourceId")
        if "StackName" in params:
            stacks = [self._existing(params["StackName"], region, account, deleted=True)]
        else:
            stacks = self._stacks_with(params.get("PhysicalResourceId", ""), region, account)
        return {
            "StackResources": [
                resource_answer(stack, logical_id)
                for stack in stacks
                for logical_id in stack.resources
                if wanted in (None, logical_id)
            ]
        }

    def describe_stack_resource(self, region: str, account: str, params: _Params) -> dict[str, Any]:
        stack = self._existing(params["StackName"], region, account, deleted=True)
        logical_id = params["LogicalResourceId"]
        if logical_id not in stack.resources:
            message = f"Resource {logical_id} does not exist for stack {stack.name}"
            raise ServiceError("ValidationError", message)
        return {"StackResourceDetail": resource_answer(stack, logical_id, timestamp="LastUpdatedTimestamp")}

    def list_stack_resources(self, region: str, account: str, params: _Params) -> dict[str, Any]:
        stack = self._existing(params["StackName"], region, account, deleted=True)
        answers = [resource_answer(stack, each, timestamp="LastUpdatedTimestamp") for each in stack.resources]
        for answer in answers:
            del answer["StackName"], answer["StackId"]
        return _page("StackResourceSummaries", answers, params)

    def describe_stack_events(self, region: str, account: str, params: _Params) -> dict[str, Any]:
        stack = self._existing(params["StackName"], region, account, deleted=True)
        events = [
            {
                "StackId": stack.stack_id,
                "EventId": f"{stack.stack_id.rpartition('/')[2]}-{number}",
                "StackName": stack.name,
                "LogicalResourceId": event.logical_id,
                "PhysicalResourceId": event.physical_id,
                "ResourceType": event.type_name,
                "Timestamp": event.at,
                "ResourceStatus": event.status,
                **({"ResourceStatusReason": event.reason} if event.reason else {}),
            }
            for number, event in enumerate(stack.events)
        ]
        return _page("StackEvents", events[::-1], params)

    def get_template(self, region: str, account: str, params: _Params) -> dict[str, Any]:
        import json

        stack = self._existing(params["StackName"], region, account, deleted=True)
        if params.get("TemplateStage") == "Processed":
            body: Any = stack.plan.template.body
        else:
            text = stack.plan.source.text
            body = json.loads(text) if text.lstrip().startswith('{"') else text
        return {"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]}

    def validate_template(self, region: str, account: str, params: _Params) -> dict[str, Any]:
        template = self._template(params)
        with _AsServiceError():
            parameters = declared(template)
            placeholders = {each["ParameterKey"]: each.get("DefaultValue", "") for each in parameters}
            self._check_references(template, placeholders, region, account)
        answer: dict[str, Any] = {"Parameters": parameters}
        if template.description:
            answer["Description"] = template.description
        if template.transforms:
            answer["DeclaredTransforms"] = template.transforms
        return answer

    def list_exports(self, region: str, account: str, params: _Params) -> dict[str, Any]:
        exports = [
            {"ExportingStackId": stack.stack_id, "Name": output.export_name, "Value": output.value}
            for stack in self._all(region, account)
            for output in stack.outputs
            if output.export_name
        ]
        return _page("Exports", sorted(exports, key=lambda export: export["Name"]), params)

    def list_imports(self, region: str, account: str, params: _Params) -> dict[str, Any]:
        users = self._importers(params["ExportName"], region, account)
        if not users:
            message = f"Export '{params['ExportName']}' is not imported by any stack."
            raise ServiceError("ValidationError", message)
        return _page("Imports", [stack.name for stack in users], params)

    # --- Stacks ------------------------------------------------------------------------------------------------------

    def _create(
        self,
        world: World,
        template: Template,
        parameters: Mapping[str, Any],
        on_failure: str = "ROLLBACK",
        options: _Params | None = None,
    ) -> Stack:
        plan = self._plan(world, template, parameters)
        stack = Stack(world.stack_name, world.stack_id, plan, self._now, options or {})
        stack.check_exports = lambda outputs: self._check_exports(stack, outputs)
        self._stacks.append(stack)
        stack.create(on_failure)
        return stack

    def _update(
        self,
        stack: Stack,
        world: World,
        template: Template,
        parameters: Mapping[str, Any],
        options: _Params | None = None,
    ) -> bool:
        """Updates a stack. Returns False if there is nothing to update."""
        plan = self._plan(world, template, parameters)
        is_same = plan.template.body == stack.plan.template.body and plan.values == stack.plan.values
        if is_same and options in (None, stack.options):
            stack.error = None
            return False
        stack.options = options if options is not None else stack.options
        stack.update(plan)
        return True

    def _delete(self, stack: Stack, retain: tuple[str, ...] = ()) -> None:
        for output in stack.outputs:
            users = self._importers(output.export_name, stack.world.region, stack.world.account)
            if output.export_name and users:
                names = ", ".join(user.name for user in users)
                stack.refuse_delete(f"Export {output.export_name} cannot be deleted as it is in use by {names}")
                return
        stack.delete(retain)

    def _plan(self, world: World, template: Template, parameters: Mapping[str, Any]) -> Plan:
        return Plan(template, parameters, world, lambda name: self._export(name, world.region, world.account))

    def _world(self, name: str, region: str, account: str, template: Template) -> World:
        stack_id = f"arn:{partition(region)}:cloudformation:{region}:{account}:stack/{name}/{self.new_uuid()}"
        return World(self.engine, region, account, name, stack_id, template.folder)

    def _world_of(self, stack: Stack, template: Template) -> World:
        return replace(stack.world, folder=template.folder)

    def _check_references(self, template: Template, parameters: Mapping[str, Any], region: str, account: str) -> None:
        """ValidateTemplate knows no parameters: only what holds for any value of theirs is said."""
        try:
            self._plan(self._world("validate", region, account, template), template, parameters)
        except TemplateError as error:
            if error.path[:1] != ("Parameters",):
                raise

    def _check_exports(self, stack: Stack, outputs: list[Any]) -> None:
        for output in outputs:
            for other in self._all(stack.world.region, stack.world.account):
                names = [each.export_name for each in other.outputs] if other is not stack else []
                if output.export_name and output.export_name in names:
                    message = f"Export with name {output.export_name} is already exported by stack {other.name}."
                    raise TemplateError(message, ("Outputs", output.key, "Export"))

    def _export(self, name: str, region: str, account: str) -> str | None:
        for stack in self._all(region, account):
            for output in stack.outputs:
                if output.export_name == name:
                    return str(output.value)
        return None

    def _importers(self, export: str, region: str, account: str) -> list[Stack]:
        live = [stack for stack in self._all(region, account) if stack.status != _DELETED]
        return [stack for stack in live if export in stack.plan.imported]

    def _stacks_with(self, physical_id: str, region: str, account: str) -> list[Stack]:
        for stack in self._all(region, account):
            if any(physical.physical_id == physical_id for physical in stack.resources.values()):
                return [stack]
        raise ServiceError("ValidationError", f"Stack for {physical_id} does not exist")

    def _all(self, region: str, account: str) -> list[Stack]:
        return [stack for stack in self._stacks if (stack.world.region, stack.world.account) == (region, account)]

    def _find(self, name: str, region: str, account: str, *, deleted: bool = False) -> Stack | None:
        """By its name, if it is not deleted, or by its id."""
        for stack in reversed(self._all(region, account)):
            is_gone = stack.status == _DELETED
            if (stack.name == name and not is_gone) or (stack.stack_id == name and (deleted or not is_gone)):
                return stack
        return None

    def _existing(self, name: str, region: str, account: str, *, deleted: bool = False) -> Stack:
        stack = self._find(name, region, account, deleted=deleted)
        if stack is None:
            raise ServiceError("ValidationError", f"Stack with id {name} does not exist")
        return stack

    def _now(self) -> datetime:
        now: datetime = self.engine.clock.now()
        return now

    # --- Parameters of calls -----------------------------------------------------------------------------------------

    def _template(self, params: _Params) -> Template:
        if "TemplateBody" not in params:
            if "TemplateURL" in params:
                raise ServiceError("ValidationError", "localsqs reads no TemplateURL: pass the text as TemplateBody")
            raise ServiceError("ValidationError", "Either Template URL or Template Body must be specified.")
        with _AsServiceError():
            return parse(params["TemplateBody"])

    def _parameters(self, params: _Params, previous: Mapping[str, Any] | None = None) -> dict[str, str]:
        given = {}
        for parameter in params.get("Parameters", []):
            name = parameter["ParameterKey"]
            if parameter.get("UsePreviousValue"):
                if previous is None or name not in previous:
                    raise TemplateError(f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as "
                                        "true for a parameter key not in the previous template")  # fmt: skip
                given[name] = as_text(previous[name])
            else:
                given[name] = parameter.get("ParameterValue", "")
        return given


def _stack_options(params: _Params) -> _Params:
    kept = ("Tags", "Capabilities", "NotificationARNs", "EnableTerminationProtection", "DisableRollback", "RoleARN")
    return {name: params[name] for name in kept if name in params}


def _page(member: str, items: list[Any], params: _Params) -> dict[str, Any]:
    try:
        start = int(params.get("NextToken", "0"))
    except ValueError:
        raise ServiceError("ValidationError", "Invalid NextToken") from None
    answer: dict[str, Any] = {member: items[start : start + _PAGE]}
    if start + _PAGE < len(items):
        answer["NextToken"] = str(start + _PAGE)
    return answer


class _AsServiceError:
    """Errors of a template become ValidationErrors of the API."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, TemplateError):
            raise ServiceError("ValidationError", error.message) from error
        if isinstance(error, ModuleNotFoundError):
            raise ServiceError("ValidationError", str(error)) from error
