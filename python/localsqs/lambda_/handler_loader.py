"""Imports handlers by name, as Lambda does: "module.function", found in a directory or on Python's own path.

    handler = load_handler("orders.handler", code_dir="src", environment={"TABLE": "orders"})
    handler(event, context)

The module is imported with the function's environment in place, its output caught and `time.sleep` in the engine's
hands: libraries such as Powertools read names and take hold of `sys.stdout` when a module is imported, and handlers do
`from time import sleep`.

With `code_dir` the function's modules are its own: two functions may both be called `app` in directories of their own,
as SAM projects have it, and loading one again runs its present text. They are in `sys.modules` while the handler runs.
Without `code_dir` the module is imported as any other, once; what this process has imported before keeps the
environment that it saw then.
"""

from __future__ import annotations

import importlib
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from threading import RLock, get_ident
from typing import TYPE_CHECKING, Any

from localsqs.lambda_ import sleeping
from localsqs.lambda_.capture import Capture
from localsqs.lambda_.environment import changed_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from types import ModuleType

__all__ = ["HandlerError", "LoadedHandler", "load_handler"]


# Held while `sys.modules` is rearranged, and during an import: on a SystemClock invocations begin and end meanwhile.
_modules_lock = RLock()


class HandlerError(Exception):
    """A handler that cannot be imported. `__cause__` is why, with its traceback.

    Attributes:
        error_type: Lambda's word for it: "Runtime.ImportModuleError", "Runtime.HandlerNotFound",
            "Runtime.UserCodeSyntaxError", "Runtime.MalformedHandlerName", or the class of what the module raised.
    """

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


class LoadedHandler:
    """A handler with modules of its own. Called with (event, context).

    Attributes:
        name: "module.function".
        code_dir: Where it was found.
    """

    def __init__(self, name: str, code_dir: Path, function: Callable[[Any, Any], Any], modules: _Modules) -> None:
        self.name = name
        self.code_dir = code_dir
        self._function = function
        self._modules = modules

    def __call__(self, event: Any, context: Any) -> Any:
        with self._modules.present():
            return self._function(event, context)

    @property
    def files(self) -> list[Path]:
        """The source files so far imported from `code_dir`, sorted: when one changes, load the handler again."""
        files = (getattr(module, "__file__", None) for module in self._modules.own.values())
        return sorted(Path(file) for file in files if file and self.code_dir in Path(file).parents)

    def __repr__(self) -> str:
        return f"<LoadedHandler {self.name} in {self.code_dir}>"


def load_handler(
    name: str,
    *,
    code_dir: str | os.PathLike[str] | None = None,
    environment: Mapping[str, str] | None = None,
    private: Collection[str] = (),
) -> Callable[[Any, Any], Any]:
    """The handler with this name.

    Args:
        name: "module.function", "package.module.function" or "directory/module.function".
        code_dir: Where to find it; Python's own path if None.
        environment: Variables that are in place during the import; afterwards `os.environ` is as before.
        private: With `code_dir`: installed packages of which the handler gets a copy of its own, since they keep
            something for the whole process.

    Returns:
        The function itself, or with `code_dir` a LoadedHandler.

    Raises:
        HandlerError: If it cannot be imported.
        FileNotFoundError: If there is no such directory.
    """
    module_name, dot, function_name = name.replace("/", ".").rpartition(".")
    if not dot or not module_name:
        raise HandlerError("Runtime.MalformedHandlerName", f"Bad handler {name!r}: it must be module.function")
    with _modules_lock, changed_environment(environment or {}), Capture(), _sleep_of_handlers():
        if code_dir is None:
            return _function_of(_import(module_name), module_name, function_name)
        directory = Path(code_dir).resolve(strict=True)
        modules = _Modules(directory, private)
        with modules.present(), _no_bytecode():
            function = _function_of(_import(module_name), module_name, function_name)
        return LoadedHandler(name, directory, function, modules)


