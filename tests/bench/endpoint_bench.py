"""What the endpoint costs: beside a bare responder, which only reads and answers, and beside other local servers.

    python tests/bench/endpoint_bench.py [--quick] [--out build/bench] [--json FILE] [--no-peers]

Each server has one core, the load generator (tests/bench/load, in Go) another. A round measures the floor, then ours;
a ratio is taken within its round, and the median of the rounds is what counts, since absolute figures drift. Needs Go,
g++ and two cores; peers that cannot be had are named as missing.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import endpoint_servers as servers
from aims import table_of
from endpoint_servers import Missing, Running
from endpoint_table import CONNECTIONS, LOADS, Results, aims, table

ROOT = Path(__file__).resolve().parents[2]
# How long a receive is parked before a send wakes it, about: no processor sleeps that soon.
SHORT_PAUSE = "60us"


@dataclass
class Plan:
    """How long to measure."""

    seconds: float = 2.0
    rounds: int = 5
    turns: int = 40  # Of a tenth of that: what two sides are compared by.
    waiting: int = 200_000
    parked: int = 1_000
    queues: int = 10_000
    starts: int = 15
    peer_warm_up: float = 30.0  # Of load: a virtual machine compiles as it goes.

    @classmethod
    def quick(cls) -> Plan:
        return cls(seconds=0.3, rounds=1, turns=3, waiting=20_000, parked=200, queues=1_000, starts=3, peer_warm_up=0)


class Bench:
    def __init__(self, out: Path, plan: Plan) -> None:
        self.out = out
        self.plan = plan
        self.generator = servers.load_generator(out)
        servers.floor(out)

    def load(
        self, running: Running, *scenarios: str, connections: tuple[int, ...] = CONNECTIONS, **flags: Any
    ) -> Results:
        """Runs the generator once. Its lines by "scenario/connections"; of several runs the medians."""
        rows = self.rows(running, *scenarios, connections=connections, **flags)
        return {name: merged(of_one) for name, of_one in rows.items()}

    def rows(
        self, running: Running, *scenarios: str, connections: tuple[int, ...] = CONNECTIONS, **flags: Any
    ) -> dict[str, list[Results]]:
        """The same, each run by itself."""
        lines = self.out / "endpoint.jsonl"
        lines.unlink(missing_ok=True)
        options = {
            "url": running.url,
            "pid": running.pid,
            "out": lines,
            "c": ",".join(map(str, connections)),
            "d": f"{self.plan.seconds}s",
            "warm": f"{self.plan.seconds / 4}s",
            "runs": 1,
            **flags,
        }
        command = [str(self.generator), *(f"-{name}={value}" for name, value in options.items()), *scenarios]
        done = subprocess.run(
            [*servers.on_core(1), *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if done.returncode != 0 or not lines.exists():
            raise Missing(f"the load generator failed: {done.stdout.strip()[-300:]}")
        found: dict[str, list[Results]] = {}
        for line in lines.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["errs"]:
                print(f"   {row['scenario']} c={row['conns']}: {row['errs']} errors, {row.get('err_text')}", flush=True)
            found.setdefault(f"{row['scenario']}/{row['conns']}", []).append(row)
        return found


# --- Measurements ----------------------------------------------------------------------------------------------------


def median(values: list[float]) -> float:
    return statistics.median(values) if values else float("nan")


def merged(rows: list[Results]) -> Results:
    """The first of several runs, with the medians of all in its numbers."""
    numbers = [name for name, value in rows[0].items() if isinstance(value, (int, float))]
    return {**rows[0], **{name: median([row[name] for row in rows]) for name in numbers}}


def rounds(one: Callable[[], dict[str, float]], count: int) -> dict[str, float]:
    """Medians of what ``count`` rounds gave."""
    found = [one() for _ in range(count)]
    return {name: median([figures[name] for figures in found]) for name in found[0]}


def throughput(bench: Bench, ours: Running, floor: Running) -> dict[str, float]:
    """Requests a second and CPU a request, as ratios of the floor's just before."""
    bare = bench.load(floor, "raw", connections=(1, *CONNECTIONS))
    rows = bench.load(ours, *LOADS)
    pause = bench.load(floor, "pause", connections=(1,))["pause/1"]
    # A processor that slept takes longer than the way there and back: each beside the floor in the same state.
    wake = bench.load(ours, "longpoll", connections=(1,), lpgap=SHORT_PAUSE)["longpoll/1"]
    wake_after_pause = bench.load(ours, "longpoll", connections=(1,))["longpoll/1"]
    batch = bench.load(ours, "batch", connections=(16,))["batch/16"]
    figures = {
        "batch messages/s": batch["msg_s"],
        "wake us": wake["p50_us"],
        "wake": wake["p50_us"] / bare["raw/1"]["p50_us"],
        "wake after a pause": wake_after_pause["p50_us"] / pause["p50_us"],
    }
    for connections in CONNECTIONS:
        raw = bare[f"raw/{connections}"]
        figures[f"floor requests/s {connections}"] = raw["req_s"]
        figures[f"floor cpu us {connections}"] = raw["srv_cpu_s_per_kreq"] * 1e3
        for scenario, name in LOADS.items():
            row = rows[f"{scenario}/{connections}"]
            figures[f"{name} requests/s {connections}"] = row["req_s"]
            figures[f"{name} cpu us {connections}"] = row["srv_cpu_s_per_kreq"] * 1e3
            figures[f"{name} speed {connections}"] = row["req_s"] / raw["req_s"]
            figures[f"{name} cpu {connections}"] = row["srv_cpu_s_per_kreq"] / max(raw["srv_cpu_s_per_kreq"], 1e-9)
    return figures


