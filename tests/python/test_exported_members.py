"""What `localsqs` offers by name."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

import localsqs

MODULES = [
    name
    for _, name, is_package in pkgutil.iter_modules(localsqs.__path__)
    if not name.startswith("_") and not is_package and name not in {"types"}
]


def test_all_is_complete_and_true():
    for name in localsqs.__all__:
        assert getattr(localsqs, name) is not None
    assert set(localsqs.__all__) <= set(dir(localsqs))
    assert localsqs.__all__ == sorted(
        localsqs.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name)
    )


@pytest.mark.parametrize("name", MODULES)
def test_each_public_module_says_what_it_exports(name):
    module = importlib.import_module(f"localsqs.{name}")
    assert module.__doc__
    for member in getattr(module, "__all__", ()):
        assert hasattr(module, member), f"localsqs.{name}.{member}"


@pytest.mark.parametrize("name", [n for n in localsqs.__all__ if not n.startswith("__")])
def test_everything_exported_is_documented(name):
    assert getattr(localsqs, name).__doc__


def test_client_stays_a_function_whatever_is_imported():
    for name in MODULES:
        importlib.import_module(f"localsqs.{name}")
    assert callable(localsqs.client)


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="module 'localsqs' has no attribute 'Clients'"):
        _ = localsqs.Clients


def test_version():
    assert localsqs.__version__
    result = subprocess.run([sys.executable, "-m", "localsqs", "--version"], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == f"localsqs {localsqs.__version__}"


def test_bench_prints_a_table():
    command = [sys.executable, "-m", "localsqs", "bench", "--seconds", "0.01"]
    assert "send_message" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["bench", "--what"]])
def test_commands_that_are_not_understood(arguments):
    run = subprocess.run([sys.executable, "-m", "localsqs", *arguments], capture_output=True, text=True)
    assert run.returncode == 2
    assert "usage: localsqs" in run.stderr


def test_import_loads_only_what_it_needs():
    code = "import sys, localsqs; localsqs.client('sqs'); print(*(m for m in sys.modules if m.startswith('localsqs')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) == {
        "localsqs",
        "localsqs._core",
        "localsqs.clock",
        "localsqs.engine",
        "localsqs.errors",
        "localsqs.sqs_client",
    }
