"""What an embedding learned with one teacher saves the search for another one's students.

On each table our search starts cold, and from what it learned on each other table: its encoders
kept (`frozen`) or fitted further beside fresh ones (`adapt`). `shuffled` adapts an embedding that
tells lies: the outcomes of its trials were shuffled among them (its encoders are as they were).
`adapt` from the table itself tells what a source that fits is worth.

    python -m benchmarks.transfer --tables FOLDER [--seeds 10] [--evaluations 48]

Every finished run is a line of the log, and a benchmark that was cut goes on from it.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.search.methods import version_of
from benchmarks.search.options import names, positive
from benchmarks.search.ours import KERNELS, Ours, objective_of, table_space
from benchmarks.search.report import Panel, result, table_text
from benchmarks.search.resumed import do_rest, note
from benchmarks.search.runs import Key, Run, evaluate
from benchmarks.search.schedule import Job, RunError, Source, enough
from benchmarks.search.summary import MethodSummary, paired_p, ratio
from benchmarks.search.tasks import TASKS, Task
from benchmarks.tables import Table, TableError, find_tables, load_table
from embedding import EmbeddingProposer, SavedEmbedding, SearchSettings, derive_seed, hedged
from embedding import Source as EarlierSearch

COLD = "cold"
WAYS = ("adapt", "frozen", "shuffled")
# Trials that an embedding learned from, on the score: a job's default.
LEARNED_FROM = 80


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what the log doesn't have and prints the tables; returns the exit code."""
    options = _options(arguments)
    try:
        sources = {load(x).name: x for x in find_tables(options.tables)}
    except TableError as error:
        note(str(error))
        return 2
    if len(sources) < 2:
        note(f"{options.tables}: has fewer than two tables")
        return 2
    wanted = _jobs(sources, options)
    do = functools.partial(run_job, sources)
    try:
        done, failures = do_rest(wanted, options.log, options.processes, do)
    except ValueError as error:
        note(str(error))
        return 2
    _report(sources, done, options)
    return 1 if failures else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.transfer",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--tables", type=Path, required=True, help="a folder with two or more")
    parser.add_argument("--seeds", type=positive, default=10)
    parser.add_argument("--evaluations", type=positive, default=48)
    parser.add_argument(
        "--tasks", type=names, default=["score", "accuracy-25"], help=f"of {', '.join(TASKS)}"
    )
    parser.add_argument("--processes", type=positive, default=2, help="runs at once")
    parser.add_argument("--log", type=Path, default=Path("transfer.jsonl"))
    options = parser.parse_args(arguments)
    unknown = [x for x in options.tasks if x not in TASKS]
    if unknown:
        parser.error(f"no task {', '.join(unknown)}: there are {', '.join(TASKS)}")
    return options


def _jobs(sources: Mapping[str, Source], options: argparse.Namespace) -> list[Job]:
    version, jobs = _version(), []
    for seed in range(options.seeds):
        for target, source in sources.items():
            others = [x for x in sources if x != target]
            methods = [COLD, *(f"{way} {other}" for other in others for way in WAYS)]
            methods.append(f"adapt {target}")
            for task in options.tasks:
                if enough(load(source), TASKS[task]):
                    keys = [Key(target, task, method, seed) for method in methods]
                    jobs += [_job(sources, key, options.evaluations, version) for key in keys]
    return jobs


def _version() -> str:
    """Changes with our search, and with what this benchmark does with it."""
    own = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    return f"{version_of('ours')} {own}"


def _job(sources: Mapping[str, Source], key: Key, evaluations: int, version: str) -> Job:
    """Returns a run, whose fingerprint is that of both tables."""
    names = [key.table, key.method.partition(" ")[2]]
    fingerprint = " ".join(load(sources[x]).fingerprint for x in names if x)
    return Job(sources[key.table], key, evaluations, version, fingerprint)


def run_job(sources: Mapping[str, Source], job: Job) -> Run:
    """Does a run.

    Args:
        sources: Of all tables, by name.
        job: Its method is `cold`, or one of `WAYS` and the name of the table that was learned from.

    Raises:
        RunError: If it failed.
    """
    torch.set_num_threads(1)
    key = job.key
    try:
        table, task = load(job.source), TASKS[key.task]
        method = _search(sources, table, task, key.method, key.seed)
        rows, observed, propose_s = evaluate(
            table, task, key.seed, job.evaluations, lambda *_: method
        )
    except Exception as error:
        raise RunError(key, repr(error)) from error
    done = (tuple(rows), tuple(observed), tuple(propose_s))
    return Run(*key, job.evaluations, job.version, job.fingerprint, *done)


