"""A template: its text read, its sections checked.

template = load("template.yaml")
template.resources["OrdersQueue"]["Type"]       # "AWS::SQS::Queue"
template.line_of(("Resources", "OrdersQueue"))  # 12
"""

from __future__ import annotations

import re
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from localsqs.cloudformation.errors import TemplateError, did_you_mean
from localsqs.cloudformation.reading import Document, read_document

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from localsqs.cloudformation.errors import Path

__all__ = ["Template", "load", "parse"]

_SECTIONS = (
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Globals",  # SAM's; its translator takes it away.
    "Resources",
    "Outputs",
    "Hooks",
)
_RESOURCE_MEMBERS = (
    "Type",
    "Properties",
    "Condition",
    "DependsOn",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
    "CreationPolicy",
    "UpdatePolicy",
    "Connectors",  # SAM's.
    "IgnoreGlobals",  # SAM's.
)
_LOGICAL_ID = re.compile(r"[A-Za-z0-9]+")
_FORMAT_VERSION = "2010-09-09"


class Template:
    """A template whose sections have the right form; what is in the resources is not looked at yet.

    Attributes:
        text: As it was read.
        body: Plain values, intrinsic functions in their long forms.
        file: Its file name for messages, or "".
        folder: Where paths in it start: the folder of its file, or the working directory.
    """

    def __init__(self, text: str, document: Document, file: str = "", folder: FilePath | None = None) -> None:
        self.text = text
        self.body: dict[str, Any] = document.body
        self.file = file
        self.folder = folder if folder is not None else FilePath.cwd()
        self._document = document

    def section(self, name: str) -> dict[str, Any]:
        """A section's members; empty if there is none."""
        members: dict[str, Any] = self.body.get(name) or {}
        return members

    @property
    def resources(self) -> dict[str, Any]:
        return self.section("Resources")

    @property
    def description(self) -> str:
        return str(self.body.get("Description") or "")

    @property
    def transforms(self) -> list[str]:
        """The names of its transforms."""
        declared = self.body.get("Transform") or []
        names = declared if isinstance(declared, list) else [declared]
        return [name if isinstance(name, str) else str(name.get("Name", "")) for name in names]

    def line_of(self, path: Path) -> int | None:
        """The line of a path, or of the nearest part around it."""
        return self._document.line_of(path)

    def locate(self, error: TemplateError) -> TemplateError:
        """The error, with file and line."""
        return error.locate(self.file, self.line_of(error.path))

    def with_body(self, body: dict[str, Any]) -> Template:
        """The same text with another meaning: what a transform made of it."""
        return Template(self.text, Document(body, self._document.lines), self.file, self.folder)


def load(path: str | os.PathLike[str]) -> Template:
    """Reads a template from a file, YAML or JSON.

    Raises:
        OSError: If the file cannot be read.
        TemplateError: If it is no template.
    """
    file = FilePath(path)
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise TemplateError("Template format error: not UTF-8").locate(str(path), None) from None
    return parse(text, file=str(path), folder=file.absolute().parent)


def parse(text: str, *, file: str = "", folder: FilePath | None = None) -> Template:
    """Reads a template from text.

    Args:
        text: YAML or JSON.
        file: Its name in messages.
        folder: Where paths in it start; the working directory if None.

    Raises:
        TemplateError: If it is no template.
    """
    document = Document(None)
    try:
        document = read_document(text)
        template = Template(text, document, file, folder)
        for error in _faults(document.body):
            raise error
    except TemplateError as error:
        raise error.locate(file, document.line_of(error.path)) from None
    return template


# --- The form of the sections ----------------------------------------------------------------------------------------


