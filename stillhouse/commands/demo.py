"""`stillhouse demo`: all of it on this machine, in a few minutes."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stillhouse import demo as demonstration
from stillhouse.commands.options import AsJson, Svg

_DIRECTORY = typer.Option(
    metavar="FOLDER", help="Where the student's files and the servers' home go."
)
_HOME = typer.Option(
    metavar="FOLDER", help="The servers' home; `home` in that folder if not given."
)


def demo(
    directory: Annotated[Path, _DIRECTORY] = Path("stillhouse-demo"),
    home: Annotated[Path | None, _HOME] = None,
    svg: Svg = None,
    as_json: AsJson = False,
) -> None:
    """Compresses a ResNet-20 on handwritten digits, live, and leaves its student's files.

    Its servers and their home are its own: settings of the environment are left out.
    """
    console = Console(highlight=False, stderr=as_json)
    place = None if home is None else home.expanduser().absolute()
    result = demonstration.run(directory.absolute(), os.environ, console, svg, place)
    console.print(demonstration.summary(result), soft_wrap=True)
    typer.echo(json.dumps(asdict(result)) if as_json else demonstration.result_line(result))
