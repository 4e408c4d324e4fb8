"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stillhouse.client import DEFAULT_URL

Url = Annotated[
    str,
    typer.Option("--url", envvar="STILLHOUSE_URL", help="The server's address.", metavar="URL"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the server's document as JSON.")]
JobId = Annotated[str, typer.Argument(metavar="JOB", help="A job's id, `job_…`.")]
Svg = Annotated[
    Path | None,
    typer.Option("--svg", metavar="FILE", help="Save the last picture there, as an SVG."),
]

__all__ = ["DEFAULT_URL", "AsJson", "JobId", "Svg", "Url"]
