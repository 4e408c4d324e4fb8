"""Shows a job to whoever watches: a live picture in a terminal, plain lines elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.live import Live

from stillhouse.documents import JobStatus
from stillhouse.following import Look
from stillhouse.picture import PICTURE_WIDTH, clock_time, count, picture

Show = Callable[[Look], None]
"""Shows a look, in place of the one before."""

# Rich names a font on a server; a picture should ask nobody.
_REMOTE_FONT = re.compile(r"@font-face\s*\{[^}]*\}")


def watch(looks: Iterable[Look], console: Console) -> Look:
    """Shows looks as they come; returns the last, which stays on the screen.

    Args:
        looks: At least one look.
        console: Where to show them.
    """
    with (_live if console.is_terminal else plain_lines)(console) as show:
        for look in looks:
            show(look)
    return look


def save_picture(look: Look, path: Path) -> None:
    """Writes a look as an SVG, in the monospaced font of whoever views it."""
    console = Console(record=True, width=PICTURE_WIDTH, file=StringIO(), force_terminal=True)
    console.print(picture(look))
    drawn = console.export_svg(title="stillhouse")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_REMOTE_FONT.sub("", drawn), "utf-8")


@contextmanager
def plain_lines(console: Console) -> Iterator[Show]:
    """Yields what writes the news of each look as lines, for logs and pipes."""
    said: set[str] = set()

    def show(look: Look) -> None:
        for line in _lines(look):
            if line not in said:
                said.add(line)
                console.print(line, markup=False, highlight=False, soft_wrap=True)

    yield show


@contextmanager
def _live(console: Console) -> Iterator[Show]:
    with Live(console=console, auto_refresh=False) as live:
        yield lambda look: live.update(picture(look), refresh=True)


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
    now = status.progress.stage
    stage = [f"now: {now}"] if now and now != status.state else []
    best = [
        f"best to download: trial {found.trial}, score {found.score:.4f}, "
        f"accuracy {found.accuracy:.4f}, {count(found.params)} params "
        f"({found.params_ratio:.2%} of the teacher's)"
        for found in [status.best]
        if found is not None
    ]
    reason = [f"error: {told}" for told in [_reason(status)] if told]
    ended = f" after {clock_time(look.elapsed_s)}" if status.finished else ""
    last = f"{status.id} {status.state}{ended}"
    return [*teacher, *stage, *trials, *stopped, *failed, *best, *reason, last]


def _reason(status: JobStatus) -> str:
    error = status.error or {}
    return str(error.get("detail") or error.get("title") or "")
