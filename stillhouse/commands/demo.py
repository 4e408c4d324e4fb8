"""`stillhouse demo`: all of it on this machine, in a few minutes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stillhouse import demo as demonstration
from stillhouse.commands.options import Svg

_DIRECTORY = typer.Option(
    metavar="FOLDER", help="Where the student's files and the servers' home go."
)


def demo(directory: Annotated[Path, _DIRECTORY] = Path("stillhouse-demo"), svg: Svg = None) -> None:
    """Compresses a ResNet-20 on handwritten digits, live, and leaves its student's files."""
    console = Console(highlight=False)
    result = demonstration.run(directory.absolute(), os.environ, console, svg)
    console.print(demonstration.summary(result), soft_wrap=True)
    typer.echo(demonstration.result_line(result))
