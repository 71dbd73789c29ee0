"""Runs every benchmark and prints the README's table: what was aimed at, what was measured, in one run.

    make bench [ARGS=--quick]          or: python tools/bench_table.py [--quick] [--build-dir build/bench]

The engine is built with -O2 into the build folder. Raw results stay there as engine.json, client.json, mock.json,
import.json and endpoint.json; the Markdown is also written to table.md. Ratios are taken within one run, so that they
hold on other machines.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str | Path, quiet: bool = False) -> None:
    """Runs a command in the repository; its output is shown, or with ``quiet`` only if it fails."""
    arguments = [str(part) for part in command]
    done = subprocess.run(arguments, cwd=ROOT, text=True, stdout=subprocess.PIPE if quiet else None)
    if done.returncode != 0:
        print(done.stdout or "", end="", file=sys.stderr)
        sys.exit(f"failed: {' '.join(arguments)}")


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def build_engine_bench(build: Path) -> Path:
    options = ["-DCMAKE_BUILD_TYPE=Release", "-DLOCALSQS_BENCHES=ON"]
    run("cmake", "-S", ".", "-B", build, "-G", "Ninja", "-Wno-dev", *options, quiet=True)
    run("cmake", "--build", build, quiet=True)
    return build / "engine_bench"


def run_engine_bench(program: Path, out: Path, quick: bool) -> dict[str, dict[str, float]]:
    """Counters by benchmark: {"Standard/Send": {"ns": ..., "md5s": ...}}. Medians of several repetitions."""
    repetitions = 3 if quick else 7
    run(
        program,
        f"--benchmark_min_time={0.05 if quick else 0.3}",
        f"--benchmark_repetitions={repetitions}",
        "--benchmark_report_aggregates_only=true",
        f"--benchmark_out={out}",
        "--benchmark_out_format=json",
    )
    rows = [row for row in load(out)["benchmarks"] if row.get("aggregate_name", "median") == "median"]
    counters = ("ns", "md5s", "rss_bytes", "heap_bytes")
    return {
        row["run_name"].removesuffix("/manual_time").partition("/iterations:")[0]: {
            name: row[name] for name in counters if name in row
        }
        for row in rows
    }


def engine_table(engine: dict[str, dict[str, float]]) -> str:
    """One row an operation: nanoseconds, as a multiple of the body's MD5, and beside the plain standard queue."""
    lines = [
        "| engine, one thread, 256-byte bodies | send | receive | delete |",
        "|---|---:|---:|---:|",
    ]
    headings = {
        "Standard": "standard queue, empty",
        "StandardDeep": "standard, 1,000,000 waiting",
        "StandardSame": "standard, 10,000 waiting",
        "Fifo": "FIFO, 10,000 waiting in 10,000 groups",
    }
    for name, heading in headings.items():
        cells = []
        for operation in ("Send", "Receive", "Delete"):
            row = engine[f"{name}/{operation}"]
            # Absolute times of two benchmarks drift apart; each against its own MD5 does not.
            beside = "" if name == "Standard" else f", {row['md5s'] / engine[f'Standard/{operation}']['md5s']:.2f}x"
            cells.append(f"{row['ns']:,.0f} ns = {row['md5s']:.2f} MD5{beside}")
        lines.append("| " + " | ".join([heading, *cells]) + " |")
    memory = engine["BytesPerWaitingMessage"]
    md5 = engine["Standard/Md5"]["ns"]
    lines.append("")
    lines.append(
        f"The MD5 of a body is {md5:,.0f} ns here. A waiting message takes {memory['rss_bytes']:.0f} bytes of resident "
        f"memory (1,000,000 of them, bodies and everything else included; {memory['heap_bytes']:.0f} of the heap)."
    )
    return "\n".join(lines)


