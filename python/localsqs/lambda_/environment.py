"""The environment variables of a function (AWS Lambda Developer Guide, "Defined runtime environment variables").

    function_environment(context)              what a handler reads, in this process or in one of its own
    process_environment(context, handler, dir) all that a process of its own is started with
    changed_environment(variables)             os.environ for the length of an import; for invocations see `overlay`

In this process LAMBDA_TASK_ROOT stays unset: Powertools takes it for being on Lambda, and would trace and run
asynchronous batches another way.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from localsqs.lambda_.context import ContextFields

__all__ = ["changed_environment", "function_environment", "process_environment"]

# What a process keeps of ours. Not AWS_*: a function must not work with the user's own profile and credentials.
_INHERITED = (
    "COVERAGE_PROCESS_START",
    "DYLD_LIBRARY_PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "NODE_PATH",
    "PATH",
    "PYTHONPATH",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "VIRTUAL_ENV",
)


def function_environment(context: ContextFields, own: Mapping[str, str] | None = None) -> dict[str, str]:
    """What describes the function, and what Powertools wants to know of it.

    Args:
        context: Of any invocation of the function.
        own: The variables that the function was configured with; they come last, as on Lambda.
    """
    region = context.invoked_function_arn.split(":")[3]
    return {
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_FUNCTION_NAME": context.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": context.function_version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": context.memory_limit_in_mb,
        "AWS_LAMBDA_LOG_GROUP_NAME": context.log_group_name,
        "AWS_LAMBDA_LOG_STREAM_NAME": context.log_stream_name,
        "POWERTOOLS_SERVICE_NAME": context.function_name,
        "POWERTOOLS_TRACE_DISABLED": "true",  # There is no X-Ray daemon to send segments to.
        **(own or {}),
    }


def process_environment(
    context: ContextFields, handler: str, code_dir: Path, runtime: str, own: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The whole environment of a process of its own, but for AWS_LAMBDA_RUNTIME_API.

    Args:
        context: Of any invocation of the function.
        handler: "module.function".
        code_dir: Where the function's code lies.
        runtime: "python" means this one; other names stand as they are.
        own: The variables that the function was configured with.
    """
    # Twelve digits as the access key are the account that calls, on our endpoint.
    account = context.invoked_function_arn.split(":")[4]
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    if runtime == "python":
        runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    python_path = [str(code_dir), *filter(None, [inherited.get("PYTHONPATH")])]
    return {
        **inherited,
        "PYTHONPATH": os.pathsep.join(python_path),
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "localsqs",
        "AWS_SESSION_TOKEN": "localsqs",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "LAMBDA_TASK_ROOT": str(code_dir),
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "TZ": ":UTC",
        "_HANDLER": handler,
        **function_environment(context, own),
    }


@contextmanager
def changed_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """`os.environ` with these variables; afterwards as it was, whatever was done to it meanwhile."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        _restore(before)


def _restore(before: Mapping[str, str]) -> None:
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    for name, value in before.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
