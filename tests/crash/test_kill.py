"""Kill -9 at random moments: a short run. `make crash` is the long one, with 100 kills."""

from __future__ import annotations

import driver
import pytest


# A killed process loses nothing that it had given to the system, whenever that is synced.
@pytest.mark.parametrize(
    ("durability", "memory_limit", "kills"),
    [("commit", None, 6), ("commit", "4K", 4), ("interval", None, 3), ("os", "4K", 3)],
)
def test_what_was_acknowledged_survives_kills(tmp_path, durability, memory_limit, kills):
    outcome = driver.run(tmp_path / "queues.db", kills, seed=20261128, durability=durability, memory_limit=memory_limit)
    assert outcome.faults == []
    assert outcome.kills == len(outcome.verdicts) == kills
    assert outcome.acknowledged > 100 * kills
    assert outcome.tasks > 0
