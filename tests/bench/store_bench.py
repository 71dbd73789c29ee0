"""What durability costs: the endpoint with --db beside the same in memory and the disk's own sync, in one run.

    python tests/bench/store_bench.py [--seconds 1] [--rounds 15] [--folder FOLDER] [--program build/bench/store_bench]

The servers take turns, so that whatever else the machine does hits all; a ratio is taken within its round, and the
median of the rounds counts. FOLDER is on the disk to be measured. With the
program of cpp/bench/store_bench.cc the store alone is measured too, against a bare append and fdatasync, and the load
of 1,000,000 waiting messages of 256 bytes; with --through 10000000 also the file that so many messages leave
behind (about ten minutes).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from endpoint_servers import Missing, Running, binary_command, free_port, load_generator, process

ROOT = Path(__file__).resolve().parents[2]
# A SendMessage of 256 bytes as a log would keep it.
RECORD_BYTES = 400
MODES = ("memory", "os", "interval", "commit")


def sync_us(folder: Path, seconds: float) -> float:
    """Median time of an append of RECORD_BYTES and its fdatasync."""
    times = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            begun = time.perf_counter()
            os.write(file.fileno(), b"x" * RECORD_BYTES)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begun) * 1e6)
    return statistics.median(times)


@contextmanager
def server(mode: str, folder: Path, out: Path) -> Iterator[Running]:
    port = free_port()
    command = binary_command(port, out)
    if mode != "memory":
        command += ["--db", str(folder / f"{mode}.db"), "--durability", mode]
    with process(command, port, core=None) as running:
        yield running


def mixed(generator: Path, running: Running, connections: int, seconds: float) -> dict[str, float]:
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as lines:
        options = {
            "url": running.url,
            "c": connections,
            "d": f"{seconds}s",
            "warm": f"{seconds / 4}s",
            "runs": 1,
            "out": lines.name,
        }
        command = [str(generator), *(f"-{name}={value}" for name, value in options.items()), "mixed"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        row = json.loads(Path(lines.name).read_text().splitlines()[-1])
    if row["errs"]:
        raise RuntimeError(f"{row['errs']} errors: {row.get('err_text')}")
    return {"req_s": row["req_s"], "p50_us": row["p50_us"]}


def measure(folder: Path, out: Path, seconds: float, rounds: int) -> str:
    generator = load_generator(out)
    syncs: list[float] = []
    found: dict[tuple[str, int], list[dict[str, float]]] = {}
    with ExitStack() as stack:
        running = {mode: stack.enter_context(server(mode, folder, out)) for mode in MODES}
        for _ in range(rounds):
            syncs.append(sync_us(folder, seconds / 3))
            for mode in MODES:
                for connections in (1, 64):
                    row = mixed(generator, running[mode], connections, seconds)
                    found.setdefault((mode, connections), []).append(row)

    def median(mode: str, connections: int, what: str) -> float:
        return statistics.median(row[what] for row in found[mode, connections])

    def of_memory(mode: str) -> float:
        turns = zip(found[mode, 64], found["memory", 64], strict=True)
        return statistics.median(row["req_s"] / memory["req_s"] for row, memory in turns)

    lines = [
        f"append and fdatasync of {RECORD_BYTES} bytes: {statistics.median(syncs):.0f} us",
        "| durability | mix/s, 64 connections | of memory | mix/s, one client | p50 us |",
        "|---|---:|---:|---:|---:|",
    ]
    for mode in MODES:
        lines.append(
            f"| {mode} | {median(mode, 64, 'req_s'):,.0f} | {of_memory(mode):.2f} "
            f"| {median(mode, 1, 'req_s'):,.0f} | {median(mode, 1, 'p50_us'):.0f} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.0, help="of one measured run (default: 1)")
    parser.add_argument("--rounds", type=int, default=15, help="of each; medians are reported (default: 15)")
    parser.add_argument("--folder", type=Path, default=ROOT / "build", help="on the disk to be measured")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench", help="folder to build in")
    parser.add_argument("--program", type=Path, help="the built cpp/bench/store_bench")
    parser.add_argument("--through", type=int, default=0, help="messages through a short queue, by --program")
    parser.add_argument("--store-only", action="store_true", help="no servers: what --program measures")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if not options.store_only:
            try:
                print(measure(Path(folder), options.out.resolve(), options.seconds, options.rounds))
            except Missing as reason:
                print(f"the endpoint was not measured: {reason}")
        if options.program is not None:
            command = [str(options.program), folder, "5", "1000000", str(options.through)]
            print(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


if __name__ == "__main__":
    main()
