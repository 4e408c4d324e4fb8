"""How long 1,000 candidates take to be drawn, encoded and costed, on one thread.

Drawing is the space's random operations in their normal form; encoding is the layer table and the
embedding's tokens; costing is parameters, MACs, bytes and activations of each.

    python -m benchmarks.candidates [--runs 10] [--candidates 1000]
"""

import argparse
import itertools
import json
import os
import platform
import statistics
import time
from importlib.metadata import version
from pathlib import Path

import torch

from embedding.encoding import encode
from networks import Space, input_size, network, trace, weightless

# Each network and the seconds that all three may take together.
LIMITS_S = {
    "zoo/resnet18": 0.3,
    "torchvision/resnet18": 0.3,
    "torchvision/densenet121": 1.0,
    "torchvision/efficientnet_b0": 1.0,
}
STEPS = ("draw", "encode", "cost")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--candidates", type=int, default=1000)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{options.candidates} candidates, one thread, mean ± standard error of {options.runs}")
    networks = {}
    for name, limit_s in LIMITS_S.items():
        space = _space(name)
        _run(space, options.candidates, 0)  # the first pays for what torch loads late
        runs = [_run(space, options.candidates, seed) for seed in range(options.runs)]
        networks[name] = _summary(space, runs, limit_s)
        print(_line(name, networks[name]), flush=True)
    result = {
        "benchmark": "candidates",
        "candidates": options.candidates,
        "runs": options.runs,
        "threads": torch.get_num_threads(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "versions": {"torch": version("torch"), "python": platform.python_version()},
        "networks": networks,
    }
    print(f"RESULT {json.dumps(result)}")


def _space(name: str) -> Space:
    size = input_size(name, 32)
    with weightless():
        module = network(name, 10, 3)
    return Space(trace(module, torch.zeros(1, 3, size, size, device="meta")).architecture)


def _run(space: Space, n: int, seed: int) -> list[float]:
    """Returns the seconds of each step."""
    marks = [time.perf_counter()]
    drawn = space.sample(n, torch.Generator().manual_seed(seed))
    marks.append(time.perf_counter())
    encode(space.layers, space.table(drawn))
    marks.append(time.perf_counter())
    space.costs(drawn)
    marks.append(time.perf_counter())
    return [end - start for start, end in itertools.pairwise(marks)]


def _summary(space: Space, runs: list[list[float]], limit_s: float) -> dict[str, float]:
    totals = [sum(run) for run in runs]
    error = statistics.stdev(totals) / len(totals) ** 0.5 if len(totals) > 1 else float("nan")
    steps = {f"{step}_s": statistics.mean(run[i] for run in runs) for i, step in enumerate(STEPS)}
    return {
        "layers": len(space.layers),
        "groups": len(space.groups),
        "skips": len(space.skips),
        **{name: round(value, 4) for name, value in steps.items()},
        "total_s": round(statistics.mean(totals), 4),
        "standard_error_s": round(error, 4),
        "limit_s": limit_s,
        "share_of_limit": round(statistics.mean(totals) / limit_s, 3),
    }


def _line(name: str, found: dict[str, float]) -> str:
    steps = ", ".join(f"{step} {found[f'{step}_s']:.3f}" for step in STEPS)
    return (
        f"  {name}: {found['total_s']:.3f} ± {found['standard_error_s']:.3f} s ({steps});"
        f" at most {found['limit_s']} s"
    )


def _processor() -> str:
    """Returns the processor's name as the kernel tells it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((x.partition(": ")[2] for x in lines if x.startswith("model name")), "unknown")


if __name__ == "__main__":
    main()
