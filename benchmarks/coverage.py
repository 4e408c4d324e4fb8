"""Which networks can be compressed, ours and Torch-Pruning's side by side.

Every network is traced (on the meta device, and up to 50 million parameters for real: both times
are printed), and random students of it are built, run forward and backward, and counted
with PyTorch's own counters; Torch-Pruning is asked to drop half of the channels of the same network
and to run what is left. A network that fails is a row with its reason.

    python -m benchmarks.coverage [--only PATTERN] [--candidates 5]
"""

import argparse
import json
import os
import platform
import re
import time
import warnings
from collections.abc import Sequence
from importlib.metadata import version

import torch
from rich.console import Console
from rich.progress import Progress

from benchmarks.coverage_rows import Row, Theirs, measure, measure_theirs
from networks import NETWORK_NAMES

COLUMNS = (
    f"{'network':34} {'size':>4} {'layers':>6} {'groups':>6} {'gone':>4} {'shrink':>7}"
    f" {'checked':>7} {'trace':>6} {'export':>6} {'real':>6} {'export':>6} {'space':>6}"
    f" | {'groups':>6} {'shrink':>7} {'time':>6} | frozen, problems"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a regular expression that names must match")
    parser.add_argument("--candidates", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    names = [name for name in NETWORK_NAMES if re.search(options.only, name)]
    started = time.perf_counter()
    print(f"seconds; ours | Torch-Pruning {version('torch-pruning')}\n{COLUMNS}")
    rows: list[tuple[Row, Theirs]] = []
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("networks", total=len(names))
        measure(names[0] if names else "", 0)  # what PyTorch loads at first isn't that network's
        for name in names:
            progress.update(task, description=name)
            rows.append((measure(name, options.candidates), measure_theirs(name)))
            print(_line(*rows[-1]), flush=True)
            progress.advance(task)
    print(f"RESULT {json.dumps(_result(rows, time.perf_counter() - started))}")


def _line(ours: Row, theirs: Theirs) -> str:
    told = ", ".join(ours.frozen)
    if ours.problem:
        told += f" ours: {ours.problem}"
    if theirs.problem:
        told += f" Torch-Pruning: {theirs.problem}"
    return (
        f"{ours.name:34} {ours.size:4} {ours.layers:6} {ours.groups:6} {ours.removals:4}"
        f" {ours.share:7.1%} {ours.checked:7} {ours.trace_s:6.2f} {ours.export_s:6.2f}"
        f" {ours.real_trace_s:6.2f} {ours.real_export_s:6.2f} {ours.space_s:6.2f}"
        f" | {theirs.groups:6} {theirs.share:7.1%} {theirs.seconds:6.2f}"
        f" | {told.strip()}"
    )


def _result(rows: Sequence[tuple[Row, Theirs]], seconds: float) -> dict[str, object]:
    ours = [row for row, _ in rows if not row.problem]
    result: dict[str, object] = {"benchmark": "coverage"}
    for family in ("torchvision", "timm"):
        result[f"{family}_ok"] = sum(row.name.startswith(f"{family}/") for row in ours)
        result[f"{family}_total"] = sum(row.name.startswith(f"{family}/") for row, _ in rows)
        result[f"torch_pruning_{family}_ok"] = sum(
            row.name.startswith(f"{family}/") and not theirs.problem for row, theirs in rows
        )
    return result | {
        "torch_pruning_ok": sum(not theirs.problem for _, theirs in rows),
        "total": len(rows),
        "candidates_checked": sum(row.checked for row in ours),
        "tracing_ratio": _ratios([(row.trace_s, row.export_s) for row in ours]),
        "real_tracing_ratio": _ratios(
            [(row.real_trace_s, row.real_export_s) for row in ours if row.real_export_s]
        ),
        "seconds": round(seconds, 1),
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "versions": {x: version(x) for x in ("torch", "torchvision", "timm", "torch-pruning")}
        | {"python": platform.python_version()},
    }


def _ratios(traced_and_exported: Sequence[tuple[float, float]]) -> dict[str, float] | None:
    """How many times as long as `torch.export` alone tracing took: in all, and at the worst."""
    if not traced_and_exported:
        return None
    traced, exported = zip(*traced_and_exported, strict=True)
    worst = max(one / other for one, other in traced_and_exported)
    return {"all": round(sum(traced) / sum(exported), 2), "worst": round(worst, 2)}


if __name__ == "__main__":
    main()
