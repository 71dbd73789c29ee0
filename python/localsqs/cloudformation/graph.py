"""Which resources a template makes, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localsqs.cloudformation.errors import TemplateError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from localsqs.cloudformation.errors import Path
    from localsqs.cloudformation.intrinsics import Resolver
    from localsqs.cloudformation.template import Template

__all__ = ["active_resources", "creation_order", "output_references"]


def active_resources(template: Template, resolver: Resolver) -> dict[str, Any]:
    """The resources whose condition holds, as they stand in the template."""
    return {
        logical_id: resource
        for logical_id, resource in template.resources.items()
        if "Condition" not in resource or _holds(resolver, resource["Condition"], ("Resources", logical_id))
    }


def creation_order(resources: Mapping[str, Any], resolver: Resolver, known: Iterable[str]) -> list[str]:
    """The logical ids so that each comes after what it needs, otherwise as written.

    Args:
        resources: Those to be made.
        known: Names of the template's resources and parameters, for hints.

    Raises:
        TemplateError: If something needs what is not there, or the needs form a circle.
    """
    needs = {logical_id: _needs(logical_id, resources, resolver, known) for logical_id in resources}
    order: dict[str, None] = {}  # As a set that keeps its order.
    while len(order) < len(needs):
        # One at a time: as written, as far as needs allow.
        ready = next((name for name in needs if name not in order and needs[name] <= order.keys()), None)
        if ready is None:
            circle = _circle(needs, set(order))
            message = f"Circular dependency between resources: [{', '.join(circle)}]"
            raise TemplateError(message, ("Resources", circle[0]))
        order[ready] = None
    return list(order)


def output_references(output: Any, name: str, resources: Mapping[str, Any], resolver: Resolver) -> None:
    """Checks that an output needs nothing that is not there."""
    for reference in resolver.references(output.get("Value"), ("Outputs", name, "Value")):
        if reference.logical_id not in resources:
            message = "Template format error: Unresolved resource dependencies"
            hint = did_you_mean(reference.logical_id, resources)
            message = f"{message} [{reference.logical_id}] in the Outputs block of the template"
            raise TemplateError(message, reference.path, hint=hint)


def _holds(resolver: Resolver, condition: str, path: Path) -> bool:
    try:
        return resolver.condition(condition, path)
    except TemplateError as error:
        if "unresolved condition dependency" not in error.message or error.path != path:
            raise
        message = f"Template format error: Unresolved condition dependency [{condition}] in the Resources block"
        raise TemplateError(f"{message} of the template", (*path, "Condition")) from None


def _needs(logical_id: str, resources: Mapping[str, Any], resolver: Resolver, known: Iterable[str]) -> set[str]:
    resource = resources[logical_id]
    path: Path = ("Resources", logical_id)
    depends_on = resource.get("DependsOn", [])
    wanted = [(name, (*path, "DependsOn")) for name in (depends_on if isinstance(depends_on, list) else [depends_on])]
    references = resolver.references(resource.get("Properties", {}), (*path, "Properties"))
    wanted += [(reference.logical_id, reference.path) for reference in references]
    missing = [(name, at) for name, at in wanted if name not in resources]
    # DependsOn of a resource whose condition does not hold has no effect.
    missing = [(name, at) for name, at in missing if not (at[-1] == "DependsOn" and name in known)]
    if missing:
        names = ", ".join(dict.fromkeys(name for name, _ in missing))
        hint = did_you_mean(missing[0][0], [name for name in known if name != logical_id])
        message = f"Template format error: Unresolved resource dependencies [{names}] in the Resources block"
        raise TemplateError(f"{message} of the template", missing[0][1], hint=hint)
    return {name for name, _ in wanted if name in resources}


def _circle(needs: Mapping[str, set[str]], done: set[str]) -> list[str]:
    """A circle among the resources that are not done, in the order in which each needs the next."""
    present = next(logical_id for logical_id in needs if logical_id not in done)
    walked: list[str] = []
    while present not in walked:
        walked.append(present)
        present = next(logical_id for logical_id in needs if logical_id in needs[present] and logical_id not in done)
    return walked[walked.index(present) :]