def in_turns(bench: Bench, ours: Running, scenario: str, sides: tuple[str, str], **flags: Any) -> float:
    """Requests a second of the second side as a ratio of the first's, in short slices that take turns."""
    slices = {"runs": bench.plan.turns, "d": f"{bench.plan.seconds / 10}s", **flags}
    rows = bench.rows(ours, scenario, **slices)
    first, second = ([row["req_s"] for row in rows[f"{side}/16"]] for side in sides)
    return median([b / a for a, b in zip(first, second, strict=True)])


def depth(bench: Bench, ours: Running) -> dict[str, float]:
    """The mix with many messages waiting, beside an empty queue."""
    sides = ("turns-empty", "turns-deep")
    return {"deep mix": in_turns(bench, ours, "deepturns", sides, n=bench.plan.waiting, preload="60s")}


def parked(bench: Bench, ours: Running, other: Running) -> dict[str, float]:
    rows = bench.load(ours, "idle", connections=(16,), idle=bench.plan.parked)
    extra = rows["idle-with/16"]["extra"]
    sides = ("turns-without", "turns-parked")
    beside = in_turns(bench, ours, "parkedturns", sides, idle=bench.plan.parked, beside=other.url)
    if extra["parked"] < bench.plan.parked:
        print(f"   only {extra['parked']:.0f} polls stayed parked", flush=True)
    return {
        "bytes a parked poll": extra["rss_kib_per_poller"] * 1024,
        "cores while parked": extra["idle_cores"],
        "beside parked": beside,
    }


def many_queues(bench: Bench, ours: Running) -> dict[str, float]:
    row = bench.load(ours, "queues", connections=(16,), queues=bench.plan.queues)["queues-create/16"]
    return {"bytes a queue": row["extra"]["rss_kib_per_queue"] * 1024}


def start(command: servers.Command, out: Path) -> tuple[float, float]:
    """Milliseconds from nothing to the first answer, and MiB resident then."""
    begun = time.perf_counter()
    with servers.server(command, out, core=None) as running:
        return (time.perf_counter() - begun) * 1e3, running.status_kib("VmRSS") / 1024


