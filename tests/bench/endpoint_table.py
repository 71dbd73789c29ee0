"""What endpoint_bench.py found: what was aimed at and measured, and the servers side by side."""

from __future__ import annotations

from typing import Any

from aims import Aim

CONNECTIONS = (16, 64)
# Scenario of the load generator -> what it is called here.
LOADS = {"send1": "send", "mixed": "mix"}

Results = dict[str, Any]


def aims(results: Results) -> list[Aim]:
    """What the endpoint set out to reach: what, side, aim, format, measured."""
    if "ours" not in results:
        return []
    ours, plan = results["ours"], results["plan"]
    rows: list[Aim] = []
    for name in LOADS.values():
        for c in CONNECTIONS:
            heading = f"HTTP {name}, {c} connections"
            rows.append((f"{heading}: requests/s / floor", "at least", 0.75, ".2f", ours[f"{name} speed {c}"]))
            rows.append((f"{heading}: CPU a request / floor", "at most", 1.5, ".2f", ours[f"{name} cpu {c}"]))
    waiting, polls, queues = (f"{plan[key]:,}" for key in ("waiting", "parked", "queues"))
    start = ours["serve start ms"] - ours["python pass ms"]
    rows += [
        ("HTTP batches of 10: messages/s", "at least", 400_000, ",.0f", ours["batch messages/s"]),
        (f"HTTP mix with {waiting} waiting / empty", "at least", 0.95, ".2f", ours["deep mix"]),
        (f"{polls} parked polls: bytes each", "at most", 8192, ",.0f", ours["bytes a parked poll"]),
        (f"{polls} parked polls: cores", "at most", 0.005, ".3f", ours["cores while parked"]),
        (f"{polls} parked polls: mix of others / without them", "at least", 0.95, ".2f", ours["beside parked"]),
        ("a send wakes a receive parked for 60 µs, p50 / floor's round trip", "at most", 2, ".2f", ours["wake"]),
        ("one parked for 20 ms / floor's after as long a pause", "at most", 2, ".2f", ours["wake after a pause"]),
        (f"{queues} queues: bytes each", "at most", 4096, ",.0f", ours["bytes a queue"]),
        ("`localsqs serve`, first answer: ms more than `python -c pass`", "at most", 100, ".0f", start),
        ("`localsqs serve`, idle: MiB", "at most", 40, ".1f", ours["serve idle MiB"]),
    ]
    if "binary start ms" in ours:
        rows.append(("`localsqs-server`, first answer: ms", "at most", 20, ".1f", ours["binary start ms"]))
        rows.append(("`localsqs-server`, idle: MiB", "at most", 10, ".1f", ours["binary idle MiB"]))
    for name, aim in (("ElasticMQ", 8), ("GoAWS", 3)):
        if name not in results["peers"]:
            continue
        theirs = results["peers"][name]
        least = min(
            theirs[f"{load} cpu us {c}"] / ours[f"{load} cpu us {c}"] for load in LOADS.values() for c in CONNECTIONS
        )
        rows.append((f"requests a server CPU second / {name}'s, least of send and mix", "at least", aim, ".1f", least))
    return rows


def peers_table(results: Results) -> str:
    """Absolute figures, one server a row, all on one core."""
    headings = ["server on one core", "send/s, 16 / 64 conn.", "mix/s, 16 / 64", "µs CPU a mix request"]
    headings += ["batch-10 messages/s", "start ms", "idle MiB"]
    lines = ["| " + " | ".join(headings) + " |", "|---" + "|---:" * (len(headings) - 1) + "|"]
    ours = results["ours"]
    bare = " / ".join(f"{ours[f'floor requests/s {c}']:,.0f}" for c in CONNECTIONS)
    lines.append(f"| bare responder | {bare} | | {ours['floor cpu us 16']:.1f} | | | |")
    mine = {**ours, "start ms": ours["serve start ms"], "idle MiB": ours["serve idle MiB"]}
    for name, figures in {"localsqs serve": mine, **results["peers"]}.items():
        cells = [
            " / ".join(f"{figures[f'{load} requests/s {c}']:,.0f}" for c in CONNECTIONS) for load in LOADS.values()
        ]
        cells.append(f"{figures['mix cpu us 16']:.1f}")
        cells.append(f"{figures['batch messages/s']:,.0f}")
        cells += [f"{figures['start ms']:,.0f}", f"{figures['idle MiB']:.1f}"]
        lines.append("| " + " | ".join([name, *cells]) + " |")
    return "\n".join(lines)


def table(results: Results) -> str:
    if "ours" not in results:
        return f"The endpoint was not measured: {results['missing']['bench']}."
    return peers_table(results)
