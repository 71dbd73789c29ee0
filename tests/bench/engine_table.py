"""The engine alone, in C++ (cpp/bench): built, run, and its tables."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from aims import Aim

Engine = dict[str, dict[str, float]]
OPERATIONS = ("Send", "Receive", "Delete")
HEADINGS = {
    "Standard": "standard queue, empty",
    "StandardDeep": "standard, 1,000,000 waiting",
    "StandardSame": "standard, 10,000 waiting",
    "Fifo": "FIFO, 10,000 waiting in 10,000 groups",
}


def build(root: Path, folder: Path, run: Callable[..., None]) -> Path:
    options = ["-DCMAKE_BUILD_TYPE=Release", "-DLOCALSQS_BENCHES=ON", "-DLOCALSQS_UNITY=ON"]  # As a wheel is built.
    run("cmake", "-S", root, "-B", folder, "-G", "Ninja", "-Wno-dev", *options, quiet=True)
    run("cmake", "--build", folder, quiet=True)
    return folder / "engine_bench"


def measure(program: Path, out: Path, quick: bool) -> Engine:
    """Counters by benchmark: {"Standard/Send": {"ns": ..., "md5s": ...}}. Medians of several repetitions."""
    options = [
        f"--benchmark_min_time={0.05 if quick else 0.3}",
        f"--benchmark_repetitions={3 if quick else 7}",
        "--benchmark_report_aggregates_only=true",
        f"--benchmark_out={out}",
        "--benchmark_out_format=json",
    ]
    subprocess.run([program, *options], check=True)
    found = json.loads(out.read_text(encoding="utf-8"))["benchmarks"]
    rows = [row for row in found if row.get("aggregate_name", "median") == "median"]
    counters = ("ns", "md5s", "rss_bytes", "heap_bytes")
    return {
        row["run_name"].removesuffix("/manual_time").partition("/iterations:")[0]: {
            name: row[name] for name in counters if name in row
        }
        for row in rows
    }


def aims(engine: Engine) -> list[Aim]:
    standard = {o: engine[f"Standard/{o}"]["md5s"] for o in OPERATIONS}
    deep = max(engine[f"StandardDeep/{o}"]["md5s"] / standard[o] for o in OPERATIONS)
    fifo = max(engine[f"Fifo/{o}"]["md5s"] / engine[f"StandardSame/{o}"]["md5s"] for o in OPERATIONS)
    md5 = engine["Standard/Md5"]["ns"]
    return [
        (f"send, in MD5s of its 256-byte body ({md5:.0f} ns here)", "at most", 2, ".2f", standard["Send"]),
        ("receive, in MD5s", "at most", 1, ".2f", standard["Receive"]),
        ("delete, in MD5s", "at most", 1, ".2f", standard["Delete"]),
        ("1,000,000 waiting / none waiting, slowest of the three", "at most", 1.3, ".2f", deep),
        ("FIFO with 10,000 groups / standard as deep, slowest of the three", "at most", 2, ".2f", fifo),
        (
            "bytes a waiting message of 256 bytes",
            "at most",
            400,
            ".0f",
            engine["BytesPerWaitingMessage"]["rss_bytes"],
        ),
    ]


def table(engine: Engine) -> str:
    """One row an operation: nanoseconds, as a multiple of the body's MD5, and beside the plain standard queue."""
    lines = [
        "| engine, one thread, 256-byte bodies | send | receive | delete |",
        "|---|---:|---:|---:|",
    ]
    for name, heading in HEADINGS.items():
        cells = []
        for operation in OPERATIONS:
            row = engine[f"{name}/{operation}"]
            # Absolute times of two benchmarks drift apart; each against its own MD5 does not.
            beside = "" if name == "Standard" else f", {row['md5s'] / engine[f'Standard/{operation}']['md5s']:.2f}x"
            cells.append(f"{row['ns']:,.0f} ns = {row['md5s']:.2f} MD5{beside}")
        lines.append("| " + " | ".join([heading, *cells]) + " |")
    memory = engine["BytesPerWaitingMessage"]
    lines.append("")
    lines.append(
        f"The MD5 of a body is {engine['Standard/Md5']['ns']:,.0f} ns here. A waiting message takes "
        f"{memory['rss_bytes']:.0f} bytes of resident memory (1,000,000 of them, bodies and everything else included; "
        f"{memory['heap_bytes']:.0f} of the heap)."
    )
    return "\n".join(lines)
