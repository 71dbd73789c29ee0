"""SnsService: what `engine.client("sns")` calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localsqs._service import Service
from localsqs.sns.delivery import Deliveries
from localsqs.sns.model import MODEL
from localsqs.sns.publishing import Publishing
from localsqs.sns.subscriptions import Subscriptions
from localsqs.sns.topics import Topics

if TYPE_CHECKING:
    from localsqs.engine import Engine
    from localsqs.sns.topic import Topic

__all__ = ["SnsService"]


class SnsService(Topics, Subscriptions, Publishing, Service):
    """Topics and subscriptions of an engine."""

    model = MODEL

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.topics: dict[str, Topic] = {}  # By ARN.
        self.deliveries = Deliveries(engine)
