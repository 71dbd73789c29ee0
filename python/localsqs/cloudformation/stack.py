"""A stack: what was made of a template, and how it is changed and taken away."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from localsqs import errors
from localsqs._service import ServiceError
from localsqs.cloudformation import resources
from localsqs.cloudformation.errors import TemplateError
from localsqs.cloudformation.plan import Output, Plan
from localsqs.cloudformation.resources.base import Physical, World, located

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from localsqs.cloudformation.errors import Path
    from localsqs.lambda_.mapping import Mapping as Mapping_

__all__ = ["Event", "Stack"]


@dataclass(frozen=True)
class Event:
    """Something that happened to a stack or to one of its resources."""

    at: datetime
    logical_id: str
    physical_id: str
    type_name: str
    status: str
    reason: str = ""


@dataclass
class Stack:
    """A stack.

    Attributes:
        plan: What it was last made from.
        status: "CREATE_COMPLETE", ...
        resources: By logical id, in the order in which they were made.
        outputs: As `Output`; `output("QueueUrl")` gives the value of one.
        events: Oldest first.
        error: Why the last operation failed; None if it did not.
        check_exports: Raises if another stack exports one of these names.
    """

    name: str
    stack_id: str
    plan: Plan
    now: Callable[[], datetime]
    options: dict[str, Any] = field(default_factory=dict)
    status: str = "CREATE_IN_PROGRESS"
    reason: str = ""
    resources: dict[str, Physical] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    error: TemplateError | None = None
    check_exports: Callable[[list[Output]], None] = field(default=lambda outputs: None, repr=False)

    def output(self, key: str) -> str:
        """The value of an output. KeyError if there is none of this name."""
        return {output.key: output.value for output in self.outputs}[key]

    @property
    def world(self) -> World:
        return self.plan.world

    def mapping(self, logical_id: str) -> Mapping_:
        """An event source mapping of the stack: `stack.mapping("OrdersMapping").invocations`. KeyError if there is
        none of this name, or its function is skipped."""
        mapping: Mapping_ = self.world.engine._service("lambda").mappings[self.resources[logical_id].physical_id]
        return mapping

    # --- Create ------------------------------------------------------------------------------------------------------

    def create(self, on_failure: str = "ROLLBACK") -> None:
        """Makes everything. What fails is kept in `error`; what was made before goes again, unless on_failure says
        DO_NOTHING."""
        self.created_at = self.now()
        self._tell_stack("CREATE_IN_PROGRESS", "User Initiated")
        try:
            for logical_id in self.plan.order:
                self._create(self.plan, logical_id, 0)
            self.outputs = self._outputs(self.plan)
        except TemplateError as error:
            self._failed(self.plan, error)
            self._undo_create(on_failure)
            return
        except BaseException as error:  # Ctrl-C, a warning that is an error, a mistake of ours.
            self.error = TemplateError(repr(error))
            self._undo_create("ROLLBACK")
            raise
        self._tell_stack("CREATE_COMPLETE")

    def _undo_create(self, on_failure: str) -> None:
        assert self.error is not None
        if on_failure == "DO_NOTHING":
            self._tell_stack("CREATE_FAILED", self.error.message)
            return
        deletes = on_failure == "DELETE"
        in_progress = "DELETE_IN_PROGRESS" if deletes else "ROLLBACK_IN_PROGRESS"
        self._tell_stack(in_progress, self.error.message)
        try:
            self._delete_all(
                lambda logical_id: (
                    self.resources[logical_id].is_adopted or self.plan.policy(logical_id, "DeletionPolicy") == "Retain"
                )
            )
        except TemplateError as second:
            self._tell_stack("DELETE_FAILED" if deletes else "ROLLBACK_FAILED", second.message)
            return
        self._tell_stack("DELETE_COMPLETE" if deletes else "ROLLBACK_COMPLETE", self.error.message)
        if deletes:
            self.deleted_at = self.now()

    def _create(self, plan: Plan, logical_id: str, generation: int) -> Physical:
        type_name = plan.resources[logical_id]["Type"]
        self._tell(logical_id, "", type_name, "CREATE_IN_PROGRESS")
        with _Located(logical_id, plan.resources[logical_id].get("Properties", {})):
            properties = plan.properties(logical_id)
            physical = plan.type_of(logical_id).create(plan.world, logical_id, properties, generation)
        plan.made[logical_id] = self.resources[logical_id] = physical
        self._tell(logical_id, physical.physical_id, type_name, "CREATE_COMPLETE")
        return physical

    # --- Update ------------------------------------------------------------------------------------------------------

    def update(self, plan: Plan) -> None:
        """Makes, changes and deletes what differs. After a failure everything is as before, and `error` says why."""
        before, self.error = dict(self.resources), None
        self.updated_at = self.now()
        self._tell_stack("UPDATE_IN_PROGRESS", "User Initiated")
        undo: list[Callable[[], None]] = []
        try:
            for logical_id in plan.order:
                self._update(plan, logical_id, before.get(logical_id), undo)
            outputs = self._outputs(plan)
        except TemplateError as error:
            self._failed(plan, error)
            self._roll_back(before, undo)
            return
        except BaseException as error:
            self.error = TemplateError(repr(error))
            self._roll_back(before, undo)
            raise
        self._tell_stack("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        self._clean_up(plan, before)
        self.outputs, self.plan = outputs, plan
        self.resources = {logical_id: self.resources[logical_id] for logical_id in plan.order}
        self._tell_stack("UPDATE_COMPLETE")

    def _update(self, plan: Plan, logical_id: str, old: Physical | None, undo: list[Callable[[], None]]) -> None:
        if old is None:
            made = self._create(plan, logical_id, 0)
            if not made.is_adopted:
                undo.append(lambda: plan.type_of(logical_id).delete(plan.world, made))
            return
        kind = plan.type_of(logical_id)
        with _Located(logical_id):
            if kind.type_name != old.type_name:
                raise TemplateError(
                    f"Update of resource type is not permitted. The new template modifies resource type of the "
                    f"following resources: [{logical_id}]",
                    ("Resources", logical_id, "Type"),
                )
            properties = plan.properties(logical_id)
            if properties == old.properties:
                plan.made[logical_id] = old
                return
        if kind.is_replaced(old.properties, properties):
            made = self._create(plan, logical_id, old.generation + 1)
            undo.append(lambda: kind.delete(plan.world, made))
            return
        self._tell(logical_id, old.physical_id, old.type_name, "UPDATE_IN_PROGRESS")
        with _Located(logical_id, properties):
            changed = kind.update(plan.world, old, properties)
        undo.append(lambda: _ignore(kind.update(plan.world, changed, old.properties)))
        plan.made[logical_id] = self.resources[logical_id] = changed
        self._tell(logical_id, changed.physical_id, old.type_name, "UPDATE_COMPLETE")

    def _roll_back(self, before: dict[str, Physical], undo: list[Callable[[], None]]) -> None:
        assert self.error is not None
        self._tell_stack("UPDATE_ROLLBACK_IN_PROGRESS", self.error.message)
        for step in reversed(undo):
            try:
                step()
            except _REFUSALS as second:
                self._tell_stack("UPDATE_ROLLBACK_FAILED", str(second))
                return
        self.resources = before
        self._tell_stack("UPDATE_ROLLBACK_COMPLETE", self.error.message)

    def _clean_up(self, plan: Plan, before: dict[str, Physical]) -> None:
        """Deletes what is no longer in the template, and what was replaced."""
        for logical_id, old in reversed(before.items()):
            is_gone = logical_id not in plan.resources
            if not is_gone and self.resources[logical_id].physical_id == old.physical_id:
                continue
            policy = "DeletionPolicy" if is_gone else "UpdateReplacePolicy"
            try:
                self._delete(old, keep=self.plan.policy(logical_id, policy).startswith("Retain"))
            except _REFUSALS as error:  # The update is done all the same, as on AWS.
                self._tell(logical_id, old.physical_id, old.type_name, "DELETE_FAILED", str(error))
            if is_gone:
                del self.resources[logical_id]

    # --- Delete ------------------------------------------------------------------------------------------------------

    def delete(self, retain: tuple[str, ...] = ()) -> None:
        """Deletes everything but what its DeletionPolicy retains. What fails is kept in `error`."""
        self.error = None
        self._tell_stack("DELETE_IN_PROGRESS", "User Initiated")

        def keeps(logical_id: str) -> bool:
            return logical_id in retain or self.plan.policy(logical_id, "DeletionPolicy").startswith("Retain")

        try:
            self._delete_all(keeps)
        except TemplateError as error:
            self.error = error
            self._tell_stack("DELETE_FAILED", error.message)
            return
        self.outputs = []
        self.deleted_at = self.now()
        self._tell_stack("DELETE_COMPLETE")

    def refuse_delete(self, reason: str) -> None:
        """The stack cannot be deleted."""
        self.error = TemplateError(reason)
        self._tell_stack("DELETE_IN_PROGRESS", "User Initiated")
        self._tell_stack("DELETE_FAILED", reason)

    def _delete_all(self, keeps: Callable[[str], bool]) -> None:
        for logical_id in reversed(list(self.resources)):
            with _Located(logical_id):
                self._delete(self.resources[logical_id], keep=keeps(logical_id))
            del self.resources[logical_id]

    def _delete(self, physical: Physical, *, keep: bool) -> None:
        about = (physical.logical_id, physical.physical_id, physical.type_name)
        if keep:
            self._tell(*about, "DELETE_SKIPPED")
            return
        self._tell(*about, "DELETE_IN_PROGRESS")
        resources.resource_type(physical.type_name).delete(self.world, physical)
        self._tell(*about, "DELETE_COMPLETE")

    # --- Helpers -----------------------------------------------------------------------------------------------------

    def _outputs(self, plan: Plan) -> list[Output]:
        outputs = plan.output_values()
        self.check_exports(outputs)
        return outputs

    def _failed(self, plan: Plan, error: TemplateError) -> None:
        self.error = plan.template.locate(error)
        if error.resource:
            resource = plan.resources[error.resource]
            physical = self.resources.get(error.resource)
            verb = "UPDATE_FAILED" if physical else "CREATE_FAILED"
            physical_id = physical.physical_id if physical else ""
            self._tell(error.resource, physical_id, resource["Type"], verb, _reason(error))

    def _tell(self, logical_id: str, physical_id: str, type_name: str, status: str, reason: str = "") -> None:
        self.events.append(Event(self.now(), logical_id, physical_id, type_name, status, reason))

    def _tell_stack(self, status: str, reason: str = "") -> None:
        self.status = status
        self.reason = "" if reason == "User Initiated" else reason
        self._tell(self.name, self.stack_id, "AWS::CloudFormation::Stack", status, reason)


def _reason(error: TemplateError) -> str:
    said = f"{error.message}; {error.hint}" if error.hint else error.message
    return f"{error.property}: {said}" if error.property else said


def _ignore(result: object) -> None:
    """For a callback that returns nothing."""


_REFUSALS = (errors.ClientError, errors.ParamValidationError, ServiceError, OSError, ValueError)


class _Located:
    """What a service says against a resource is a TemplateError that names the resource."""

    def __init__(self, logical_id: str, properties: Iterable[str] = ()) -> None:
        self._path: Path = ("Resources", logical_id)
        self._properties = properties

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, _REFUSALS) and not isinstance(error, TemplateError):
            raise located(error, self._path, self._properties) from error