def _faults(body: Any) -> Iterator[TemplateError]:
    if not isinstance(body, dict):
        yield TemplateError("Template format error: unsupported structure.")
        return
    for name in body:
        if name not in _SECTIONS:
            hint = did_you_mean(name, _SECTIONS)
            yield TemplateError(f"Invalid template property or properties [{name}]", (name,), hint=hint)
    version = body.get("AWSTemplateFormatVersion", _FORMAT_VERSION)
    if version != _FORMAT_VERSION:
        message = "Template format error: Unrecognized template format version"
        yield TemplateError(f"{message}: {version}", ("AWSTemplateFormatVersion",))
    yield from _nulls(body, ())
    if not isinstance(body.get("Description", ""), str):
        yield TemplateError("Template format error: Description must be a string.", ("Description",))
    for name in ("Parameters", "Mappings", "Conditions", "Resources", "Outputs"):
        if not isinstance(body.get(name, {}), dict):
            yield TemplateError(f"Template format error: [/{name}] must be an object", (name,))
    if not body.get("Resources"):
        yield TemplateError("Template format error: At least one Resources member must be defined.")
        return
    for logical_id, resource in body["Resources"].items():
        yield from _resource_faults(logical_id, resource)
    for name, output in body.get("Outputs", {}).items():
        yield from _output_faults(name, output)


def _nulls(value: Any, path: Path) -> Iterator[TemplateError]:
    if value is None and len(path) > 1:
        place = "/".join(str(step) for step in path)
        yield TemplateError(f"[/{place}] 'null' values are not allowed in templates", path)
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _nulls(member, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nulls(item, (*path, index))


def _resource_faults(logical_id: str, resource: Any) -> Iterator[TemplateError]:
    path: Path = ("Resources", logical_id)
    place = f"[/Resources/{logical_id}]"
    if logical_id.startswith("Fn::ForEach"):
        yield TemplateError("Fn::ForEach is not supported by localsqs; write the resources out", path)
    elif not _LOGICAL_ID.fullmatch(logical_id):
        yield TemplateError(f"Template format error: Resource name {logical_id} is non alphanumeric.", path)
    if not isinstance(resource, dict):
        yield TemplateError(f"Template format error: {place} Every Resources member must be an object.", path)
        return
    if not isinstance(resource.get("Type"), str):
        message = f"Template format error: {place} Every Resources object must contain a Type member."
        yield TemplateError(message, path)
    for name in resource:
        if name not in _RESOURCE_MEMBERS:
            hint = did_you_mean(name, _RESOURCE_MEMBERS)
            yield TemplateError(f"Invalid template resource property '{name}'", (*path, name), hint=hint)
    if not isinstance(resource.get("Properties", {}), dict):
        yield TemplateError("Properties must be an object", (*path, "Properties"))
    if not isinstance(resource.get("Condition", ""), str):
        yield TemplateError("Template format error: Every Condition member must be a string.", (*path, "Condition"))
    for name in ("DeletionPolicy", "UpdateReplacePolicy"):
        if resource.get(name, "Delete") not in ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot"):
            message = f"Template error: every {name} must be one of Delete, Retain, RetainExceptOnCreate, Snapshot"
            yield TemplateError(message, (*path, name))
    depends_on = resource.get("DependsOn", [])
    names = depends_on if isinstance(depends_on, list) else [depends_on]
    if not all(isinstance(name, str) for name in names):
        message = "Template format error: DependsOn must be a string or a list of strings"
        yield TemplateError(message, (*path, "DependsOn"))


def _output_faults(name: str, output: Any) -> Iterator[TemplateError]:
    path: Path = ("Outputs", name)
    if not _LOGICAL_ID.fullmatch(name):
        yield TemplateError(f"Template format error: Output name {name} is non alphanumeric.", path)
    if not isinstance(output, dict) or "Value" not in output:
        yield TemplateError("Template format error: Every Outputs member must contain a Value object", path)
        return
    for member in output:
        if member not in ("Value", "Description", "Export", "Condition"):
            yield TemplateError(f"Invalid template output property '{member}'", (*path, member))
    if "Export" in output and (not isinstance(output["Export"], dict) or "Name" not in output["Export"]):
        message = "Template format error: Every Export member of an output must contain a Name"
        yield TemplateError(message, (*path, "Export"))
