"""`localsqs.mock()` and aiobotocore, aioboto3: each wants a botocore of its own, so each has an environment.

The scenarios are in aio_scenarios.py, which runs once in each environment.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import localsqs

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).with_name("aio_scenarios.py")
ENVIRONMENTS = ["python", "python-aioboto3"]  # aiobotocore, the newest; and aioboto3 with the one that it wants.


def scenarios() -> list[str]:
    """The coroutines of the program without arguments. It cannot be imported here: there may be no aiobotocore."""
    tree = ast.parse(PROGRAM.read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.AsyncFunctionDef)]
    return [function.name for function in functions if not function.args.args]


def runs_as_here(python: Path) -> bool:
    """Whether it can import the module that is installed here."""
    tag = "import sys; print(sys.implementation.cache_tag, sys.abiflags)"
    there = subprocess.run([python, "-c", tag], capture_output=True, text=True, check=True).stdout.strip()
    return there == f"{sys.implementation.cache_tag} {sys.abiflags}".strip()


@functools.cache
def results(environment: str) -> dict[str, str]:
    python = ROOT / "build" / "clients" / environment / "bin" / "python"
    if not python.exists():
        pytest.skip(f"no build/clients/{environment}, which tools/setup.sh clients makes")
    if not runs_as_here(python):
        pytest.skip(f"build/clients/{environment} is of another Python than these tests")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    with tempfile.TemporaryDirectory() as folder:
        # The package alone: its neighbours are this interpreter's botocore.
        (Path(folder) / "localsqs").symlink_to(Path(localsqs.__file__).parent, target_is_directory=True)
        variables |= {"PYTHONPATH": folder, "HOME": folder, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [python, PROGRAM], env=variables, capture_output=True, text=True, timeout=300, check=False
        )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("scenario", scenarios())
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_scenario(environment, scenario):
    failure = results(environment)[scenario]
    assert not failure, failure
