"""How well measured latency is predicted: from what a network computes, and from its MACs alone.

Random students of some teachers are measured with random weights, then each is predicted from the
others. Printed for each runtime: the leave-one-out error of the predictor and of the best straight
line through the MACs, as shares of what was measured, and the rank correlations.

    python -m benchmarks.latency [--students 20] [--teacher torchvision/mobilenet_v2:64 …]
"""

import argparse
import json
import os
import platform
from collections.abc import Callable
from importlib.metadata import version

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor

from embedding.seeds import generator
from networks import (
    Candidates,
    LatencyPredictor,
    LatencySetting,
    Space,
    measure_latency,
    network,
    trace,
    untrained,
)
from networks.latency import Runtime

TEACHERS = ("zoo/resnet20:32", "torchvision/mobilenet_v2:64", "torchvision/efficientnet_b0:64")
RUNTIMES: tuple[Runtime, ...] = ("onnxruntime", "pytorch")
ROUND_TO = 8
Predict = Callable[[Tensor], Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=20)
    parser.add_argument("--teacher", action="append", help="NAME:PIXELS")
    options = parser.parse_args()
    torch.set_num_threads(1)
    found = []
    for teacher in options.teacher or TEACHERS:
        space = _space(teacher)
        candidates = _spread(space, options.students)
        for runtime in RUNTIMES:
            ms = _measured(space, candidates, LatencySetting(runtime))
            found.append({"teacher": teacher, "runtime": runtime} | _judged(space, candidates, ms))
            print(json.dumps(found[-1]))
    versions = {name: version(name) for name in ("torch", "onnxruntime")}
    result = {
        "benchmark": "latency",
        "batch_size": 1,
        "threads": 1,
        "found": found,
        "load": os.getloadavg()[0],
        "cores": os.cpu_count(),
        "versions": versions | {"python": platform.python_version()},
    }
    print(f"RESULT {json.dumps(result)}")


def _space(teacher: str) -> Space:
    name, _, size = teacher.partition(":")
    pixels = int(size)
    traced = trace(network(name, 10, 3), torch.zeros(1, 3, pixels, pixels))
    return Space(traced.architecture, ROUND_TO)


def _spread(space: Space, n: int) -> Candidates:
    """Returns the teacher, the smallest, and students that spread over the logarithm of MACs."""
    drawn = space.sample(1024, generator(0, "benchmark", 0))
    sizes = space.costs(drawn).macs.double().log()
    targets = torch.linspace(float(sizes.min()), float(sizes.max()), n - 2, dtype=torch.float64)
    rows = (sizes[None] - targets[:, None]).abs().argmin(dim=1).unique()
    return Candidates.cat([space.teacher(), space.smallest(), drawn[rows]])


def _measured(space: Space, candidates: Candidates, setting: LatencySetting) -> Tensor:
    """Returns the median milliseconds of each, `n`."""
    medians = []
    for edits in space.edits(candidates):
        architecture = space.student(edits)
        module = untrained(architecture)
        medians.append(measure_latency(module, architecture.input_shape, setting).median_ms)
    return torch.tensor(medians, dtype=torch.float64)


def _judged(space: Space, candidates: Candidates, ms: Tensor) -> dict[str, object]:
    features = space.latency_features(candidates)
    macs = space.costs(candidates).macs[:, None]
    told: dict[str, object] = {"measured": len(ms), "ms": [ms.min().item(), ms.max().item()]}
    for name, fit, columns in (("predictor", LatencyPredictor, features), ("macs", _line, macs)):
        predicted = _left_out(fit, columns, ms)
        error = (predicted / ms - 1).abs().numpy()
        told[name] = {
            "median_error": round(float(np.median(error)), 4),
            "p90_error": round(float(np.percentile(error, 90)), 4),
            "rank_correlation": round(float(spearmanr(predicted, ms).statistic), 4),
        }
    return told


def _left_out(fit: Callable[[Tensor, Tensor], Predict], columns: Tensor, ms: Tensor) -> Tensor:
    """Returns each one's prediction from a fit to the others, `n`."""
    rows = torch.arange(len(ms))
    predictions = [
        fit(columns[rows != row], ms[rows != row])(columns[row : row + 1]) for row in rows.tolist()
    ]
    return torch.cat(predictions)


def _line(macs: Tensor, ms: Tensor) -> Predict:
    """Fits a straight line by least squares of the relative errors."""
    columns = torch.cat([macs.double(), torch.ones(len(ms), 1)], dim=1)
    line = torch.linalg.lstsq(columns / ms[:, None], torch.ones(len(ms), 1).double()).solution
    return lambda others: others[:, 0].double() * line[0] + line[1]


if __name__ == "__main__":
    main()
