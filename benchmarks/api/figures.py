"""From what was measured to what is told: percentiles of a run, mean and error of several."""

import math
import statistics
from collections.abc import Mapping, Sequence


def percentiles(took_ms: Sequence[float]) -> dict[str, float]:
    """Returns how many there were, and the 50th, 95th and 99th percentile and the longest."""
    ordered = sorted(took_ms)
    found = {f"p{share}_ms": round(nearest_rank(ordered, share / 100), 2) for share in (50, 95, 99)}
    return {"n": len(ordered), **found, "max_ms": round(ordered[-1], 2)}


def nearest_rank(ordered: Sequence[float], share: float) -> float:
    """Returns the least of ascending figures that so great a share of them is not above."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def mean_and_error(figures: Sequence[float]) -> dict[str, float]:
    """Returns the mean of several runs and its standard error; of one run no error."""
    found = {"mean": round(statistics.fmean(figures), 2)}
    if len(figures) > 1:
        found["se"] = round(statistics.stdev(figures) / math.sqrt(len(figures)), 2)
    return found


def table(rows: Mapping[str, Mapping[str, float]]) -> str:
    """Returns lines that show the percentiles by kind, the most frequent kind first."""
    by_number = sorted(rows.items(), key=lambda row: -row[1]["n"])
    return "\n".join(
        f"{kind:>18}  " + "  ".join(f"{name} {value:>8}" for name, value in row.items())
        for kind, row in by_number
    )
