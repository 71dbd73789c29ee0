"""Templates of CloudFormation and SAM, deployed on an engine.

    stack = deploy(engine, "template.yaml", parameters={"Stage": "dev"})
    stack.output("QueueUrl")
    delete(engine, stack)

`engine.client("cloudformation")` sees the same stacks in boto3's shapes. `localsqs up TEMPLATE` runs one.

A template is read (`reading`), its sections checked (`template`), its parameters (`parameters`), conditions and
functions (`intrinsics`) resolved, its resources put in order (`graph`, `plan`) and made (`stack`, `resources`).
Whatever is wrong is a `TemplateError` with file, line, resource and property.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localsqs.cloudformation.errors import TemplateError, TemplateWarning

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from localsqs.cloudformation.service import CloudFormationService
    from localsqs.cloudformation.stack import Stack
    from localsqs.cloudformation.template import Template
    from localsqs.engine import Engine

__all__ = ["TemplateError", "TemplateWarning", "delete", "deploy"]


def deploy(
    engine: Engine,
    template: str | os.PathLike[str] | Template,
    *,
    stack_name: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    handlers: Mapping[str, Callable[..., Any]] | None = None,
    environment: Mapping[str, str] | None = None,
    endpoint_url: str | None = None,
    processes: bool = False,
    adopts: bool = False,
    region: str | None = None,
    account: str | None = None,
) -> Stack:
    """Creates a stack, or updates the one of this name.

    Args:
        engine: Where.
        template: The path of a template, or one that `localsqs.cloudformation.template.parse` made.
        stack_name: The name of the template's folder if None.
        parameters: By name, for the template's parameters.
        handlers: Handlers of Lambda functions, by logical id or function name, instead of the code that the template
            names.
        environment: Variables that every function has beside its own.
        endpoint_url: The base of queue URLs, `server.endpoint_url`; AWS's if None.
        processes: Runs Python functions in processes of their own, as Lambda does, instead of in this one. Needs
            awslambdaric.
        adopts: Queues that are there already, as in an engine that outlives its process, become the stack's and get its
            attributes; if the stack cannot be made, they stay. Otherwise they are an error, as on AWS.
        region, account: The engine's if None.

    Raises:
        TemplateError: If the template cannot be deployed. Everything is then as it was before.
        OSError: If the template cannot be read.
        ModuleNotFoundError: If reading it needs a package that is not installed, with the command that installs it.
    """
    from localsqs.cloudformation.template import Template, load

    loaded = template if isinstance(template, Template) else load(template)
    service: CloudFormationService = engine._service("cloudformation")
    return service.deploy(
        loaded,
        stack_name or _stack_name(loaded),
        parameters or {},
        region or engine.region,
        account or engine.account,
        handlers=handlers,
        environment=environment,
        endpoint_url=endpoint_url,
        processes=processes,
        adopts=adopts,
    )


def delete(engine: Engine, stack: Stack) -> None:
    """Deletes a stack; what its DeletionPolicy retains stays.

    Raises:
        TemplateError: If something cannot be deleted, or another stack imports one of its exports.
    """
    engine._service("cloudformation").delete(stack)


def _stack_name(template: Template) -> str:
    """Of the folder: letters, digits and hyphens, beginning with a letter."""
    words = "".join(letter if letter.isascii() and letter.isalnum() else " " for letter in template.folder.name).split()
    name = "-".join(words)[:60]
    return name if name[:1].isalpha() else f"stack-{name}".rstrip("-")
