"""How long one proposal round takes: every encoder's turn, each proposing one candidate.

The settings are the search's own; the trials on record are random students of the space, and their
accuracy is a synthetic smooth function of widths and removals (nothing is trained). The first
round fits fresh encoders, those measured after it warm ones, as in a running search.

    python -m benchmarks.proposal [--rounds 5] [--trials 160] [--kernels 8] [--teacher zoo/resnet18]
    python -m benchmarks.proposal --teacher torchvision/densenet121
    python -m benchmarks.proposal --trials 1000
    python -m benchmarks.proposal --profile        # and where the time of the warm rounds goes
"""

import argparse
import cProfile
import json
import math
import os
import platform
import pstats
import resource
import statistics
import sys
import time
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path

import torch
from torch import Tensor

from embedding import (
    EmbeddingProposer,
    Limits,
    Objective,
    Observation,
    SearchSettings,
    StudentSpace,
    acquisition,
    embedding_proposer,
    surrogate,
)
from embedding.seeds import generator
from networks import Candidates, Edits, Space, input_size, network, trace

TEACHER_ACCURACY = 0.95


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=160)
    parser.add_argument("--kernels", type=int, default=8)
    parser.add_argument("--teacher", default="zoo/resnet18")
    parser.add_argument("--profile", action="store_true", help="slower: for its parts alone")
    options = parser.parse_args()
    torch.set_num_threads(1)
    space = _space(options.teacher)
    profile = cProfile.Profile() if options.profile else None
    seconds, outlook_s = _measure(space, options, profile)
    if profile is not None:
        pstats.Stats(profile, stream=sys.stderr).sort_stats("cumulative").print_stats(40)
    _report(options, seconds, outlook_s, len(space.layers))


def _space(teacher: str) -> Space:
    size = input_size(teacher, 32)
    return Space(trace(network(teacher, 10, 3), torch.zeros(1, 3, size, size)).architecture)


def synthetic_accuracy(space: Space, candidates: Candidates) -> Tensor:
    """Returns `n` accuracies that fall smoothly as groups narrow and layers go, float64."""
    weight = torch.linspace(0.2, 2, len(space.groups), dtype=torch.float64)
    narrow = torch.exp(-6 * candidates.widths.double() / space.teacher().widths)
    removed = candidates.removed.double().mean(1) if len(space.removals) else torch.zeros(1)
    return (TEACHER_ACCURACY - 0.5 * narrow @ (weight / weight.sum()) - 0.1 * removed).clamp(0.1, 1)


def _measure(
    space: Space, options: argparse.Namespace, profile: cProfile.Profile | None
) -> tuple[list[float], tuple[float, float]]:
    """Returns the seconds of a cold round and of the warm ones, one trial more told each.

    And those of what is made for people afterwards: to copy the surrogate, and to look at it.
    """
    trials, rounds = options.trials, options.rounds
    params = int(space.costs(space.teacher()).params)
    objective = Objective("score", Limits(), params, TEACHER_ACCURACY)
    settings = SearchSettings(options.kernels, seed=0)
    proposer = EmbeddingProposer(StudentSpace(space), objective, settings)
    drawn = space.sample(trials + rounds, generator(0, "benchmark", 0))
    accuracy = synthetic_accuracy(space, drawn).tolist()
    observations = [
        Observation(number, edits, accuracy[number])
        for number, edits in enumerate(space.edits(drawn))
    ]
    seconds = []
    for number in range(rounds + 1):
        started = time.perf_counter()
        with profile if profile is not None and number else nullcontext():
            proposer.tell(observations[number : number + trials], [])
            proposer.ask(options.kernels)
        seconds.append(time.perf_counter() - started)
    return seconds, _outlook(proposer, {x.number: x.edits for x in observations[rounds:]})


def _outlook(proposer: EmbeddingProposer, trials: dict[int, Edits]) -> tuple[float, float]:
    proposer.outlook()  # the first time its random students are drawn
    started = time.perf_counter()
    outlook = proposer.outlook()
    copied = time.perf_counter()
    assert outlook is not None
    outlook.random_search(len(trials))
    outlook.map(trials, {})
    return copied - started, time.perf_counter() - copied


def _settings() -> dict[str, object]:
    """Returns the settings that a round's time depends on, as the search has them."""
    return {
        "candidates": embedding_proposer.CANDIDATES,
        "climbs": embedding_proposer.CLIMBS,
        "climb_steps": embedding_proposer.STEPS,
        "fitted": embedding_proposer.FITTED,
        "known": embedding_proposer.KNOWN,
        "samples": acquisition.SAMPLES,
        "encoder_steps": {"cold": surrogate.FIRST_STEPS, "warm": surrogate.WARM_STEPS},
        "hyperparameter_steps": surrogate.HYPERPARAMETER_STEPS,
    }


def _peak_memory_bytes() -> int:
    """Returns the most that this process has held in memory, libraries included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB


def _report(
    options: argparse.Namespace,
    seconds: list[float],
    outlook_s: tuple[float, float],
    layers: int,
) -> None:
    cold, warm = seconds[0], seconds[1:]
    memory_bytes = _peak_memory_bytes()
    error = statistics.stdev(warm) / len(warm) ** 0.5 if len(warm) > 1 else float("nan")
    result = {
        "benchmark": "proposal",
        "round_s": round(statistics.mean(warm), 3),
        "standard_error_s": None if math.isnan(error) else round(error, 3),
        "cold_round_s": round(cold, 3),
        "outlook_s": {"copied": round(outlook_s[0], 3), "looked_at": round(outlook_s[1], 3)},
        "rounds": options.rounds,
        "teacher": options.teacher,
        "layers": layers,
        "trials": options.trials,
        "kernels": options.kernels,
        "settings": _settings(),
        "peak_memory_bytes": memory_bytes,
        "accuracy": "synthetic",
        "threads": torch.get_num_threads(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "versions": {x: version(x) for x in ("torch", "gpytorch", "botorch", "linear-operator")}
        | {"python": platform.python_version()},
    }
    print(
        f"One proposal round, {options.teacher} ({layers} layers), {options.kernels} kernels,"
        f" {options.trials} trials on record, one thread:\n"
        f"  {statistics.mean(warm):.2f} ± {error:.2f} s (mean ± standard error of {len(warm)}),"
        f" {seconds[0]:.2f} s with fresh encoders; at most {memory_bytes / 1e9:.2f} GB in memory."
        f" What is shown of it: {outlook_s[0]:.3f} s to copy it, {outlook_s[1]:.2f} s to look."
        " Accuracies are synthetic; nothing is trained."
    )
    print(f"RESULT {json.dumps(result)}")


def _processor() -> str:
    """Returns the processor's name as the kernel tells it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((x.partition(": ")[2] for x in lines if x.startswith("model name")), "unknown")


if __name__ == "__main__":
    main()