def _import(module_name: str) -> ModuleType:
    importlib.invalidate_caches()
    try:
        return importlib.import_module(module_name)
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise HandlerError("Runtime.ImportModuleError", message) from error
    except SyntaxError as error:
        message = f"Syntax error in module '{module_name}': {error}"
        raise HandlerError("Runtime.UserCodeSyntaxError", message) from error
    except SystemExit as error:
        raise HandlerError("Runtime.ExitError", f"module '{module_name}' exited when it was imported") from error
    except Exception as error:
        raise HandlerError(type(error).__name__, str(error)) from error


def _function_of(module: ModuleType, module_name: str, function_name: str) -> Callable[[Any, Any], Any]:
    function = getattr(module, function_name, None)
    if not callable(function):
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        raise HandlerError("Runtime.HandlerNotFound", message)
    found: Callable[[Any, Any], Any] = function
    return found


@contextmanager
def _sleep_of_handlers() -> Iterator[None]:
    """What the module takes from `time` is the sleep of handlers; while it is imported itself, it sleeps really."""
    sleeping.patch.install()
    of_invocation = sleeping.sleeps.pop(get_ident(), None)
    try:
        yield
    finally:
        if of_invocation is not None:
            sleeping.sleeps[get_ident()] = of_invocation
        sleeping.patch.remove()


@contextmanager
def _no_bytecode() -> Iterator[None]:
    """No __pycache__ in the user's directory; and a file changed twice within a second is compiled twice."""
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


class _Modules:
    """The modules of one function: in `sys.modules` only while it runs.

    Several may be present at a time, where invocations overlap: then the last one's are seen. When the last has gone,
    all is as it was before the first.
    """

    def __init__(self, directory: Path, private: Collection[str]) -> None:
        self.own: dict[str, ModuleType] = {}
        self._hidden: set[str] = set()  # Names that are taken out while the function is imported.
        self._directory = str(directory)
        self._private = frozenset(private)

    @contextmanager
    def present(self) -> Iterator[None]:
        with _modules_lock:
            if self.own:
                self._put_in()
            else:
                self._make_room()
            _present.append(self)
            sys.path.insert(0, self._directory)
            before = len(sys.modules)
        try:
            yield
        finally:
            with _modules_lock:
                if len(sys.modules) > before:
                    self._adopt(list(sys.modules.items())[before:])  # They are in the order of import.
                if self._directory in sys.path:
                    sys.path.remove(self._directory)
                _present.remove(self)
                self._take_out()

    def _make_room(self) -> None:
        """Takes out what has the names of modules here, but for the standard library and what is installed."""
        here = {path.stem for path in Path(self._directory).iterdir() if _is_module(path)} - sys.stdlib_module_names
        for name, module in list(sys.modules.items()):
            package = name.partition(".")[0]
            if package in self._private or (package in here and "site-packages" not in _place(module)):
                _outside.setdefault(name, module)
                self._hidden.add(name)
                del sys.modules[name]

    def _put_in(self) -> None:
        for name, module in self.own.items():
            if name not in _outside:
                _outside[name] = sys.modules.get(name)
            sys.modules[name] = module

    def _adopt(self, imported: list[tuple[str, ModuleType]]) -> None:
        """Takes for its own what lies in the directory, and not in an environment that lies there."""
        for name, module in imported:
            place = _place(module)
            inside = place.startswith(self._directory + os.sep)
            is_private = name.partition(".")[0] in self._private
            if is_private or (inside and "site-packages" not in place[len(self._directory) :]):
                self.own.setdefault(name, module)

    def _take_out(self) -> None:
        for name in [*self.own, *(self._hidden - self.own.keys())]:
            other = next((modules for modules in reversed(_present) if name in modules.own), None)
            if other is not None:
                sys.modules[name] = other.own[name]
                continue
            outside = _outside.pop(name, None)
            if outside is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = outside
        self._hidden.clear()


_present: list[_Modules] = []  # Those of the invocations and imports in progress.
_outside: dict[str, ModuleType | None] = {}  # What `sys.modules` holds without them, of the names that they have.


def _is_module(path: Path) -> bool:
    return path.suffix == ".py" or (path / "__init__.py").exists()


def _place(module: ModuleType) -> str:
    """Where it came from; "" for one that came from no file."""
    places = [getattr(module, "__file__", None), *(getattr(module, "__path__", None) or ())]
    return next((place for place in places if isinstance(place, str)), "")
