"""The stub and the types are those of the C++ structs, and editors and mypy can use them."""

from __future__ import annotations

import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import localsqs
from localsqs import _core, types

ROOT = Path(__file__).resolve().parents[2]


def test_generated_files_are_up_to_date():
    spec = importlib.util.spec_from_file_location("make_stubs", ROOT / "tools" / "make_stubs.py")
    assert spec is not None
    assert spec.loader is not None
    make_stubs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_stubs)
    for path, text in make_stubs.files().items():
        assert path.read_text(encoding="utf-8") == text, "run: python tools/make_stubs.py"


def test_the_stub_names_everything_in_the_module():
    stub = (Path(localsqs.__file__).parent / "_core.pyi").read_text(encoding="utf-8")
    for name in dir(_core):
        if not name.startswith("__"):
            assert f"def {name}(" in stub or f"class {name}" in stub, name
    for method in _core.method_to_operation():
        assert f"    def {method}(" in stub


def test_package_is_typed():
    assert (Path(localsqs.__file__).parent / "py.typed").exists()


def test_types_exist_at_run_time():
    assert types.Message.__annotations__.keys() >= {"Body", "ReceiptHandle", "MessageId"}
    assert types.SendMessageBatchRequestEntry.__required_keys__ == {"Id", "MessageBody"}
    assert "ResponseMetadata" in types.SendMessageResult.__annotations__


def test_signatures_at_run_time_are_those_of_the_shapes(sqs):
    for method, operation in _core.method_to_operation().items():
        members = _core.shapes()[operation]["input"]["members"]
        assert set(inspect.signature(getattr(sqs, method)).parameters) == set(members)


def test_mypy_knows_operations_and_answers(tmp_path):
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text(
        """
import localsqs
sqs = localsqs.client("sqs")
url = sqs.create_queue(QueueName="q")["QueueUrl"]
reveal_type(url)
message = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"][0]
reveal_type(message["Attributes"])
sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "a", "DelaySeconds": 3}])
sqs.send_message(QueueUrl=url, MessageBodi="a")  # wrong
sqs.send_message(QueueUrl=url, MessageBody=1)  # wrong
try:
    pass
except sqs.exceptions.QueueDoesNotExist as error:
    pass
except localsqs.errors.ClientError as error:
    reveal_type(error.response)
""",
        encoding="utf-8",
    )
    package = str(Path(localsqs.__file__).parents[1])
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(program)]
    # mypy finds an installed package by itself, and refuses to be pointed at site-packages.
    env = {"PATH": ""} if "site-packages" in package else {"PATH": "", "MYPYPATH": package}
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env)
    assert 'Revealed type is "str"' in result.stdout
    assert 'Revealed type is "dict[str, str]"' in result.stdout.replace("builtins.", "")
    wrong = {
        line.split(":")[1]
        for line in result.stdout.splitlines()
        if line.startswith("program.py:") and ": error:" in line
    }
    assert wrong == {"9", "10"}, result.stdout
