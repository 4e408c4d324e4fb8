"""What commands write to standard output: tables for people, lines of JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stillhouse.documents import Document

_PIPE_WIDTH = 200  # columns where there is no terminal to say how many it has

Limit = Annotated[int, typer.Option(min=1, help="How many to list, newest first.")]


def write_lines(documents: Iterable[Document]) -> None:
    """Writes each document as one line of JSON."""
    for document in documents:
        typer.echo(json.dumps(document))


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Writes a table; one whose name begins with `#` stands at the right.

    What a stranger called something is text and never markup.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_PIPE_WIDTH)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bright_black", pad_edge=False)
    for column in columns:
        right = column.startswith("#")
        table.add_column(column.lstrip("#"), justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def share(value: float | None) -> str:
    """Returns an accuracy or a ratio as per cent; nothing where there is none."""
    return "" if value is None else f"{value:.2%}"
