"""The HTTP endpoint of an engine: what `Engine.serve` gives back."""

from __future__ import annotations

from localsqs import _core


class Server:
    """An endpoint for any AWS SDK, in C++ threads of this process. A context manager.

    Example:
        >>> import localsqs
        >>> with localsqs.Engine() as engine, engine.serve() as server:
        ...     server.endpoint_url.startswith("http://127.0.0.1:")
        True
    """

    def __init__(self, core: _core.Server) -> None:
        self._core = core

    @property
    def endpoint_url(self) -> str:
        """What to give to an SDK: "http://127.0.0.1:40123"."""
        return self._core.endpoint_url

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._core.port

    def stop(self) -> None:
        """Answers waiting receives empty, closes all connections and ends the threads. Once is enough."""
        self._core.stop()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<localsqs.Server {self.endpoint_url}>"
