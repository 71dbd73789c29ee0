"""What runners are given, for tests that call one directly."""

from __future__ import annotations

import uuid
from typing import Any

from localsqs.lambda_.context import ContextFields

START_NS = 1_767_225_600_000_000_000  # 2026-01-01


def context_fields(timeout_s: float = 30, memory: int = 512, **changes: Any) -> ContextFields:
    fields: dict[str, Any] = {
        "function_name": "orders-fn",
        "function_version": "$LATEST",
        "invoked_function_arn": "arn:aws:lambda:eu-west-1:123456789012:function:orders-fn",
        "memory_limit_in_mb": str(memory),
        "aws_request_id": str(uuid.uuid4()),
        "log_group_name": "/aws/lambda/orders-fn",
        "log_stream_name": "2026/01/01/[$LATEST]" + "0" * 32,
        "deadline_ns": START_NS + int(timeout_s * 1e9),
        "timeout_s": timeout_s,
    }
    return ContextFields(**{**fields, **changes})
