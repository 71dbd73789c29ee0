"""Handlers by name: where they are found, what they see when they are imported, and whose modules are whose."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import localsqs
from localsqs.lambda_.handler_loader import HandlerError, LoadedHandler, load_handler


def write(directory: Path, **modules: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in modules.items():
        (directory / f"{name}.py").write_text(text)
    return directory


def test_environment_is_there_during_the_import_and_gone_afterwards(tmp_path: Path) -> None:
    write(
        tmp_path, app="import os\nseen = os.environ['TABLE']\nos.environ['LEFT'] = '1'\ndef handler(e, c): return seen"
    )
    handler = load_handler("app.handler", code_dir=tmp_path, environment={"TABLE": "orders"})
    assert handler({}, None) == "orders"
    assert not {"TABLE", "LEFT"} & os.environ.keys()


def test_two_functions_with_modules_of_the_same_names(tmp_path: Path) -> None:
    for letter in "ab":
        write(
            tmp_path / letter, app="import helper\ndef handler(e, c): return helper.NAME", helper=f"NAME = {letter!r}"
        )
    handlers = [load_handler("app.handler", code_dir=tmp_path / letter) for letter in "ab"]
    assert [handler({}, None) for handler in handlers * 2] == ["a", "b", "a", "b"]
    assert not {"app", "helper"} & sys.modules.keys()
    assert not [entry for entry in sys.path if entry.startswith(str(tmp_path))]


def test_import_inside_the_handler(tmp_path: Path) -> None:
    write(tmp_path, app="def handler(e, c):\n    import late\n    late.N += 1\n    return late.N", late="N = 0")
    handler = load_handler("app.handler", code_dir=tmp_path)
    assert [handler({}, None), handler({}, None)] == [1, 2]
    assert "late" not in sys.modules
    assert isinstance(handler, LoadedHandler)
    assert [file.name for file in handler.files] == ["app.py", "late.py"]


def test_module_of_the_tests_with_the_same_name_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = write(tmp_path / "own", app="NAME = 'ours'")
    monkeypatch.syspath_prepend(own)
    import app  # type: ignore[import-not-found]

    code = write(tmp_path / "code", app="def handler(e, c):\n    import app\n    return app.__file__")
    handler = load_handler("app.handler", code_dir=code)
    assert handler({}, None) == str(code / "app.py")
    assert sys.modules["app"] is app
    del sys.modules["app"]


def test_loading_again_runs_the_present_text(tmp_path: Path) -> None:
    results = []
    for number in range(3):
        write(tmp_path, app=f"def handler(e, c): return {number}")
        results.append(load_handler("app.handler", code_dir=tmp_path)({}, None))
    assert results == [0, 1, 2]
    assert not (tmp_path / "__pycache__").exists()


@pytest.mark.parametrize("name", ["pkg.deep.app.handler", "pkg/deep/app.handler"])
def test_packages_and_slashes(tmp_path: Path, name: str) -> None:
    write(tmp_path / "pkg" / "deep", app="from . import x\ndef handler(e, c): return x.N", x="N = 5", __init__="")
    write(tmp_path / "pkg", __init__="")
    assert load_handler(name, code_dir=tmp_path)({}, None) == 5
    assert not {"pkg", "pkg.deep", "pkg.deep.app"} & sys.modules.keys()


def test_environment_inside_the_directory_is_not_the_functions_own(tmp_path: Path) -> None:
    site = write(tmp_path / ".venv/lib/site-packages", installed="N = 1")
    write(tmp_path, app=f"import sys\nsys.path.append({str(site)!r})\nimport installed\ndef handler(e, c): return 1")
    load_handler("app.handler", code_dir=tmp_path)
    assert sys.modules.pop("installed").N == 1
    sys.path.remove(str(site))


def test_without_a_directory_it_is_a_module_like_any_other() -> None:
    from functions import awkward

    assert load_handler("functions.awkward.echo") is awkward.echo


@pytest.mark.parametrize(
    ("name", "error_type", "message"),
    [
        (
            "missing.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'missing': No module named 'missing'",
        ),
        ("app.missing", "Runtime.HandlerNotFound", "Handler 'missing' missing on module 'app'"),
        ("app.VALUE", "Runtime.HandlerNotFound", "Handler 'VALUE' missing on module 'app'"),
        ("app", "Runtime.MalformedHandlerName", "Bad handler 'app': it must be module.function"),
        (".handler", "Runtime.MalformedHandlerName", "Bad handler '.handler': it must be module.function"),
        ("", "Runtime.MalformedHandlerName", "Bad handler '': it must be module.function"),
        ("garbage.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'garbage': "),
        ("raising.handler", "ZeroDivisionError", "division by zero"),
        (
            "needing.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'needing': No module named 'no_such'",
        ),
        ("exiting.handler", "Runtime.ExitError", "module 'exiting' exited when it was imported"),
    ],
)
def test_errors(tmp_path: Path, name: str, error_type: str, message: str) -> None:
    write(
        tmp_path,
        app="VALUE = 1",
        garbage="def",
        raising="1 / 0",
        needing="import no_such",
        exiting="raise SystemExit(1)",
    )
    with pytest.raises(HandlerError) as caught:
        load_handler(name, code_dir=tmp_path)
    assert caught.value.error_type == error_type
    assert str(caught.value).startswith(message)
    assert str(tmp_path) not in sys.path
    assert not {"app", "garbage", "raising", "needing", "exiting"} & sys.modules.keys()


def test_missing_directory() -> None:
    with pytest.raises(FileNotFoundError):
        load_handler("app.handler", code_dir="/no/such/directory")


# --- Registered by name ----------------------------------------------------------------------------------------------


def test_registered_by_name(engine: localsqs.Engine, tmp_path: Path) -> None:
    write(tmp_path, app="import os\nseen = dict(os.environ)\ndef handler(e, c): return seen")
    function = engine.register_function(
        "orders-fn", "app.handler", code_dir=tmp_path, memory_size=256, environment={"TABLE": "orders"}
    )
    seen = function.invoke({}).payload
    expected = {
        "TABLE": "orders",
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "orders-fn",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "POWERTOOLS_SERVICE_NAME": "orders-fn",
        "POWERTOOLS_TRACE_DISABLED": "true",
    }
    assert {name: seen.get(name) for name in expected} == expected
    assert "LAMBDA_TASK_ROOT" not in seen


def test_sleep_that_was_imported_by_name_passes_engine_time(engine: localsqs.Engine, tmp_path: Path) -> None:
    text = "from asyncio import run, sleep as later\nfrom time import sleep\n"
    write(
        tmp_path,
        app=text
        + "def handler(e, c):\n    sleep(100)\n    run(later(50))\n    return c.get_remaining_time_in_millis()",
    )
    function = engine.register_function("fn", "app.handler", code_dir=tmp_path, timeout=300)
    outcome = function.invoke({})
    assert (outcome.payload, outcome.duration_ms) == (150_000, 150_000)


def test_registering_what_cannot_be_imported(engine: localsqs.Engine) -> None:
    with pytest.raises(HandlerError, match="Unable to import module 'missing'"):
        engine.register_function("fn", "missing.handler")
