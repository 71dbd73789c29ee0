"""The native client: boto3's SQS client on an engine, without boto3.

    sqs = localsqs.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="42")["MessageId"]

The 23 operations come from the C++ module, with boto3's keyword names and answers (`ResponseMetadata` included);
`help(sqs.send_message)` and editors know their keywords. This class adds what else a boto3 client has.

(The module is not called `client`: `localsqs.client` is the function that makes one.)
"""

from __future__ import annotations

from localsqs import _core, errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from localsqs.engine import Engine
    from localsqs.paginate import Paginator

__all__ = ["SQS", "ClientMeta", "ServiceModel"]


class SQS(_core.Client):
    """An Amazon SQS client on an engine. Thread-safe. Made by `Engine.client("sqs")`.

    Attributes:
        exceptions: The error classes: `except sqs.exceptions.QueueDoesNotExist`.
        meta: What a boto3 client says of itself: region_name, endpoint_url, service_model, ...
        waiter_names: Empty: Amazon SQS has no waiters.
    """

    exceptions = errors.exceptions
    waiter_names: list[str] = []  # noqa: RUF012  # Never changed; boto3 has a list.

    def __init__(self, engine: Engine, region_name: str, account: str, endpoint_url: str = "") -> None:
        super().__init__(engine._core, region_name, account, endpoint_url)
        self.meta = ClientMeta(region_name, endpoint_url)

    def can_paginate(self, operation_name: str) -> bool:
        """Whether `get_paginator` has one for a method, by its Python name.

        Raises:
            KeyError: If there is no such method.
        """
        from localsqs.paginate import PAGES

        return self.meta.method_to_api_mapping[operation_name] in PAGES

    def get_paginator(self, operation_name: str) -> Paginator:
        """A paginator of "list_queues" or "list_dead_letter_source_queues".

        Raises:
            KeyError: If there is no such method.
            OperationNotPageableError: If the method has no pages.
        """
        from localsqs.paginate import PAGES, Paginator

        if not self.can_paginate(operation_name):
            raise errors.OperationNotPageableError(operation_name=operation_name)
        operation = self.meta.method_to_api_mapping[operation_name]
        return Paginator(getattr(self, operation_name), PAGES[operation])

    def get_waiter(self, waiter_name: str) -> NoReturn:
        """Amazon SQS has no waiters.

        Raises:
            ValueError: Always, in boto3's words.
        """
        raise ValueError(f"Waiter does not exist: {waiter_name}")

    def generate_presigned_url(
        self,
        ClientMethod: str,
        Params: dict[str, Any] | None = None,
        ExpiresIn: int = 3600,
        HttpMethod: str | None = None,
    ) -> NoReturn:
        """An engine in the process has no address to sign a URL for.

        Raises:
            UnknownClientMethodError: If there is no such method, as in boto3.
            NotImplementedError: Otherwise.
        """
        if ClientMethod not in self.meta.method_to_api_mapping:
            raise errors.UnknownClientMethodError(method_name=ClientMethod)
        raise NotImplementedError("localsqs has no presigned URLs: this client answers in the process, without HTTP")

    def close(self) -> None:
        """Does nothing: there are no connections. The engine has a `close` of its own."""

    def __repr__(self) -> str:
        return f"<localsqs.SQS: {self.meta.endpoint_url}>"


class WatchedSQS(SQS):
    """The same on a manual clock, where a loop of receives that do not wait is stopped. See localsqs._poll_watch."""

    def __init__(self, engine: Engine, region_name: str, account: str, endpoint_url: str = "") -> None:
        super().__init__(engine, region_name, account, endpoint_url)
        self._watch = engine._poll_watch

    if not TYPE_CHECKING:  # Checkers and editors know the keywords of the one it calls.

        def receive_message(self, *args, **kwargs):
            answer = super().receive_message(*args, **kwargs)
            if "Messages" not in answer:
                self._watch.saw_nothing()
            return answer

        receive_message.__doc__ = _core.Client.receive_message.__doc__
        receive_message.__wrapped__ = _core.Client.receive_message  # help() shows its keywords.


class ServiceModel:
    """The part of botocore's service model that programs look at."""

    service_name = "sqs"
    service_id = "SQS"
    signing_name = "sqs"
    endpoint_prefix = "sqs"
    api_version = "2012-11-05"

    @property
    def operation_names(self) -> list[str]:
        """The 23 operations: "AddPermission", ..."""
        return list(_core.method_to_operation().values())


class ClientMeta:
    """`client.meta`.

    Attributes:
        region_name: "us-east-1".
        endpoint_url: The address that a boto3 client would use; nothing is sent there.
        method_to_api_mapping: {"send_message": "SendMessage", ...}
        partition: "aws", "aws-cn" or "aws-us-gov".
        service_model: See ServiceModel.
    """

    service_model = ServiceModel()

    def __init__(self, region_name: str, endpoint_url: str) -> None:
        self.region_name = region_name
        self.endpoint_url = endpoint_url or f"https://sqs.{region_name}.amazonaws.com"

    @property
    def method_to_api_mapping(self) -> dict[str, str]:
        return _core.method_to_operation()

    @property
    def partition(self) -> str:
        if self.region_name.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region_name.startswith("us-gov-") else "aws"
