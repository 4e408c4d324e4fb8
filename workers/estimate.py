"""`python -m workers.estimate`: what a job would find and take, before anything is trained.

Reads one JSON object on standard input: `request` (a job's), `dataset` (its summary) and `teacher`
(`architecture_path` of an uploaded one, or null). Writes one line of JSON: `result` or `problem`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import torch

import networks
from app.problems import StillhouseError
from app.requests import JobRequest
from embedding import derive_seed
from networks import Architecture, Space
from workers.batches import batch_size
from workers.estimate_constraints import Verdict, verdict_of
from workers.estimate_forecast import Forecast
from workers.estimate_latency import ORDER, Latencies, measure_latencies
from workers.estimate_notes import estimate_notes
from workers.estimate_space import DRAWN, SIZES, Survey, group_rows, histograms
from workers.estimate_steps import time_steps
from workers.estimate_time import Images, Machine, Trainings, time_batch, times
from workers.problems import UnfitNetwork
from workers.teacher import size_for
from workers.views import view_count

# On the wall, since this process was started: an answer within ten seconds is promised. The others
# are for the coordinator to take the request up, and to look at what was found. On a busy machine,
# or for a large network, less is found in them, and the answer says what was left out.
BUDGET_S = 7.5
LATE_S = 1.5  # with less left than this, fewer candidates are drawn
BUSY = 1.5  # seconds that a second's work takes, from which on others are to blame
AVERAGED = 256  # students, for the mean time of a trial
LATE_DRAWN = 500  # a share of the space is then known to about two hundredths


def estimate(document: Mapping[str, Any], left_s: Callable[[], float]) -> dict[str, object]:
    """Returns the estimate of a job.

    Args:
        document: As the module says.
        left_s: How many seconds may still be taken: what isn't needed for an answer (latencies,
            more timed trainings, more candidates) is left out where they don't reach.

    Raises:
        StillhouseError: The job can't be carried out; names the field to blame.
    """
    request = JobRequest.model_validate(document["request"])
    images = Images.read(document["dataset"])
    architecture = _architecture(request, images, document.get("teacher"))
    try:
        space = Space(architecture, request.search.round_to)
    except networks.NetworkError as error:
        raise _unfit(request, str(error)) from error
    drawn = LATE_DRAWN if left_s() < LATE_S else DRAWN
    survey = Survey.of(space, derive_seed(request.search.seed, "estimate", 0), drawn)
    machine = Machine(len(os.sched_getaffinity(0)), _stretch(), request.resources.cpus)
    batch, setting = batch_size(images.train), _setting(request)
    busy = machine.stretch > BUSY
    # The first one now: a limit depends on it.
    latencies = measure_latencies(survey, setting, left_s, ORDER[:1], busy=busy)
    steps = time_steps(space, survey.drawn, batch, machine.threads(1), left_s)
    height, width = architecture.input_shape[1:]
    batch_s = time_batch(images, (height, width))
    augmented = images.channels == 3
    views = view_count(request, images.train, images.classes, augmented=augmented)
    trainings = Trainings(survey, steps, images, machine, batch_s, views)
    latencies |= measure_latencies(survey, setting, left_s, ORDER[1:], busy=busy)
    return _result(request, survey, trainings, latencies)


def _architecture(
    request: JobRequest, images: Images, teacher: Mapping[str, str] | None
) -> Architecture:
    """Returns the teacher's graph, without weights.

    Raises:
        UnfitNetwork: It doesn't take the dataset's images, or has other classes.
    """
    name = request.teacher.name
    try:
        if teacher is not None:
            text = Path(teacher["architecture_path"]).read_text("utf-8")
            architecture = Architecture.from_json(text)
        else:
            size = size_for(name, images.size)
            with networks.weightless():
                module = networks.network(name, images.classes, images.channels)
            example = torch.zeros(2, images.channels, *size, device="meta")
            architecture = networks.trace(module, example).architecture
    except networks.NetworkError as error:
        raise _unfit(request, str(error)) from error
    channels = architecture.input_shape[0]
    if channels != images.channels or architecture.output_shape != (images.classes,):
        raise _unfit(
            request,
            f"it takes {channels} channels and gives {architecture.output_shape}; the dataset has"
            f" {images.channels} channels and {images.classes} classes",
        )
    return architecture


def _unfit(request: JobRequest, why: str) -> UnfitNetwork:
    field = "network" if request.teacher.id is None else "id"
    return UnfitNetwork.because(f"{request.teacher.name}: {why}", field)


def _setting(request: JobRequest) -> networks.LatencySetting:
    asked = request.latency
    return networks.LatencySetting(asked.runtime, asked.batch_size, asked.threads)


def _result(
    request: JobRequest, survey: Survey, trainings: Trainings, latencies: Latencies
) -> dict[str, object]:
    space, forecast = survey.space, Forecast.of(survey, latencies)
    verdict = verdict_of(survey, request, forecast)
    error = forecast.error
    latency_ms = None if error is None else forecast.ms(survey.drawn)
    likely = survey.drawn[verdict.kept] if bool(verdict.kept.any()) else survey.drawn
    students = {
        name: {**survey.described(survey.students[name]), "latency_ms": latencies.ms.get(name)}
        for name in SIZES
    }
    return {
        "teacher": {
            **survey.teacher,
            "latency_ms": latencies.ms.get("teacher"),
            "layers": len(space.layers),
            "input_shape": list(space.architecture.input_shape),
        },
        "groups": group_rows(space),
        "removals": len(space.removals),
        "skips": len(space.skips),
        "frozen": dict(space.channels.frozen_by),
        "space": {
            "drawn": len(survey.drawn),
            **students,
            "histogram": histograms(survey, verdict.kept, latency_ms),
        },
        "constraints": _constraints(survey, verdict, forecast),
        "latency": {
            **request.latency.model_dump(),
            "skipped": latencies.skipped,
            "error": None if error is None else vars(error),
        },
        "time": times(trainings, request, likely[:AVERAGED]),
        "notes": list(estimate_notes(request, survey, trainings.steps, latencies)),
    }


def _constraints(survey: Survey, verdict: Verdict, forecast: Forecast) -> dict[str, object]:
    return {
        "limits": dict(verdict.limits),
        "feasible": verdict.feasible,
        "feasible_share": verdict.share,
        "unjudged": list(verdict.unjudged),
        "nearest": _nearest(survey, verdict, forecast),
        "errors": list(verdict.errors),
    }


def _nearest(survey: Survey, verdict: Verdict, forecast: Forecast) -> dict[str, object] | None:
    """Returns the student that comes nearest, with its latency where anything is known of it."""
    if verdict.nearest is None:
        return None
    latency_ms = float(forecast.ms(verdict.nearest))
    return {**survey.described(verdict.nearest), "latency_ms": latency_ms or None}


def _stretch() -> float:
    """Returns how many seconds a second's work of this process has taken so far, at least 1."""
    used = psutil.Process().cpu_times()
    return max(lived_s() / max(float(used.user + used.system), 1e-3), 1.0)


def lived_s() -> float:
    """Returns the seconds since this process was started: its imports are most of them."""
    return float(time.time() - psutil.Process().create_time())


def answer(document: Mapping[str, Any], left_s: Callable[[], float]) -> dict[str, object]:
    """Returns `{"result": …}`, or `{"problem": …}` where the job can't be carried out."""
    try:
        return {"result": estimate(document, left_s)}
    except StillhouseError as error:
        return {"problem": error.problem()}


def main() -> int:
    """Answers what stands on standard input; returns the exit code."""
    document = json.loads(sys.stdin.read())
    told = answer(document, lambda: BUDGET_S - lived_s())
    sys.stdout.write(json.dumps(told, allow_nan=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