def starts(bench: Bench, commands: dict[str, servers.Command]) -> dict[str, float]:
    """Start and idle memory of each, in turn, beside an interpreter that does nothing."""
    times: dict[str, list[float]] = {"python pass ms": []}
    for _ in range(bench.plan.starts):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        times["python pass ms"].append((time.perf_counter() - begun) * 1e3)
        for name, command in commands.items():
            milliseconds, mebibytes = start(command, bench.out)
            times.setdefault(f"{name} start ms", []).append(milliseconds)
            times.setdefault(f"{name} idle MiB", []).append(mebibytes)
    return {name: median(values) for name, values in times.items()}


def peer(bench: Bench, command: servers.Command) -> dict[str, float]:
    """Requests a second and a server CPU second of a peer on our core, and its start."""
    with servers.server(command, bench.out) as running:
        if bench.plan.peer_warm_up:
            bench.load(running, "mixed", connections=(16,), d=f"{bench.plan.peer_warm_up}s")
        rows = bench.load(running, *LOADS, "batch")
    figures = {"batch messages/s": rows["batch/16"]["msg_s"]}
    for connections in CONNECTIONS:
        for scenario, name in LOADS.items():
            row = rows[f"{scenario}/{connections}"]
            figures[f"{name} requests/s {connections}"] = row["req_s"]
            figures[f"{name} cpu us {connections}"] = row["srv_cpu_s_per_kreq"] * 1e3
    figures["start ms"], figures["idle MiB"] = start(command, bench.out)
    return figures


def measure(bench: Bench, with_peers: bool) -> Results:
    results: Results = {"plan": vars(bench.plan), "ours": {}, "peers": {}, "missing": {}}
    ours: dict[str, float] = results["ours"]
    commands: dict[str, servers.Command] = {"serve": servers.serve_command}
    try:
        servers.binary_command(0, bench.out)
        commands["binary"] = servers.binary_command
    except Missing as reason:
        results["missing"]["localsqs-server"] = str(reason)

    print("   start and idle memory", flush=True)
    ours.update(starts(bench, commands))
    print("   queues and parked polls, each on a fresh server", flush=True)
    with servers.server(servers.serve_command, bench.out) as running:
        ours.update(many_queues(bench, running))
    with (
        servers.server(servers.serve_command, bench.out) as running,
        servers.server(servers.serve_command, bench.out) as other,
    ):
        ours.update(parked(bench, running, other))
    print("   throughput beside the floor", flush=True)
    with (
        servers.server(servers.floor_command, bench.out) as floor,
        servers.server(servers.serve_command, bench.out) as running,
    ):
        ours.update(rounds(lambda: throughput(bench, running, floor), bench.plan.rounds))
    with servers.server(servers.serve_command, bench.out) as running:
        ours.update(depth(bench, running))
    for name, command in servers.PEERS.items() if with_peers else ():
        print(f"   {name}", flush=True)
        try:
            results["peers"][name] = peer(bench, command)
        except Missing as reason:
            results["missing"][name] = str(reason)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a short run: to see that it works, not to quote")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench", help="folder to build in")
    parser.add_argument("--json", metavar="FILE", help="write the results there as well")
    parser.add_argument("--no-peers", action="store_true", help="only the floor and ours")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    # A thousand connections, and those of the generator.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 20_000)), hard))
    try:
        if len(os.sched_getaffinity(0)) < 2:
            print("one core only: server and generator share it, and nothing here can be quoted", flush=True)
        bench = Bench(options.out.resolve(), Plan.quick() if options.quick else Plan())
        results = measure(bench, not options.no_peers)
    except Missing as reason:
        results = {"missing": {"bench": str(reason)}}
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(f"{table_of(aims(results), results['missing'])}\n\n{table(results)}")


if __name__ == "__main__":
    main()
