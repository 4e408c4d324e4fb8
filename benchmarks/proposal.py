"""How long one proposal round takes: every kernel fitted, each proposing one candidate.

The settings are the search's own; the trials on record are random students of the space, and their
accuracy is a synthetic smooth function of widths and removals (nothing is trained). The first
round fits fresh kernels, those measured after it warm ones, as in a running search.

    python -m benchmarks.proposal [--rounds 5] [--trials 160] [--kernels 8] [--teacher zoo/resnet18]
"""

import argparse
import json
import os
import platform
import statistics
import time
from importlib.metadata import version
from pathlib import Path

import torch
from torch import Tensor

from embedding import EmbeddingProposer, Limits, Objective, Observation, SearchSettings
from embedding.embedding_proposer import CANDIDATES
from embedding.seeds import generator
from embedding.surrogate import FIRST_STEPS, WARM_STEPS
from networks import Candidates, Space, input_size, network, trace

TEACHER_ACCURACY = 0.95


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=160)
    parser.add_argument("--kernels", type=int, default=8)
    parser.add_argument("--teacher", default="zoo/resnet18")
    options = parser.parse_args()
    torch.set_num_threads(1)
    space = _space(options.teacher)
    seconds = _measure(space, options.trials, options.kernels, options.rounds)
    _report(options, seconds, len(space.layers))


def _space(teacher: str) -> Space:
    size = input_size(teacher, 32)
    return Space(trace(network(teacher, 10, 3), torch.zeros(1, 3, size, size)).architecture)


def synthetic_accuracy(space: Space, candidates: Candidates) -> Tensor:
    """Returns `n` accuracies that fall smoothly as groups narrow and layers go, float64."""
    weight = torch.linspace(0.2, 2, len(space.groups), dtype=torch.float64)
    narrow = torch.exp(-6 * candidates.widths.double() / space.teacher().widths)
    removed = candidates.removed.double().mean(1) if len(space.removals) else torch.zeros(1)
    return (TEACHER_ACCURACY - 0.5 * narrow @ (weight / weight.sum()) - 0.1 * removed).clamp(0.1, 1)


def _measure(space: Space, trials: int, kernels: int, rounds: int) -> list[float]:
    """Returns the seconds of a cold round and of `rounds` warm ones, one trial more told each."""
    params = int(space.costs(space.teacher()).params)
    objective = Objective("score", Limits(), params, TEACHER_ACCURACY)
    proposer = EmbeddingProposer(space, objective, SearchSettings(kernels, seed=0))
    drawn = space.sample(trials + rounds, generator(0, "benchmark", 0))
    accuracy = synthetic_accuracy(space, drawn).tolist()
    observations = [
        Observation(number, edits, accuracy[number])
        for number, edits in enumerate(space.edits(drawn))
    ]
    seconds = []
    for number in range(rounds + 1):
        started = time.perf_counter()
        proposer.tell(observations[number : number + trials], [])
        proposer.ask(kernels)
        seconds.append(time.perf_counter() - started)
    return seconds


def _report(options: argparse.Namespace, seconds: list[float], layers: int) -> None:
    cold, warm = seconds[0], seconds[1:]
    error = statistics.stdev(warm) / len(warm) ** 0.5 if len(warm) > 1 else float("nan")
    result = {
        "benchmark": "proposal",
        "round_s": round(statistics.mean(warm), 3),
        "standard_error_s": round(error, 3),
        "cold_round_s": round(cold, 3),
        "rounds": options.rounds,
        "teacher": options.teacher,
        "layers": layers,
        "trials": options.trials,
        "kernels": options.kernels,
        "candidates": CANDIDATES,
        "fit_steps": {"cold": FIRST_STEPS, "warm": WARM_STEPS},
        "accuracy": "synthetic",
        "threads": torch.get_num_threads(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "versions": {x: version(x) for x in ("torch", "gpytorch", "botorch", "linear-operator")}
        | {"python": platform.python_version()},
    }
    print(
        f"One proposal round, {options.teacher} ({layers} layers), {options.kernels} kernels,"
        f" {options.trials} trials on record, {CANDIDATES} candidates a kernel, one thread:\n"
        f"  {statistics.mean(warm):.2f} ± {error:.2f} s (mean ± standard error of {len(warm)}),"
        f" {cold:.2f} s with fresh kernels. Accuracies are synthetic; nothing is trained."
    )
    print(f"RESULT {json.dumps(result)}")


def _processor() -> str:
    """Returns the processor's name as the kernel tells it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((x.partition(": ")[2] for x in lines if x.startswith("model name")), "unknown")


if __name__ == "__main__":
    main()
