"""How far a job is, for those who wait for it: a bar in a terminal, a widget in a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from html import escape

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from stillhouse.bars import sparkline
from stillhouse.following import Look
from stillhouse.picture import clock_time, count
from stillhouse.watching import Show, plain_lines

_BAR_WIDTH = 24
_LINE_WIDTH = 20


def progress(console: Console) -> AbstractContextManager[Show]:
    """Returns what shows looks where the user is; what it showed last stays.

    In a notebook it is an element of the page, in a terminal a bar, elsewhere plain lines.
    """
    if console.is_jupyter:
        return _in_notebook()
    return _in_terminal(console) if console.is_terminal else plain_lines(console)


def bar_lines(look: Look) -> Group:
    """Returns two lines: a bar, the trials and what is done now, and below it the best so far."""
    done = look.status.progress
    line = Table.grid(padding=(0, 2))
    bar = ProgressBar(max(done.total, 1), done.tried, width=_BAR_WIDTH)
    now = Text(f"{_stage(look)} · {clock_time(look.elapsed_s)}", style="cyan")
    line.add_row(bar, f"{done.tried}/{done.total} trials", now)
    return Group(line, Text(_best(look), style="green"))


def page_element(look: Look) -> str:
    """Returns the same as HTML for a notebook, with what is known of the teacher."""
    status, done = look.status, look.status.progress
    rows = [
        ("job", f"{status.id} · {status.state}"),
        ("teacher", _teacher(look)),
        ("now", f"{_stage(look)} · {clock_time(look.elapsed_s)}"),
        ("progress", f"{done.tried} of {done.total} trials"),
        ("students", f"{_best(look)} {sparkline(look.best_scores, _LINE_WIDTH)}"),
    ]
    if status.error:
        rows.append(("error", str(status.error.get("detail") or status.error.get("title") or "")))
    cells = "".join(
        f'<tr><th style="text-align:left">{name}</th>'
        f'<td style="text-align:left">{escape(told)}</td></tr>'
        for name, told in rows
    )
    bar = (
        f'<progress value="{done.tried}" max="{max(done.total, 1)}" style="width:30em" '
        f'aria-label="trials that have ended"></progress>'
    )
    return f"<div>{bar}<table>{cells}</table></div>"


def _stage(look: Look) -> str:
    return look.status.progress.stage or look.status.state


def _teacher(look: Look) -> str:
    teacher = look.status.teacher
    if teacher is None:
        return "not measured yet"
    return (
        f"{count(teacher.params)} parameters · {count(teacher.macs)} MACs · "
        f"accuracy {teacher.accuracy:.1%}"
    )


def _best(look: Look) -> str:
    best = look.status.best
    if best is None:
        return "no student yet"
    return (
        f"best: score {best.score:.4f}, accuracy {best.accuracy:.1%}, "
        f"{best.params_ratio:.1%} of the parameters"
    )


@contextmanager
def _in_terminal(console: Console) -> Iterator[Show]:
    with Live(console=console, auto_refresh=False) as live:
        yield lambda look: live.update(bar_lines(look), refresh=True)


@contextmanager
def _in_notebook() -> Iterator[Show]:
    from IPython.display import HTML, display

    handle = display(HTML("<div>waiting for the server</div>"), display_id=True)
    yield lambda look: handle.update(HTML(page_element(look)))
