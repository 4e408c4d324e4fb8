"""The command line: what `stillhouse` does when it is typed."""

from __future__ import annotations

import signal
import sys
from importlib.metadata import version
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from stillhouse.commands import (
    best,
    database,
    deletion,
    demo,
    doctor,
    estimate,
    jobs,
    keys,
    library,
    pareto,
    servers,
    submit,
    watch,
)
from stillhouse.errors import Refused, StillhouseError

_HELP = """Give it a network you have; get back a smaller one you can ship.

`stillhouse demo` shows all of it on this machine in a few minutes.

Exit codes: 0 done · 1 the job failed, or the servers, or no student keeps an estimate's
constraints, or a doctor finds something wrong · 2 wrong usage · 3 no server answers ·
4 the server refuses, and says why · 5 a download is damaged · 130 interrupted.
"""


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"stillhouse {version('stillhouse')}")
        raise typer.Exit


app = typer.Typer(
    name="stillhouse",
    help=_HELP,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


@app.callback()
def _options(
    _: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_tell_version, help="Say which it is."),
    ] = False,
) -> None:
    pass


app.command("serve")(servers.serve)
app.command("api")(servers.api)
app.command("coordinator")(servers.coordinator)
app.command("demo")(demo.demo)
app.command("estimate")(estimate.estimate)
app.command("submit")(submit.submit)
app.command("watch")(watch.watch)
app.command("best")(best.best)
app.command("pareto")(pareto.pareto)
app.command("jobs")(jobs.jobs)
app.command("status")(jobs.status)
app.command("trials")(jobs.trials)
app.command("cancel")(jobs.cancel)
app.command("pause")(jobs.pause)
app.command("resume")(jobs.resume)
app.command("delete")(deletion.delete)
app.command("datasets")(library.datasets)
app.command("teachers")(library.teachers)
app.command("embeddings")(library.embeddings)
app.command("doctor")(doctor.doctor)
app.add_typer(library.upload, name="upload")
app.add_typer(database.app, name="db")
app.add_typer(keys.app, name="keys")


def main() -> None:
    """Runs the command line; an error that has a name is told in words, without a trace."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except StillhouseError as error:
        Console(stderr=True).print(_told(error), soft_wrap=True)
        sys.exit(error.exit_code)


def _interrupt(_signal: int, _frame: object) -> None:
    """SIGTERM ends a command as Ctrl-C does: whatever it started is ended first."""
    raise KeyboardInterrupt


def _told(error: StillhouseError) -> Text:
    if not isinstance(error, Refused):
        return Text.assemble(("error: ", "bold red"), str(error))
    text = Text.assemble(("refused: ", "bold red"), error.headline)
    for field in error.errors:
        place = field.pointer.lstrip("#/").replace("/", ".")
        text.append(f"\n  {place or 'request'}", style="bold").append(f": {field.detail}")
    text.append(f"\n  {error.hint}" if error.hint else "")
    return text.append(f"\n  request id: {error.request_id}" if error.request_id else "", "dim")
