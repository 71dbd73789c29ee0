"""Our tables of services against botocore's own models: members, required ones, types, least lengths and values, pages,
errors. Used by the tests of each service."""

from __future__ import annotations

from typing import Any

import pytest

from localsqs._service import ServiceModel

# What botocore's names of types are in our tables.
_KINDS = {"long": "integer", "float": "double"}


def botocore_model(name: str) -> Any:
    session = pytest.importorskip("botocore.session").get_session()
    return session.get_service_model(name)


def differences(model: ServiceModel, *, subset: bool = False) -> list[str]:
    """Where a table differs from botocore's model, one line each.

    Args:
        subset: Members that we do not have are no difference.
    """
    theirs = botocore_model(model.service_name)
    found = []
    for name in ("service_name", "api_version", "signing_name", "endpoint_prefix"):
        if getattr(model, name) and getattr(model, name) != getattr(theirs, name):
            found.append(f"{name}: {getattr(model, name)}, theirs {getattr(theirs, name)}")
    for operation in model.operations:
        shape = theirs.operation_model(operation.name).input_shape
        if shape is None:
            found += [f"{operation.name}: takes nothing"] if operation.input["members"] else []
        else:
            found += _shape_differences(operation.input, shape, operation.name, subset)
    return found


def _shape_differences(ours: dict[str, Any], theirs: Any, path: str, subset: bool) -> list[str]:
    kind = _KINDS.get(theirs.type_name, theirs.type_name)
    if ours["type"] != kind:
        return [f"{path}: {ours['type']}, theirs {kind}"]
    found = []
    if kind not in ("structure", "map", "timestamp", "boolean", "blob"):
        least = theirs.metadata.get("min")
        if ours.get("min") != least and not (ours.get("min") is None and least == 0):
            found.append(f"{path}: min {ours.get('min')}, theirs {least}")
    if kind == "structure":
        found += _structure_differences(ours, theirs, path, subset)
    elif kind == "list":
        found += _shape_differences(ours["member"], theirs.member, f"{path}[]", subset)
    elif kind == "map":
        found += _shape_differences(ours["key"], theirs.key, f"{path}.key", subset)
        found += _shape_differences(ours["value"], theirs.value, f"{path}.value", subset)
    return found


def _structure_differences(ours: dict[str, Any], theirs: Any, path: str, subset: bool) -> list[str]:
    found = []
    if ours["required"] != theirs.required_members:
        found.append(f"{path}: required {ours['required']}, theirs {theirs.required_members}")
    names = [name for name in theirs.members if name in ours["members"] or not subset]
    if list(ours["members"]) != names:
        found.append(f"{path}: members {list(ours['members'])}, theirs {names}")
    for name, member in ours["members"].items():
        if name in theirs.members:
            found += _shape_differences(member, theirs.members[name], f"{path}.{name}", subset)
    return found


def error_differences(model: ServiceModel) -> list[str]:
    """Where the errors of a table differ from botocore's model."""
    theirs = {shape.name: shape for shape in botocore_model(model.service_name).error_shapes}
    found = []
    for error in model.errors:
        shape = theirs.get(error.shape)
        if shape is None:
            found.append(f"{error.shape}: not theirs")
            continue
        status = shape.metadata.get("error", {}).get("httpStatusCode", 400)
        if (error.wire_code, error.status) != (shape.error_code, status):
            found.append(f"{error.shape}: {error.wire_code} {error.status}, theirs {shape.error_code} {status}")
        if error.message_member is not None and error.message_member not in shape.members:
            found.append(f"{error.shape}: has no member {error.message_member}, but {list(shape.members)}")
    return found


def page_differences(model: ServiceModel) -> list[str]:
    """Where the pages of a table differ from botocore's paginators. Result keys that we do not have may be missing."""
    session = pytest.importorskip("botocore.session").get_session()
    theirs = session.get_paginator_model(model.service_name)._paginator_config
    found = []
    for operation in model.operations:
        config = theirs.get(operation.name)
        if (config is None) != (operation.pages is None):
            found.append(f"{operation.name}: pages {operation.pages}, theirs {config}")
        elif config is not None and operation.pages is not None:
            keys = config["result_key"] if isinstance(config["result_key"], list) else [config["result_key"]]
            ours = operation.pages
            if list(ours.result_keys) != keys[: len(ours.result_keys)]:
                found.append(f"{operation.name}: result keys {ours.result_keys}, theirs {keys}")
            tokens = (ours.token, ours.next_token or ours.token, ours.limit)
            expected = (config["input_token"], config["output_token"], config.get("limit_key"))
            if tokens != expected:
                found.append(f"{operation.name}: tokens {tokens}, theirs {expected}")
    return found
