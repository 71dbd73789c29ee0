"""Many scenarios at once: what happens if a parameter is another one.

table = sweep(scenario, visibility_timeout=[10, 30, 90], pollers=[2, 4, 8])      # 9 rows
"""

from __future__ import annotations

import itertools
import os
import pickle
from collections.abc import Mapping, Sequence
from typing import Any

from localsqs._progress import Progress
from localsqs.simulation._run import run
from localsqs.simulation.scenario import Scenario

__all__ = ["sweep"]


def sweep(
    scenario: Scenario,
    parameters: Mapping[str, Sequence[Any]] | None = None,
    *,
    seeds: Sequence[int] | None = None,
    processes: int | None = None,
    progress: bool | None = None,
    **more: Sequence[Any],
) -> Any:
    """Runs every combination of some parameters. Needs pandas.

    Args:
        scenario: What the combinations have in common.
        parameters: Values to try, by name: "visibility_timeout", "workload.rate", "fifo", ... as in
            `Scenario.replace`. Names without a dot can also be given as keywords.
        seeds: Each combination is run once with each of these seeds; the scenario's own if None.
        processes: How many processes share the work; as many as there are processors if None. With 1 everything runs
            in this one. Processes are spawned, so a script needs `if __name__ == "__main__":` around it.
        progress: Whether to show a progress bar; None shows one in a terminal or a notebook.

    Returns:
        A DataFrame, a row a run: a column a parameter, "seed", then the columns of `Result.summary()`. Rows are in the
        order of the parameters, the last one turning fastest, whichever process was done first.

    Raises:
        ValueError: If there is no such parameter, or the scenario cannot be sent to another process.
    """
    import pandas

    values = {**(parameters or {}), **more}
    names = list(values)
    cases = list(itertools.product(*values.values(), [scenario.seed] if seeds is None else seeds))
    scenarios = [scenario.replace(**dict(zip([*names, "seed"], case, strict=True))) for case in cases]
    with Progress(len(cases), "simulating", " runs", progress) as bar:
        summaries = _run_all(scenarios, processes, bar)
    rows = [
        {**dict(zip([*names, "seed"], map(_plain, case), strict=True)), **summary}
        for case, summary in zip(cases, summaries, strict=True)
    ]
    return pandas.DataFrame(rows)


def summary_of(scenario: Scenario) -> dict[str, float]:
    """Runs a scenario in a process of the sweep."""
    return run(scenario, message_limit=200_000, progress=False).summary()


def _run_all(scenarios: list[Scenario], processes: int | None, bar: Progress) -> list[dict[str, float]]:
    count = min(processes or os.cpu_count() or 1, len(scenarios))
    if count <= 1:
        summaries = []
        for done, each in enumerate(scenarios, 1):
            summaries.append(summary_of(each))
            bar.to(done)
        return summaries
    _check_picklable(scenarios)

    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    # Spawned, not forked: an engine has a lock, and the process may have threads.
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(summary_of, each) for each in scenarios]
        for done, _ in enumerate(as_completed(futures), 1):
            bar.to(done)
        return [future.result() for future in futures]


def _check_picklable(scenarios: list[Scenario]) -> None:
    try:
        pickle.dumps(scenarios)
    except (AttributeError, TypeError, pickle.PicklingError) as error:
        raise ValueError(
            f"the scenarios cannot be sent to other processes ({error}): name the handler at the top of a module, or "
            "give processes=1"
        ) from error


def _plain(value: Any) -> Any:
    """A parameter as it stands in the table: numbers and texts as they are, other things by their repr."""
    return value if isinstance(value, (bool, int, float, str, type(None))) else repr(value)
