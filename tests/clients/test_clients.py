"""Real SDKs and what people run on them, each end to end against `localsqs serve`."""

from __future__ import annotations

from pathlib import Path

import pytest
from clients import CLIENTS, RUN_SECONDS_MAX, Client, Failed, run


@pytest.mark.parametrize("client", [pytest.param(client, id=client.name) for client in CLIENTS])
def test_client(client: Client, endpoint: str, tmp_path: Path) -> None:
    lacking = client.lacking()
    if lacking:
        pytest.skip(lacking)
    try:
        client.build()
        said = run(client.command(endpoint, tmp_path), RUN_SECONDS_MAX)
    except Failed as failed:
        pytest.fail(f"{client.name}: {failed}", pytrace=False)
    assert "ok " in said
