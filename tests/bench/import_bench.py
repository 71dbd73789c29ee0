"""How long the first ``import localsqs`` of an interpreter takes, beside ``import boto3`` and moto.

    python tests/bench/import_bench.py [--runs 11] [--json FILE] [MODULE ...]

Every import is timed in a fresh interpreter, the modules in turn so that the machine's drift hits them alike. The files
are in the system's cache by the second run: this is the start-up of a test run or a script, not of a machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

from aims import Aim

# What a program says to use it.
STATEMENTS = {
    "localsqs": "import localsqs",
    "localsqs, client made": "import localsqs; localsqs.client('sqs')",
    "boto3": "import boto3",
    "moto": "from moto import mock_aws",
}


def milliseconds(statement: str) -> float:
    code = f"import time; start = time.perf_counter()\n{statement}\nprint((time.perf_counter() - start) * 1e3)"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def measure(names: list[str], runs: int) -> dict[str, float]:
    """Medians in milliseconds by name."""
    for name in names:
        milliseconds(STATEMENTS[name])  # Compiles to .pyc and fills the system's cache.
    times: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(runs):
        for name in names:
            times[name].append(milliseconds(STATEMENTS[name]))
    return {name: statistics.median(values) for name, values in times.items()}


def aims(results: dict[str, float]) -> list[Aim]:
    """Rows of tools/bench_table.py."""
    ratio = results["localsqs, client made"] / results["boto3"]
    return [("`import localsqs` and its first client / `import boto3`", "at most", 0.25, ".2f", ratio)]


def table(results: dict[str, float]) -> str:
    lines = ["| import | ms | of boto3 |", "|---|---:|---:|"]
    for name, value in results.items():
        share = f"{value / results['boto3']:.2f}" if "boto3" in results else ""
        lines.append(f"| `{STATEMENTS[name]}` | {value:.1f} | {share} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="MODULE", help=f"of {', '.join(STATEMENTS)}; all by default")
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--json", metavar="FILE", help="write the results there as well")
    options = parser.parse_args()
    results = measure(options.names or list(STATEMENTS), options.runs)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
    print(table(results))


if __name__ == "__main__":
    main()
