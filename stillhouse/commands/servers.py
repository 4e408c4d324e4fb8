"""`stillhouse serve`, `api` and `coordinator`: the servers, all of them or one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stillhouse.home import home_of
from stillhouse.ports import free_port
from stillhouse.serving import Place, program, serving

_HOST = typer.Option(envvar="STILLHOUSE_HOST", help="Address that the API listens on.")
_PORT = typer.Option(
    envvar="STILLHOUSE_PORT",
    min=0,
    max=65535,
    help="Port that the API listens on; 0 takes any free one.",
)
_HOME = typer.Option(envvar="STILLHOUSE_HOME", help="Folder that keeps everything.")

Host = Annotated[str, _HOST]
Port = Annotated[int, _PORT]


def serve(
    home: Annotated[Path | None, _HOME] = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    cpus: Annotated[
        int | None, typer.Option(min=1, help="CPUs for trials; all when not given.")
    ] = None,
) -> None:
    """Serves everything on this machine: API, coordinator and a Ray of its own.

    A server that dies is started again; all end with this command.
    """
    console = Console(stderr=True, highlight=False)
    folder = home.expanduser().absolute() if home is not None else home_of(os.environ)
    place = Place(folder, host, port or free_port(host), os.environ, cpus)
    try:
        with serving(place, lambda line: console.print(line, markup=False)) as supervisor:
            console.print(f"[bold green]Stillhouse[/] is at [bold]{place.url}[/] (home {folder})")
            supervisor.watch()
    except KeyboardInterrupt:
        console.print("stopped")


def api(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serves the API alone, for installations on several machines."""
    environment = {**os.environ, "STILLHOUSE_HOST": host, "STILLHOUSE_PORT": str(port)}
    _become(program("app"), environment)


def coordinator() -> None:
    """Drives jobs on the Ray at RAY_ADDRESS, for installations on several machines."""
    _become(program("workers"), dict(os.environ))


def _become(command: list[str], environment: dict[str, str]) -> None:
    """Replaces this process, so that signals and the exit code are the server's own."""
    os.execve(command[0], command, environment)
