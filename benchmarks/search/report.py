"""The printed tables, and the `RESULT` line."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from math import isnan
from pathlib import Path

from benchmarks.search.methods import METHODS
from benchmarks.search.summary import CHECKPOINTS, Comparison, MethodSummary, compare


@dataclass(frozen=True)
class Panel:
    """All searches of one table and one task."""

    table: str
    task: str
    methods: Mapping[str, MethodSummary]
    evaluations: int

    @property
    def comparison(self) -> Comparison | None:
        """Ours against the best peer."""
        return compare(self.methods, [x for x, y in METHODS.items() if y.group == "peer"])


def panel_text(panel: Panel) -> str:
    """Returns a table of the panel's searches, and how ours compares."""
    return f"{table_text(panel)}\n{_comparison_text(panel.comparison)}"


def table_text(panel: Panel) -> str:
    """Returns a table of the panel's searches."""
    steps = [x for x in CHECKPOINTS if x <= panel.evaluations]
    width = 1 + max(map(len, panel.methods))
    title = (
        f"\n{panel.table}, {panel.task}: mean regret x 1000 ± standard error after n evaluations;"
        " evaluations to regret <= 0.001 (median, quartiles)"
    )
    lines = [
        title,
        " " * width
        + "".join(f"{x:>16}" for x in steps)
        + f"{'to 0.001':>20}{'s/proposal':>12}{'seeds':>7}",
    ]
    for name, method in panel.methods.items():
        cells = "".join(f"{_regret(method, x):>16}" for x in steps)
        reached = _to_target(method, panel.evaluations)
        lines.append(
            f"{name:<{width}}{cells}{reached:>20}{method.propose_s:>12.3f}{len(method.seeds):>7}"
        )
    return "\n".join(lines)


def _regret(method: MethodSummary, evaluations: int) -> str:
    mean, error = method.regret_at(evaluations)
    return f"{1000 * mean:.2f}" + ("" if isnan(error) else f" ± {1000 * error:.2f}")


def _to_target(method: MethodSummary, evaluations: int) -> str:
    def text(count: float) -> str:
        return f">{evaluations}" if count > evaluations else f"{count:g}"

    low, median, high = method.quartiles()
    return f"{text(median)} ({text(low)}, {text(high)})"


def _comparison_text(comparison: Comparison | None) -> str:
    if comparison is None:
        return "no peer ran"
    if comparison.ratio is None:
        return f"the best peer is {comparison.best_peer}; no ratio is known"
    bound = "" if comparison.ratio_is == "exact" else f"{comparison.ratio_is} "
    return (
        f"ours takes {bound}{comparison.ratio:.2f} of the evaluations of the best peer,"
        f" {comparison.best_peer}; Wilcoxon p, paired by seed:"
        f" evaluations {_p(comparison.p_to_target)}, area under the regret {_p(comparison.p_area)}"
    )


def _p(value: float | None) -> str:
    return "not known" if value is None else f"{value:.2g}"


def result(
    panels: Sequence[Panel], versions: Mapping[str, str], seeds: int, evaluations: int
) -> dict[str, object]:
    """Returns the object of the `RESULT` line.

    Args:
        panels: Of all tables and tasks.
        versions: Of each search (`methods.version_of`).
        seeds: How many.
        evaluations: Of a run.
    """
    tables: dict[str, dict[str, object]] = {}
    for panel in panels:
        comparison = panel.comparison
        tables.setdefault(panel.table, {})[panel.task] = {
            "methods": {name: x.to_json() for name, x in panel.methods.items()},
            "best_peer": comparison.best_peer if comparison else None,
            "ratio": comparison.ratio if comparison else None,
            "ratio_is": comparison.ratio_is if comparison else None,
            "p": comparison.p_to_target if comparison else None,
            "p_area": comparison.p_area if comparison else None,
        }
    return {
        "benchmark": "search",
        "tables": tables,
        "versions": {
            "python": platform.python_version(),
            **{x: version(x) for x in ("torch", "botorch", "numpy")},
            "methods": dict(versions),
        },
        "hardware": {"processor": processor(), "cores": os.cpu_count(), "threads_a_run": 1},
        "seeds": seeds,
        "evaluations": evaluations,
    }


def processor() -> str:
    """Returns the processor's name, where Linux tells it."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
