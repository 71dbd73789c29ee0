"""Seeded faults: what Amazon SQS allows itself to do, on demand. All off by default.

    engine.faults.duplicate = 0.01         # one delivery in a hundred is delivered again
    engine.faults.throttle = 0.05          # one call in twenty answers RequestThrottled
    engine.faults.reset()

All chances are drawn from the engine's seed: with the same seed and the same calls, the same things go wrong.
"""

from __future__ import annotations

from typing import Any, overload

from localsqs import _core

__all__ = ["Faults"]


class _Chance:
    """A probability from 0 (never) to 1 (always), kept in the engine."""

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, faults: None, owner: type) -> _Chance: ...
    @overload
    def __get__(self, faults: Faults, owner: type) -> float: ...
    def __get__(self, faults: Faults | None, owner: type) -> _Chance | float:
        if faults is None:
            return self
        chance: float = faults.as_dict()[self._name]
        return chance

    def __set__(self, faults: Faults, chance: float) -> None:
        faults._set(self._name, _checked(self._name, chance, 1.0))


class Faults:
    """`engine.faults`. Set an attribute and the next call feels it.

    Only standard queues: duplicate, reorder, sample, forget_delete. Any queue: throttle, in_flight_max,
    latency_seconds. Only FIFO queues: fifo_quotas.
    """

    def __init__(self, core: _core.Engine) -> None:
        object.__setattr__(self, "_core", core)

    _core: _core.Engine

    duplicate = _Chance("How often a delivered message also stays visible, so that somebody else may get it too.")
    reorder = _Chance("How often a receive takes its messages in another order.")
    sample = _Chance("How often a short poll finds fewer messages than there are, perhaps none.")
    forget_delete = _Chance("How often a delete answers success and the message comes back.")
    throttle = _Chance("How often a call answers RequestThrottled.")

    @property
    def in_flight_max(self) -> int | None:
        """A lower cap on messages in flight: OverLimit from a standard queue, empty answers from a FIFO one."""
        cap: int | None = self.as_dict()["in_flight_max"]
        return cap

    @in_flight_max.setter
    def in_flight_max(self, cap: int | None) -> None:
        if cap is not None and (isinstance(cap, bool) or not isinstance(cap, int)):
            raise TypeError(f"in_flight_max must be an integer or None, not {type(cap).__name__}")
        if cap is not None and not 0 <= cap < 2**31:
            raise ValueError(f"in_flight_max must be from 0 to 2147483647, not {cap}")
        self._set("in_flight_max", cap)

    @property
    def fifo_quotas(self) -> bool:
        """Whether FIFO queues take 300 calls and 3,000 messages a second, and throttle what is more."""
        on: bool = self.as_dict()["fifo_quotas"]
        return on

    @fifo_quotas.setter
    def fifo_quotas(self, on: bool) -> None:
        self._set("fifo_quotas", bool(on))

    @property
    def latency_seconds(self) -> float:
        """How long every call takes on the engine's clock."""
        latency: float = self.as_dict()["latency_seconds"]
        return latency

    @latency_seconds.setter
    def latency_seconds(self, latency: float) -> None:
        self._set("latency_seconds", _checked("latency_seconds", latency, 86_400.0))

    def reset(self) -> None:
        """Switches all faults off."""
        self._core.set_faults(_OFF)

    def as_dict(self) -> dict[str, Any]:
        """All settings by name."""
        return self._core.faults()

    def _set(self, name: str, value: object) -> None:
        self._core.set_faults({name: value})

    def __setattr__(self, name: str, value: object) -> None:
        # A misspelt fault would be switched on without effect.
        if name not in _OFF:
            raise AttributeError(f"no such fault: {name}. There are: {', '.join(_OFF)}")
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        active = ", ".join(f"{name}={value}" for name, value in self.as_dict().items() if value != _OFF[name])
        return f"<Faults: {active or 'none'}>"


_OFF: dict[str, Any] = {
    "duplicate": 0.0,
    "reorder": 0.0,
    "sample": 0.0,
    "forget_delete": 0.0,
    "throttle": 0.0,
    "in_flight_max": None,
    "fifo_quotas": False,
    "latency_seconds": 0.0,
}


def _checked(name: str, value: float, largest: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    if not 0 <= value <= largest:  # NaN is not.
        raise ValueError(f"{name} must be from 0 to {largest:g}, not {value}")
    return float(value)
