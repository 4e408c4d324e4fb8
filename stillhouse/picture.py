"""A look at a job as a person sees it: teacher, progress, best so far, and the last trials."""

from __future__ import annotations

from rich import box
from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from stillhouse.bars import bar, sparkline
from stillhouse.documents import Best, Trial
from stillhouse.following import Look

PICTURE_WIDTH = 96
_TRIALS_SHOWN = 12
_BAR_WIDTH = 12
_LINE_WIDTH = 20
_COLORS = {
    "succeeded": "green",
    "completed": "green",
    "stopped": "bright_black",
    "failed": "red",
    "cancelled": "yellow",
    "paused": "yellow",
    "running": "cyan",
    "queued": "bright_black",
}


def picture(look: Look) -> RenderableType:
    """Returns what is drawn for a look, at most PICTURE_WIDTH columns wide."""
    status = look.status
    color = _COLORS.get(status.state, "cyan")
    parts: list[RenderableType] = [_facts(look), Text(), _trials(look)]
    if status.error:
        parts += [Text(), Text(_reason(look), style="red")]
    panel = Panel(
        Group(*parts),
        title=Text(f" {status.name or status.id} · {status.state} ", style=f"bold {color}"),
        subtitle=Text(f" {status.id} ", style="bright_black"),
        border_style=color,
        box=box.ROUNDED,
        padding=(1, 2),
    )
    return Constrain(panel, PICTURE_WIDTH)


def clock_time(seconds: float) -> str:
    """Returns a duration as `m:ss`, or `h:mm:ss` from an hour on."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def count(number: int) -> str:
    """Returns a number of parameters or MACs with three digits and a unit: `272k`, `11.2M`."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g}{unit}"
    return str(number)


def _reason(look: Look) -> str:
    error = look.status.error or {}
    return str(error.get("detail") or error.get("title") or "no reason was given")


def _facts(look: Look) -> Table:
    stage = look.status.progress.stage or look.status.state
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bright_black", min_width=len("progress"))
    facts.add_column(no_wrap=True)
    facts.add_row("teacher", _teacher(look))
    facts.add_row("now", Text(f"{stage} · {clock_time(look.elapsed_s)}", style="cyan"))
    facts.add_row("progress", _progress(look))
    facts.add_row("best", _best(look))
    return facts


def _teacher(look: Look) -> Text:
    wanted = look.status.request.get("teacher", {})
    text = Text(str(wanted.get("network") or wanted.get("id") or "?"), style="bold")
    teacher = look.status.teacher
    if teacher is None:
        return text.append("  in training", style="bright_black")
    figures = f"  {count(teacher.params)} params · {count(teacher.macs)} MACs · accuracy "
    return text.append(figures, style="default").append(f"{teacher.accuracy:.1%}", style="bold")


def _progress(look: Look) -> Table:
    progress = look.status.progress
    row = Table.grid(padding=(0, 2))
    counts = f"{progress.tried}/{progress.total} trials"
    if progress.running:
        counts += f" · {progress.running} running"
    if progress.stopped:
        counts += f" · {progress.stopped} stopped"
    if progress.failed:
        counts += f" · {progress.failed} failed"
    row.add_row(ProgressBar(max(progress.total, 1), progress.tried, width=_LINE_WIDTH), counts)
    return row


def _best(look: Look) -> Text:
    best = look.status.best
    if best is None:
        return Text("none yet", style="bright_black")
    text = Text.assemble(
        ("score ", "default"), (f"{best.score:.4f}", "bold green"), ("  accuracy ", "default"),
        (f"{best.accuracy:.1%}", "bold green"), (" with ", "default"),
        (f"{best.params_ratio:.2%}", "bold green"), (" of the parameters  ", "default"),
    )  # fmt: skip
    return text.append(sparkline(look.best_scores, _LINE_WIDTH), style="green")


def _trials(look: Look) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bright_black", pad_edge=False)
    table.add_column("trial", justify="right")
    table.add_column("state")
    table.add_column(f"parameters, of {_full_bar(look):.0%}")
    for name in ("MACs", "accuracy", "score", "time"):
        table.add_column(name, justify="right")
    started = [trial for trial in look.trials if trial.state != "queued"]
    for trial in started[-_TRIALS_SHOWN:]:
        table.add_row(*_row(trial, look), style=_style(trial, look.status.best))
    for _ in range(_TRIALS_SHOWN - len(started)):  # the picture keeps its height
        table.add_row()
    return table


def _style(trial: Trial, best: Best | None) -> str:
    if best is not None and trial.number == best.trial:
        return "bold green"
    return "bright_black" if trial.state in {"cancelled", "stopped"} else ""


def _row(trial: Trial, look: Look) -> list[RenderableType]:
    mark = "★" if look.status.best is not None and trial.number == look.status.best.trial else " "
    return [
        f"{mark} {trial.number}",
        Text(trial.state, style=_COLORS.get(trial.state, "")),
        _size(trial, look),
        count(trial.macs),
        f"{trial.accuracy:.1%}" if trial.accuracy is not None else "",
        f"{trial.score:.4f}" if trial.score is not None else "",
        f"{trial.duration_s:.1f} s" if trial.duration_s is not None else "",
    ]


def _size(trial: Trial, look: Look) -> Text:
    teacher = look.status.teacher
    share = trial.params / teacher.params if teacher else 0.0
    return Text.assemble(
        (bar(share / _full_bar(look), _BAR_WIDTH), "cyan on grey23"),
        f" {share:6.2%}  {count(trial.params):>6}",
    )


def _full_bar(look: Look) -> float:
    """The share of the teacher's parameters that a full bar stands for: the most allowed."""
    return float(look.status.request.get("constraints", {}).get("params_ratio") or 1.0)
