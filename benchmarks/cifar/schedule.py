"""Which jobs are still to be carried out, and carrying them out one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.requests import JobRequest
from benchmarks.cifar.epochs import fitting_epochs, pace_of, seconds_a_view
from benchmarks.cifar.requests import Limits, request
from benchmarks.cifar.runs import ADAPRUNER, EMBEDDING, METHODS, RANDOM, Key, Run
from benchmarks.cifar.served_job import Done, carry_out
from benchmarks.cifar.subject import Subject, code_hash
from benchmarks.search.resumed import note
from stillhouse.errors import StillhouseError
from workers.precision import Precision


@dataclass(frozen=True)
class Plan:
    """A comparison.

    Attributes:
        setting: as of `Run`.
    """

    subject: Subject
    limits: Limits
    setting: str


def missing(plan: Plan, seeds: int, known: Mapping[Key, Run]) -> Iterator[Run]:
    """Yields the runs that aren't known, seed by seed, each when its job has succeeded.

    AdaPruner comes last of each seed: its time is the mean of that seed's two searches. A job that
    fails is told of and left out, and so is AdaPruner's without both searches.
    """
    runs = dict(known)
    for key in (Key(seed, method) for seed in range(seeds) for method in METHODS):
        if key in runs:
            continue
        try:
            found = _run(plan, key, runs)
        except StillhouseError as error:
            note(f"{key.method}, seed {key.seed}: {error}")
            continue
        if found is not None:
            runs[key] = found
            yield found


def _run(plan: Plan, key: Key, runs: Mapping[Key, Run]) -> Run | None:
    if key.method != ADAPRUNER:
        return _carried_out(plan, key, plan.limits.final_epochs, None)
    searches = [runs.get(Key(key.seed, method)) for method in (EMBEDDING, RANDOM)]
    embedding, random = searches
    if embedding is None or random is None:
        note(f"{key.method}, seed {key.seed}: without both searches its time isn't known")
        return None
    epochs, planned_s = _epochs(plan, key, embedding, (embedding.wall_s + random.wall_s) / 2, runs)
    return _carried_out(plan, key, epochs, planned_s)


def _epochs(
    plan: Plan, key: Key, embedding: Run, wanted_s: float, runs: Mapping[Key, Run]
) -> tuple[int, float]:
    """Returns AdaPruner's epochs, and the seconds that its job is expected to take."""
    view_s = seconds_a_view(plan.subject, Precision.from_json(embedding.teacher["precision"]))
    earlier = [run for run in runs.values() if run.method == ADAPRUNER]

    def request_of(epochs: int) -> JobRequest:
        return JobRequest.model_validate(request(key, plan.limits, "tch_", "dst_", epochs))

    images = len(plan.subject.data.train)
    return fitting_epochs(pace_of(embedding, view_s, earlier), wanted_s, request_of, images)


def _carried_out(plan: Plan, key: Key, epochs: int, planned_s: float | None) -> Run:
    code = code_hash()
    done = carry_out(
        plan.subject,
        lambda teacher, dataset: request(key, plan.limits, teacher, dataset, epochs),
    )
    return Run(
        seed=key.seed,
        method=key.method,
        setting=plan.setting,
        code=code,
        final_epochs=epochs,
        planned_s=planned_s,
        since=done.watched.since,
        wall_s=done.watched.wall_s,
        around_s=round(done.around_s, 2),
        trials=tuple(done.watched.ended.values()),
        final=done.final,
        teacher=_teacher(done),
    )


def _teacher(done: Done) -> dict[str, object]:
    told = done.report["teacher"]
    return {
        "validation": told["accuracy"],
        "test": told["test_accuracy"],
        "precision": done.report["training"]["precision"],
    }
