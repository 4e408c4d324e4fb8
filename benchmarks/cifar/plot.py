"""A picture of the searches: the best score against the minutes since the job began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.cifar.runs import ADAPRUNER, EMBEDDING, METHODS, RANDOM, Key, Run

# They stay apart for colour-blind readers (Okabe and Ito 2008).
COLOURS = {EMBEDDING: "black", RANDOM: "#E69F00", ADAPRUNER: "#0072B2"}
MINUTE_S = 60.0


def draw(runs: Mapping[Key, Run], file: Path) -> None:
    """Writes the picture; its form is what the file's name ends with (`.png`, `.svg`, `.pdf`).

    A thin line is a seed's search, a bold one the mean of all seeds' searches, and a point the
    student that a job ended with: its score has risen by the final training.
    """
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    ax = figure.subplots()
    for method in METHODS:
        mine = [run for run in runs.values() if run.method == method]
        if mine:
            _draw_method(ax, method, mine)
    _name_points(ax, list(runs.values()))
    ax.set_xlim(left=0)
    ax.set_xlabel("minutes since the job began")
    ax.set_ylabel("best score")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="#E5E5E5", linewidth=0.6)
    ax.legend(loc="lower right", frameon=False, fontsize=8)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)


def _name_points(ax: Axes, runs: Sequence[Run]) -> None:
    right = max(run.wall_s / MINUTE_S for run in runs)
    highest = max(run.final.score for run in runs)
    ax.annotate(
        "final students",
        (right, highest),
        xytext=(0, 7),
        textcoords="offset points",
        ha="center",
        fontsize=8,
    )


def _draw_method(ax: Axes, method: str, runs: Sequence[Run]) -> None:
    colour = COLOURS[method]
    ends = [run.wall_s / MINUTE_S for run in runs]
    ax.plot(ends, [run.final.score for run in runs], "o", color=colour, markersize=5)
    if method == ADAPRUNER:  # its one trial is no search
        ax.plot([], [], "o", color=colour, label=f"{method} (one network, trained as long)")
        return
    for run in runs:
        times, scores = steps(run)
        ax.step(times / MINUTE_S, scores, where="post", color=colour, linewidth=0.7, alpha=0.5)
    times, means = mean_steps(runs)
    ax.step(times / MINUTE_S, means, where="post", color=colour, linewidth=2.2, label=method)


def steps(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Returns seconds since the job began and the best score from each on, to the search's end."""
    progress = [*run.progress(), (run.finishing_s, run.best)]
    return np.array([time for time, _ in progress]), np.array([score for _, score in progress])


def mean_steps(runs: Sequence[Run]) -> tuple[np.ndarray, np.ndarray]:
    """Returns the mean of the runs' best scores, from when all have one until the first ends."""
    lines = [steps(run) for run in runs]
    begin, end = max(times[0] for times, _ in lines), min(times[-1] for times, _ in lines)
    changes = np.unique(np.concatenate([times for times, _ in lines]))
    times = changes[(changes >= begin) & (changes <= end)]
    rows = [scores[np.searchsorted(own, times, side="right") - 1] for own, scores in lines]
    return times, np.mean(rows, axis=0)
