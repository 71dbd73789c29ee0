"""Kills a durable server with -9 at random moments under load, and audits it after each restart.

    PYTHONPATH=tests/python python tests/crash/driver.py --kills 100 --seed 7 --durability commit      (make crash)

Prints a line a kill. The exit status is 0 if nothing was lost, nothing came back, and nothing else was wrong.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from audit import Verdict, audit
from http_wire import Wire
from ledger import Ledger
from load import Client, make_queues, start_workers
from serving import serving_process

WORKERS = 6
# A kill comes after that many acknowledged calls at most: sometimes before the first, mostly in the midst.
CALLS_MAX = 3000
# And before that, sometimes, one while the server starts and recovers.
KILLED_AT_START = 0.2


@dataclass
class Outcome:
    """Of a whole run."""

    kills: int = 0
    killed_at_start: int = 0
    acknowledged: int = 0
    tasks: int = 0
    with_journal: int = 0  # Kills that left commits in the journal.
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return [
            f"kill {number}: {kind} {text}"
            for number, verdict in enumerate(self.verdicts, 1)
            for kind in ("lost", "resurrected", "wrong")
            for text in getattr(verdict, kind)
        ]


def server_command(path: Path, durability: str, memory_limit: str | None, program: str | None) -> list[str]:
    """The server without Python if it is there: it starts quicker, so that more of the time is load."""
    beside_python = str(Path(sys.executable).parent)
    binary = program or shutil.which("localsqs-server", path=beside_python) or shutil.which("localsqs-server")
    start = [binary] if binary else [sys.executable, "-m", "localsqs", "serve"]
    limit = [] if memory_limit is None else ["--memory-limit", memory_limit]
    return [*start, "--port", "0", "--db", str(path), "--durability", durability, *limit]


def run(
    path: Path,
    kills: int,
    seed: int,
    durability: str = "commit",
    memory_limit: str | None = None,
    program: str | None = None,
    say: bool = False,
) -> Outcome:
    """Args: the file of the store; how many kills under load; the seed of load and moments; the server's options."""
    chance = random.Random(seed)
    ledger = Ledger()
    outcome = Outcome()
    command = server_command(path, durability, memory_limit, program)
    for kill in range(kills):
        if chance.random() < KILLED_AT_START:
            kill_at_start(command, chance)
            outcome.killed_at_start += 1
        with serving_process(command) as (process, port):
            started = time.monotonic()
            if kill > 0:
                outcome.verdicts.append(audit_once(port, ledger, chance))
            load_until_killed(process, port, ledger, chance, kill)
            outcome.kills += 1
        outcome.with_journal += journal_rows(path) > 0
        if say:
            report(kill, ledger, outcome, time.monotonic() - started)
    with serving_process(command) as (_, port):
        outcome.verdicts.append(audit_once(port, ledger, chance))
    outcome.acknowledged = ledger.acknowledged
    outcome.tasks = ledger.tasks_started
    return outcome


def kill_at_start(command: list[str], chance: random.Random) -> None:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            process.wait(timeout=chance.uniform(0, 0.03))
        except subprocess.TimeoutExpired:
            process.kill()


def journal_rows(path: Path) -> int:
    """In a copy: who opens the file itself recovers its log."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-wal"):
            shutil.copy(f"{path}{suffix}", folder)
        with closing(sqlite3.connect(Path(folder) / path.name)) as db:
            rows: int = db.execute("SELECT count(*) FROM journal").fetchone()[0]
            return rows


def audit_once(port: int, ledger: Ledger, chance: random.Random) -> Verdict:
    with Wire(port) as wire:
        return audit(Client(wire, ledger), chance)


def load_until_killed(
    process: subprocess.Popen[str], port: int, ledger: Ledger, chance: random.Random, kill: int
) -> None:
    with Wire(port) as wire:
        make_queues(Client(wire, ledger))
    goal = ledger.acknowledged + chance.randrange(CALLS_MAX)
    threads = start_workers(WORKERS, kill, port, ledger, chance)
    while ledger.acknowledged < goal and all(thread.is_alive() for thread in threads):
        time.sleep(0.001)  # Real time: the server is another process.
    alive = process.poll() is None
    process.kill()
    for thread in threads:
        thread.join()
    assert alive, f"the server ended by itself: {process.returncode}"


def report(kill: int, ledger: Ledger, outcome: Outcome, seconds: float) -> None:
    last = outcome.verdicts[-1] if outcome.verdicts else Verdict()
    print(
        f"kill {kill + 1:3d}: {ledger.acknowledged:7d} calls acknowledged, {last.messages:6d} messages after the last"
        f" restart, {len(last.lost)} lost, {len(last.resurrected)} resurrected, {len(last.wrong)} wrong"
        f" ({seconds:.1f} s)",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--durability", choices=["commit", "interval", "os"], default="commit")
    parser.add_argument("--memory-limit", metavar="SIZE", help="of the server: bodies beyond it are in the file only")
    parser.add_argument("--program", metavar="FILE", help="the server, localsqs-server if there is one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(
            Path(folder) / "queues.db",
            options.kills,
            options.seed,
            options.durability,
            options.memory_limit,
            options.program,
            say=True,
        )
    lost = sum(len(verdict.lost) for verdict in outcome.verdicts)
    resurrected = sum(len(verdict.resurrected) for verdict in outcome.verdicts)
    wrong = sum(len(verdict.wrong) for verdict in outcome.verdicts)
    print(*outcome.faults[:50], sep="\n")
    print(
        f"{outcome.kills} kills under load, {outcome.killed_at_start} more at a start; {outcome.acknowledged:,} calls"
        f" acknowledged, {outcome.tasks} move tasks among them; {outcome.with_journal} left some in the journal;"
        f" {lost} lost, {resurrected} resurrected, {wrong} wrong"
        f" (seed {options.seed}, durability {options.durability}, memory limit {options.memory_limit})"
    )
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
