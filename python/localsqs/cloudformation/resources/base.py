"""What every resource type has in common."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from localsqs import errors
from localsqs.cloudformation.errors import TemplateError
from localsqs.cloudformation.schema import Schema, check_names, typed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path as FilePath

    from localsqs.cloudformation.errors import Path
    from localsqs.cloudformation.intrinsics import Resolver
    from localsqs.engine import Engine

__all__ = ["Physical", "ResourceType", "World", "physical_name"]


@dataclass
class Physical:
    """A resource that was made.

    Attributes:
        physical_id: What Ref gives, and DescribeStackResources answers.
        attributes: What Fn::GetAtt gives, by name.
        properties: As they were when it was made or last changed: resolved and typed.
        generation: How often the resource was replaced; part of the name it gets when the template names none.
        is_adopted: Whether it was there before the stack. Then it stays when making the stack fails.
    """

    logical_id: str
    type_name: str
    physical_id: str
    attributes: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    generation: int = 0
    is_adopted: bool = False


@dataclass
class World:
    """Where a stack is made.

    Attributes:
        engine, region, account: Whose resources it makes.
        stack_name, stack_id: The stack's.
        folder: Where paths in the template start.
        handlers: Handlers for functions, by logical id or function name, instead of the code that the template names.
        adopts: Whether a queue that is there already becomes the stack's.
        environment: Variables that every function has beside its own.
        endpoint_url: The base of queue URLs; AWS's if None.
        processes: Whether Python functions run in processes of their own.
        skipped_functions: Names of functions that cannot run here, and so were not made.
    """

    engine: Engine
    region: str
    account: str
    stack_name: str
    stack_id: str
    folder: FilePath
    handlers: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    adopts: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    endpoint_url: str | None = None
    processes: bool = False
    skipped_functions: set[str] = field(default_factory=set)

    def client(self, service: str) -> Any:
        """A client of a service in the stack's region and account."""
        base = self.endpoint_url if service == "sqs" else None
        made: Any = self.engine.client(
            service,  # type: ignore[call-overload]
            region_name=self.region,
            aws_account_id=self.account,
            endpoint_url=base,
        )
        return made

    @property
    def partition(self) -> str:
        from localsqs._service import partition

        return partition(self.region)

    def arn(self, service: str, resource: str, *, with_region: bool = True) -> str:
        """arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE"""
        region = self.region if with_region else ""
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"


class ResourceType:
    """A type of resource. Subclasses say what it has and what making it means.

    Attributes:
        type_name: "AWS::SQS::Queue".
        schema: Its properties.
        attributes: What Fn::GetAtt gives.
    """

    type_name: str
    schema: ClassVar[Schema]
    attributes: tuple[str, ...] = ()

    def properties(self, given: Mapping[str, Any], path: Path, resolver: Resolver) -> dict[str, Any]:
        """The properties of a resource in a template, resolved and typed.

        Args:
            given: As they stand in the template.
            path: Where they stand.

        Raises:
            TemplateError: If one is unknown, missing, or of another type.
        """
        check_names(given, self.schema, path)
        values = {}
        for name, value in given.items():
            prop = self.schema[name]
            if prop.ignored:
                continue
            at = (*path, name)
            resolved = resolver.resolve({name: value}, path)
            if name in resolved:
                values[name] = typed(resolved[name], prop, at)
        check_names(values, {name: prop for name, prop in self.schema.items() if not prop.ignored}, path)
        return values

    def create(self, world: World, logical_id: str, properties: dict[str, Any], generation: int) -> Physical:
        """Makes the resource. Raises errors of the services."""
        raise NotImplementedError

    def update(self, world: World, physical: Physical, properties: dict[str, Any]) -> Physical:
        """Changes the resource where it stands, to properties none of which replaces it."""
        raise NotImplementedError

    def delete(self, world: World, physical: Physical) -> None:
        """Deletes the resource. One that is gone already is no error."""
        raise NotImplementedError

    def is_replaced(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Whether a change from old to new properties makes a new resource."""
        return any(prop.replaces and old.get(name) != new.get(name) for name, prop in self.schema.items())


def physical_name(world: World, logical_id: str, generation: int, *, longest: int = 80, suffix: str = "") -> str:
    """STACK-LOGICALID-RANDOM, where the random part is a hash, so that runs repeat."""
    seed = f"{world.account}/{world.region}/{world.stack_name}/{logical_id}/{generation}"
    digest = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:10], "big")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    random = "".join(letters[digest // 36**place % 36] for place in range(12))
    room = longest - len(random) - len(suffix) - 1
    stem = f"{world.stack_name}-{logical_id}"
    if len(stem) > room:
        half = room // 2
        stem = f"{world.stack_name[: room - 1 - min(len(logical_id), half)]}-{logical_id[:half]}"
    return f"{stem}-{random}{suffix}"


def gone_is_fine(call: Callable[..., Any], *codes: str, **arguments: Any) -> None:
    """Calls an operation that deletes; errors that say that there is nothing to delete are none."""
    try:
        call(**arguments)
    except errors.ClientError as error:
        said = error.response["Error"]
        if not {said.get("Code"), said.get("QueryErrorCode")} & set(codes):
            raise


def located(error: Exception, path: Path, properties: Iterable[str]) -> TemplateError:
    """An error of a service as one of the template: of the property that its text names, if it names one."""
    response = getattr(error, "response", None)
    message = response["Error"]["Message"] if response else getattr(error, "message", "") or str(error)
    found = [(match.start(), name) for name in properties if (match := _word(name).search(message))]
    return TemplateError(message, (*path, "Properties", min(found)[1]) if found else path)


def _word(name: str) -> re.Pattern[str]:
    """The name as a word, its first letter large or small."""
    return re.compile(rf"(?<![A-Za-z])[{name[0]}{name[0].lower()}]{re.escape(name[1:])}(?![A-Za-z])")
