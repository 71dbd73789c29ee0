"""The code of a template's Lambda functions, found on this machine.

    Code: src/                              AWS::Lambda::Function, before `aws cloudformation package`
    CodeUri: src/                           AWS::Serverless::Function
    Code: {ZipFile: "def handler ..."}      in the template itself

Python handlers run in this process, others in processes of their own. Code that lies elsewhere (in S3, in an image) or
is in a language that does not run here is skipped, with a warning.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any

from localsqs.cloudformation.errors import TemplateError
from localsqs.cloudformation.sam import local_path
from localsqs.lambda_.handler_loader import HandlerError, LoadedHandler, load_handler

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from localsqs.lambda_.context import ContextFields
    from localsqs.lambda_.outcome import Outcome
    from localsqs.lambda_.process_runner import ProcessRunner

__all__ = ["LocalHandler", "LocalProcess", "NotRunnable", "code_directory"]

# Powertools keeps metrics and log keys for the process, that is, for the sandbox.
_PRIVATE_PACKAGES = ("aws_lambda_powertools",)
_loading = RLock()
# Folders whose files are not the function's own.
_INSTALLED = frozenset({".git", ".venv", "__pycache__", "node_modules", "site-packages", "venv"})
_INLINE_FILES = {"python": "index.py", "nodejs": "index.js"}
_inline_directories: list[TemporaryDirectory[str]] = []  # Kept until the process ends.


class NotRunnable(Exception):
    """Why a function cannot run here."""


class LocalHandler:
    """A Python handler of a template. Its code can be loaded again when its files have changed.

    As on Lambda, invocations that overlap do not share a module's variables: each has a sandbox of its own, which is
    loaded when it is first needed, and used again by a later invocation. In one process, so what installed packages
    keep is shared, but for Powertools, of which each sandbox has a copy.

    Attributes:
        name: "app.handler".
        directory: Where its code lies.
        error: Why the last reload failed; the code from before then goes on.
    """

    def __init__(self, name: str, directory: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.directory = directory
        self.error: HandlerError | None = None
        self._environment = dict(environment)
        self._lock = Lock()
        self._newest = self._load()
        self._idle = [self._newest]
        self._stamps = _stamps(self.files)

    def __call__(self, event: Any, context: Any) -> Any:
        with self._lock:
            generation = self._newest
            sandbox = self._idle.pop() if self._idle else None
        if sandbox is None:
            sandbox = self._load(own_loggers=True)
        try:
            return sandbox(event, context)
        finally:
            with self._lock:
                if generation is self._newest:  # Otherwise its code is of yesterday.
                    self._idle.append(sandbox)

    @property
    def files(self) -> list[Path]:
        """The source files that were imported from its directory so far."""
        return self._newest.files

    def has_changed(self) -> bool:
        """Whether one of its files is another than when it was loaded. What it imports later is noted, no change."""
        present = _stamps(self.files)
        changed = any(self._stamps.get(file, stamp) != stamp for file, stamp in present.items())
        self._stamps = {**present, **self._stamps}
        return changed

    def reload(self) -> bool:
        """Loads its code again. If that fails, the code from before goes on, and `error` says why.

        Returns:
            Whether the new code is in place.
        """
        try:
            loaded = self._load()
        except HandlerError as error:
            self.error = error
            self._stamps = _stamps(self.files)
            return False
        with self._lock:
            self._newest, self._idle, self.error = loaded, [loaded], None
        self._stamps = _stamps(self.files)
        return True

    def _load(self, *, own_loggers: bool = False) -> LoadedHandler:
        with _loading, _own_loggers() if own_loggers else nullcontext():
            loaded = load_handler(
                self.name, code_dir=self.directory, environment=self._environment, private=_PRIVATE_PACKAGES
            )
        assert isinstance(loaded, LoadedHandler)
        return loaded

    def __repr__(self) -> str:
        return f"<LocalHandler {self.name} in {self.directory}>"


class LocalProcess:
    """A function of a template in processes of its own. A Runner; its processes are replaced when files have changed.

    Attributes:
        name: "app.handler".
        directory: Where its code lies.
        error: None: what is wrong with its code shows when it is invoked.

    Raises:
        ModuleNotFoundError: If awslambdaric is not installed.
        FileNotFoundError: If there is no Node.js.
    """

    def __init__(self, name: str, directory: Path, runtime: str, environment: Mapping[str, str]) -> None:
        self.name = name
        self.directory = directory
        self.error: HandlerError | None = None
        self._runtime = runtime
        self._environment = dict(environment)
        self._runner = self._start()
        self._stamps = _stamps(self.files)

    def invoke(self, event: Any, context: ContextFields) -> Outcome:
        """See Runner."""
        return self._runner.invoke(event, context)

    def close(self) -> None:
        """Ends its processes."""
        self._runner.close()

    @property
    def files(self) -> list[Path]:
        """All source files in its directory, but for what is installed there and what is hidden."""
        suffixes = (".py",) if self._runtime.startswith("python") else (".js", ".mjs", ".cjs", ".json")
        return sorted(
            file
            for file in self.directory.rglob("*")
            if file.suffix in suffixes and not _INSTALLED & set(file.relative_to(self.directory).parts)
        )

    def has_changed(self) -> bool:
        """Whether a file is another than when it was started, is new, or is gone."""
        return _stamps(self.files) != self._stamps

    def reload(self) -> bool:
        """Replaces its processes; an invocation in progress goes on to its end in the old one."""
        self._stamps = _stamps(self.files)
        self._runner = self._start()  # The old one ends its processes when nobody uses it any more.
        return True

    def _start(self) -> ProcessRunner:
        from localsqs.lambda_.process_runner import ProcessRunner

        return ProcessRunner(self.name, code_dir=self.directory, runtime=self._runtime, environment=self._environment)

    def __repr__(self) -> str:
        return f"<LocalProcess {self.name} in {self.directory}>"


@contextmanager
def _own_loggers() -> Iterator[None]:
    """Loggers that are asked for in its block are new ones, below the same root: a second sandbox has its own."""
    before = logging.Logger.manager
    logging.Logger.manager = logging.Manager(logging.root)
    try:
        yield
    finally:
        logging.Logger.manager = before


def _stamps(files: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    """When each file was last written, and its size; zeros for one that is gone."""
    stamps = {}
    for file in files:
        try:
            status = file.stat()
        except OSError:
            stamps[file] = (0, 0)
        else:
            stamps[file] = (status.st_mtime_ns, status.st_size)
    return stamps


def code_directory(code: Any, runtime: str, folder: Path) -> Path:
    """Where the code of a function lies; a directory made for it if it stands in the template.

    Args:
        code: The property Code, resolved.
        runtime: The property Runtime.
        folder: Where paths in the template start.

    Raises:
        TemplateError: If it names a place on this machine that is not there.
        NotRunnable: If it lies elsewhere.
    """
    language = runtime.rstrip("0123456789.x")
    if isinstance(code, dict) and "ZipFile" in code:
        if language not in _INLINE_FILES:
            raise NotRunnable(f"inline code for {runtime} does not run here")
        directory = TemporaryDirectory(prefix="localsqs-function-")
        _inline_directories.append(directory)
        Path(directory.name, _INLINE_FILES[language]).write_text(code["ZipFile"], encoding="utf-8")
        return Path(directory.name)
    path = local_path(code) if isinstance(code, dict) else code
    if not isinstance(path, str) or path.startswith("s3://"):
        raise NotRunnable("its code does not lie on this machine")
    place = (folder / path).resolve()
    if place.is_dir():
        return place
    if place.is_file():
        raise TemplateError(f"{place} is a file; localsqs runs a function's code from its folder")
    raise TemplateError(f"there is no folder {place}")
