"""SAM templates: aws-sam-translator makes plain CloudFormation of them, offline.

It is fed with what our reader made of the text, since its own reader has all the traps of YAML 1.1. Local code
(`CodeUri: src/`) is handed through in the form that it wants, s3://localsqs-local/src/, and found again in the result.
"""

from __future__ import annotations

import copy
import logging
import warnings
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from localsqs.cloudformation.errors import TemplateError
from localsqs.cloudformation.parameters import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localsqs.cloudformation.resources.base import World
    from localsqs.cloudformation.template import Template

__all__ = ["LOCAL_BUCKET", "local_path", "transformed"]

SAM = "AWS::Serverless-2016-10-31"
LOCAL_BUCKET = "localsqs-local"

_UNDERSTOOD = (SAM, "AWS::LanguageExtensions")  # The latter's functions are among our intrinsics.
_CODE_PROPERTIES = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}

_SAM_MISSING = (
    "this is a SAM template; it needs aws-sam-translator, which is not installed: pip install 'localsqs[sam]'"
)


def transformed(template: Template, parameters: Mapping[str, Any], world: World) -> Template:
    """The template in plain CloudFormation; itself if it is that already.

    Raises:
        TemplateError: If SAM refuses it, or it names another transform.
        ModuleNotFoundError: If it needs aws-sam-translator and that is missing.
    """
    for name in template.transforms:
        if name not in _UNDERSTOOD:
            raise TemplateError(f"the transform {name} is not supported by localsqs", ("Transform",))
    if SAM not in template.transforms:
        serverless = [name for name, each in template.resources.items() if each["Type"].startswith("AWS::Serverless::")]
        if serverless:
            message = f"needs the line `Transform: {SAM}` in the template"
            raise TemplateError(message, ("Resources", serverless[0], "Type"))
        return template
    body = copy.deepcopy(template.body)
    _hand_through_local_code(body)
    texts = {name: as_text(value) for name, value in parameters.items()}
    return template.with_body(_translate(body, texts, world.region))


def local_path(code: Mapping[str, Any]) -> str | None:
    """The local path that a function's Code stands for; None if it stands for something else."""
    return unquote(code["S3Key"]) if code.get("S3Bucket") == LOCAL_BUCKET else None


def _hand_through_local_code(body: dict[str, Any]) -> None:
    shared = body.get("Globals", {}).get("Function", {})
    _mark(shared, "CodeUri")
    for resource in body["Resources"].values():
        name = _CODE_PROPERTIES.get(resource["Type"])
        if name is None:
            continue
        properties = resource.setdefault("Properties", {})
        if name == "CodeUri" and not {"CodeUri", "InlineCode", "ImageUri"} & {*properties, *shared}:
            properties["CodeUri"] = "."
        _mark(properties, name)


def _mark(properties: dict[str, Any], name: str) -> None:
    path = properties.get(name)
    if isinstance(path, str) and not path.startswith("s3://"):
        properties[name] = f"s3://{LOCAL_BUCKET}/{quote(path, safe='')}"


def _translate(body: dict[str, Any], parameters: dict[str, str], region: str) -> dict[str, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Its libraries deprecate this and that; nobody here can mend it.
            from boto3.session import Session
            from samtranslator.model.exceptions import InvalidDocumentException
            from samtranslator.parser.parser import Parser
            from samtranslator.translator.arn_generator import ArnGenerator
            from samtranslator.translator.translator import Translator
    except ModuleNotFoundError:
        raise ModuleNotFoundError(_SAM_MISSING, name="samtranslator") from None
    logging.getLogger("samtranslator.metrics").setLevel(logging.ERROR)  # It misses metrics that nobody collects.
    names = list(body["Resources"])
    before = ArnGenerator.BOTO_SESSION_REGION_NAME
    try:
        translator = Translator(None, Parser(), boto_session=Session(region_name=region))
        result = translator.translate(body, parameters, get_managed_policy_map=_ManagedPolicies)
    except InvalidDocumentException as error:
        raise _first_cause(error, names) from None
    finally:
        ArnGenerator.BOTO_SESSION_REGION_NAME = before
    plain: dict[str, Any] = result
    return plain


def _first_cause(error: Any, names: list[str]) -> TemplateError:
    """The first complaint, at the resource whose name it begins with: that of an event is Function + Event."""
    cause = error.causes[0] if error.causes else error
    culprit = getattr(cause, "_logical_id", "") or ""
    near = max((name for name in names if str(culprit).startswith(name)), key=len, default="")
    return TemplateError(f"Transform {SAM} failed with: {cause.message}", ("Resources", near) if near else ())


class _ManagedPolicies(dict[str, str]):
    """The ARNs of AWS's managed policies, without asking IAM: nothing here looks at policies of roles."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str)

    def __getitem__(self, name: str) -> str:
        return f"arn:aws:iam::aws:policy/{name}"

    def get(self, name: str, default: Any = None) -> Any:
        return self[name]