def _search(
    sources: Mapping[str, Source], table: Table, task: Task, method: str, seed: int
) -> Ours:
    space, settings = table_space(table), SearchSettings(KERNELS, seed)
    objective = objective_of(table, task)
    if method == COLD:
        return Ours(space, EmbeddingProposer(space, objective, settings))
    way, _, name = method.partition(" ")
    saved = learned(sources[name], seed)
    if way == "shuffled":
        saved = shuffled(saved, seed)
    frozen, earlier = way == "frozen", EarlierSearch(saved)
    start = saved if frozen else hedged(saved, settings)
    proposer = EmbeddingProposer(space, objective, settings, start, frozen, earlier)
    return Ours(space, proposer)


@functools.lru_cache(maxsize=8)
def learned(source: Source, seed: int) -> SavedEmbedding:
    """Returns what a search of the table for the best score has learned."""
    table, task = load(source), TASKS["score"]
    space = table_space(table)
    proposer = EmbeddingProposer(
        space, objective_of(table, task), SearchSettings(KERNELS, derive_seed(seed, "source", 0))
    )
    search = Ours(space, proposer)
    evaluate(table, task, seed, LEARNED_FROM, lambda *_: search)
    proposer.learn()
    return proposer.embedding({"table": table.name})


def shuffled(saved: SavedEmbedding, seed: int) -> SavedEmbedding:
    """Returns the embedding with its students' outcomes shuffled; the teacher's comes first."""
    assert saved.findings is not None
    y = saved.findings.y
    draws = torch.Generator().manual_seed(derive_seed(seed, "shuffled", 0))
    order = 1 + torch.randperm(len(y) - 1, generator=draws)
    return replace(saved, findings=replace(saved.findings, y=torch.cat([y[:1], y[order]])))


@functools.cache
def load(source: Source) -> Table:
    """Returns a table, read once a process."""
    return load_table(*source)


def _report(
    sources: Mapping[str, Source], runs: Sequence[Run], options: argparse.Namespace
) -> None:
    panels = []
    compared: dict[str, dict[str, object]] = {}
    for source in sources.values():
        for task in options.tasks:
            panel = _panel(load(source), task, runs, options.evaluations)
            if COLD not in panel.methods:
                continue
            panels.append(panel)
            print(table_text(panel))
            found = {
                x: against(y, panel.methods[COLD]) for x, y in panel.methods.items() if x != COLD
            }
            compared.setdefault(panel.table, {})[task] = found
            for method, values in found.items():
                print(f"{method} against cold: {json.dumps(values)}")
    line = result(panels, {"ours": version_of("ours")}, options.seeds, options.evaluations)
    line |= {"benchmark": "transfer", "against_cold": compared}
    print(f"\nRESULT {json.dumps(line, allow_nan=False)}")


def _panel(table: Table, task: str, runs: Sequence[Run], evaluations: int) -> Panel:
    found: dict[str, list[Run]] = {}
    for run in sorted(runs, key=lambda x: (x.method != COLD, x.method)):
        if (run.table, run.task) == (table.name, task):
            found.setdefault(run.method, []).append(run)
    summaries = {
        method: MethodSummary.of(table, TASKS[task], of_method, evaluations)
        for method, of_method in found.items()
    }
    return Panel(table.name, task, summaries, evaluations)


def against(warm: MethodSummary, cold: MethodSummary) -> dict[str, object]:
    """Returns the ratio of the medians of evaluations to the target, and Wilcoxon p-values.

    These are of the seeds that both have.
    """
    median, ratio_is = ratio(warm, cold)
    seeds = sorted(set(warm.seeds) & set(cold.seeds))
    a = [warm.seeds.index(x) for x in seeds]
    b = [cold.seeds.index(x) for x in seeds]
    return {
        "ratio": median,
        "ratio_is": ratio_is,
        "p": paired_p(warm.to_target[a], cold.to_target[b]),
        "p_area": paired_p(warm.found[a].sum(1), cold.found[b].sum(1)),
    }


if __name__ == "__main__":
    sys.exit(main())
