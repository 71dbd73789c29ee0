"""What can be wrong with a template, and where.

Exception
 +- ValueError
     +- TemplateError          file, line, resource and property of the mistake
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    # Where in the template: ("Resources", "Orders", "Properties", "VisibilityTimeout").
    Path = tuple[str | int, ...]

__all__ = ["TemplateError", "TemplateWarning", "did_you_mean"]


class TemplateError(ValueError):
    """A template, or what was passed for its parameters, cannot be deployed.

    Attributes:
        message: What is wrong. Where AWS has a text for it, AWS's text to the letter.
        hint: "did you mean VisibilityTimeout?", or "".
        path: Where in the template, ("Resources", "Orders", "Properties", "VisibilityTimeout"); empty if nowhere.
        file: The template's file name, or "template" for text without a name.
        line: Its line, from 1; None if it is not known.
    """

    def __init__(self, message: str, path: Path = (), *, hint: str = "", line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.path = path
        self.file = ""
        self.line = line

    def locate(self, file: str, line: int | None) -> TemplateError:
        """Fills in file and line where they are not known yet."""
        self.file = self.file or file
        if self.line is None:
            self.line = line
        return self

    @property
    def resource(self) -> str:
        """The logical id of the resource, or an empty string."""
        return str(self.path[1]) if len(self.path) > 1 and self.path[0] == "Resources" else ""

    @property
    def property(self) -> str:
        """The property, "VisibilityTimeout" or "Tags.0.Key"; an empty string if it is none."""
        if self.resource and len(self.path) > 3 and self.path[2] == "Properties":
            steps = [str(step) for step in self.path[3:]]
            return ".".join(step for step in steps if step != "Ref" and not step.startswith("Fn::"))
        return ""

    def __str__(self) -> str:
        """template.yaml:12: Orders, VisibilityTimeoutSeconds: no such property ..."""
        place = self.file if self.line is None else f"{self.file or 'template'}:{self.line}"
        subject = ", ".join(part for part in (self.resource, self.property) if part) or "/".join(map(str, self.path))
        said = f"{self.message}; {self.hint}" if self.hint else self.message
        return ": ".join(part for part in (place, subject, said) if part)


class TemplateWarning(UserWarning):
    """Something in a template has no effect here, or not the one that was probably meant."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """ "did you mean VisibilityTimeout?", or nothing if no known name is near."""
    from difflib import get_close_matches

    by_plain = {_plain(candidate): candidate for candidate in known}
    matches = get_close_matches(_plain(name), by_plain, n=1, cutoff=0.7)
    return f"did you mean {by_plain[matches[0]]}?" if matches else ""


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
