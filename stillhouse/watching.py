"""Shows a job to whoever watches: a live picture in a terminal, plain lines elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.live import Live

from stillhouse.following import Look
from stillhouse.picture import PICTURE_WIDTH, clock_time, count, picture

# Rich names a font on a server; a picture should ask nobody.
_REMOTE_FONT = re.compile(r"@font-face\s*\{[^}]*\}")


def watch(looks: Iterable[Look], console: Console) -> Look:
    """Shows looks as they come; returns the last, which stays on the screen.

    Args:
        looks: At least one look.
        console: Where to show them.
    """
    return _watch_live(looks, console) if console.is_terminal else _watch_lines(looks, console)


def save_picture(look: Look, path: Path) -> None:
    """Writes a look as an SVG, in the monospaced font of whoever views it."""
    console = Console(record=True, width=PICTURE_WIDTH, file=StringIO(), force_terminal=True)
    console.print(picture(look))
    drawn = console.export_svg(title="stillhouse")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_REMOTE_FONT.sub("", drawn), "utf-8")


def _watch_live(looks: Iterable[Look], console: Console) -> Look:
    with Live(console=console, auto_refresh=False) as live:
        for look in looks:
            live.update(picture(look), refresh=True)
    return look


def _watch_lines(looks: Iterable[Look], console: Console) -> Look:
    said: set[str] = set()
    for look in looks:
        for line in _lines(look):
            if line not in said:
                said.add(line)
                console.print(line, markup=False, highlight=False, soft_wrap=True)
    return look


def _lines(look: Look) -> list[str]:
    """All that is to be said of a job so far; a line said before is not said again."""
    status = look.status
    teacher = [
        f"teacher: {count(found.params)} params, accuracy {found.accuracy:.4f}"
        for found in [status.teacher]
        if found is not None
    ]
    trials = [
        f"trial {trial.number}: {count(trial.params)} params, "
        f"accuracy {trial.accuracy:.4f}, score {score:.4f}{', reused' if trial.reused_from else ''}"
        for trial, score in look.completed
        if trial.accuracy is not None
    ]
    stopped = [
        f"trial {trial.number}: stopped after epoch {trial.epochs}"
        for trial in look.trials
        if trial.state == "stopped"
    ]
    failed = [f"trial {trial.number}: failed" for trial in look.trials if trial.state == "failed"]
    ended = f" after {clock_time(look.elapsed_s)}" if status.finished else ""
    return [*teacher, *trials, *stopped, *failed, f"{status.id} {status.state}{ended}"]
