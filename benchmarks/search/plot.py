"""A picture of the regret: a panel a table and task, a line a search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.search.report import Panel
from benchmarks.search.summary import OURS, MethodSummary

# Colours that stay apart for colour-blind readers (Okabe and Ito 2008); ours is the darkest.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#8C8C00", "#7F7F7F")
DASHES = ("-", "--", "-.", ":")
# A logarithm of zero has no place: what is below is drawn here.
LEAST = 1e-5


def draw(panels: Sequence[Panel], file: Path) -> None:
    """Writes the picture; its form is what the file's name ends with (`.png`, `.svg`, `.pdf`)."""
    tables = list(dict.fromkeys(x.table for x in panels))
    tasks = list(dict.fromkeys(x.task for x in panels))
    figure = Figure(figsize=(5.4 * len(tasks) + 0.4, 3.6 * len(tables) + 0.3), layout="constrained")
    axes = figure.subplots(len(tables), len(tasks), squeeze=False)
    names = list(dict.fromkeys(name for x in panels for name in x.methods))
    for ax in axes.flat:
        ax.set_visible(False)
    for panel in panels:
        ax = axes[tables.index(panel.table), tasks.index(panel.task)]
        ax.set_visible(True)
        _draw_panel(ax, panel, names)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)


def _draw_panel(ax: Axes, panel: Panel, names: Sequence[str]) -> None:
    ends = []
    for name, method in panel.methods.items():
        colour, dash = _style(name, names)
        mean = _draw_method(ax, method, colour, dash, 2.4 if name == OURS else 1.5)
        ends.append((max(float(mean[-1]), LEAST), name, colour))
    ax.axhline(1e-3, color="black", linewidth=0.6, linestyle=(0, (1, 3)))
    ax.set_yscale("log")
    ax.set_xlim(1, panel.evaluations)
    ax.set_ylim(bottom=LEAST * 0.8)
    _label(ax, sorted(ends))
    ax.set_title(f"{panel.table}, {panel.task}", fontsize=10)
    ax.set_xlabel("evaluations")
    ax.set_ylabel("mean regret")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="#E5E5E5", linewidth=0.6)


def _draw_method(
    ax: Axes, method: MethodSummary, colour: str, dash: str, width: float
) -> np.ndarray:
    """Draws the mean and its standard error; returns the mean."""
    mean: np.ndarray = method.found.mean(0)
    x = np.arange(1, len(mean) + 1)
    ax.plot(x, mean.clip(LEAST), dash, color=colour, linewidth=width)
    if len(method.seeds) > 1:
        error = method.found.std(0, ddof=1) / len(method.seeds) ** 0.5
        low, high = (mean - error).clip(LEAST), (mean + error).clip(LEAST)
        ax.fill_between(x, low, high, color=colour, alpha=0.13, linewidth=0)
    return mean


def _style(name: str, names: Sequence[str]) -> tuple[str, str]:
    """Returns a search's colour and dashes, the same in every panel."""
    if name == OURS:
        return "black", "-"
    number = [x for x in names if x != OURS].index(name)
    return COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]


def _label(ax: Axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Writes each search's name at its line's end, from below, none over another."""
    low, high = (float(np.log10(x)) for x in ax.get_ylim())
    last = -np.inf
    for value, name, colour in ends:
        place = (np.log10(value) - low) / (high - low)
        last = max(place, last + 0.06)
        ax.annotate(
            f" {name}",
            (1, last),
            xycoords="axes fraction",
            color=colour,
            fontsize=8,
            va="center",
            fontweight="bold" if name == OURS else "normal",
        )