def aims_table(
    engine: dict[str, dict[str, float]],
    client: dict[str, dict[str, float]],
    imports: dict[str, float],
    more: list[tuple[str, str, float, str, float]],
) -> str:
    """What the project set out to reach, and whether it did."""
    operations = ("Send", "Receive", "Delete")
    send, batch = (
        {peer: client[peer][row] / client["localsqs"][row] for peer in ("stub", "moto")} for row in ("send", "batch")
    )
    standard = {o: engine[f"Standard/{o}"]["md5s"] for o in operations}
    deep = max(engine[f"StandardDeep/{o}"]["md5s"] / standard[o] for o in operations)
    fifo = max(engine[f"Fifo/{o}"]["md5s"] / engine[f"StandardSame/{o}"]["md5s"] for o in operations)
    memory = engine["BytesPerWaitingMessage"]["rss_bytes"]
    rows: list[tuple[str, str, float, str, float]] = [
        ("send, in MD5s of its body", "at most", 2, ".2f", standard["Send"]),
        ("receive, in MD5s", "at most", 1, ".2f", standard["Receive"]),
        ("delete, in MD5s", "at most", 1, ".2f", standard["Delete"]),
        ("1,000,000 waiting / none waiting, slowest of the three", "at most", 1.3, ".2f", deep),
        ("FIFO with 10,000 groups / standard as deep, slowest of the three", "at most", 2, ".2f", fifo),
        ("bytes a waiting message of 256 bytes", "at most", 400, ".0f", memory),
        ("`send_message`: boto3 with HTTP stubbed / localsqs", "at least", 120, ".0f", send["stub"]),
        ("`send_message`: boto3 under moto / localsqs", "at least", 500, ".0f", send["moto"]),
        ("batch-10 cycle: boto3 with HTTP stubbed / localsqs", "at least", 60, ".0f", batch["stub"]),
        ("`import localsqs` / `import boto3`", "at most", 0.25, ".3f", imports["localsqs"] / imports["boto3"]),
        *more,
    ]
    lines = ["| what | aim | measured | |", "|---|---:|---:|---|"]
    for what, side, aim, form, measured in rows:
        reached = measured <= aim if side == "at most" else measured >= aim
        lines.append(f"| {what} | {side} {aim:g} | {measured:{form}} | {'yes' if reached else '**no**'} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a short run, for a first look")
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build" / "bench")
    options = parser.parse_args()
    build: Path = options.build_dir

    program = build_engine_bench(build)
    print("== engine", flush=True)
    engine = run_engine_bench(program, build / "engine.json", options.quick)
    print("== client", flush=True)
    run(
        sys.executable,
        "tests/bench/client_bench.py",
        f"--json={build / 'client.json'}",
        *(["--seconds=0.1", "--runs=3"] if options.quick else []),
    )
    print("== mock", flush=True)
    run(
        sys.executable,
        "tests/bench/mock_bench.py",
        f"--json={build / 'mock.json'}",
        *(["--quick"] if options.quick else []),
    )
    print("== import", flush=True)
    run(
        sys.executable,
        "tests/bench/import_bench.py",
        f"--json={build / 'import.json'}",
        *(["--runs=5"] if options.quick else []),
    )
    print("== endpoint", flush=True)
    run(
        sys.executable,
        "tests/bench/endpoint_bench.py",
        f"--out={build}",
        f"--json={build / 'endpoint.json'}",
        *(["--quick"] if options.quick else []),
    )

    client, imports = load(build / "client.json"), load(build / "import.json")
    sys.path.insert(0, str(ROOT / "tests" / "bench"))
    import client_bench
    import endpoint_table
    import import_bench
    import mock_bench

    mock = load(build / "mock.json")

    text = "\n\n".join(
        [
            aims_table(engine, client, imports, mock_bench.aims(mock)),
            engine_table(engine),
            client_bench.table(client),
            mock_bench.table(mock),
            import_bench.table(imports),
            endpoint_table.table(load(build / "endpoint.json")),
        ]
    )
    (build / "table.md").write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}")


if __name__ == "__main__":
    main()
