"""`stillhouse serve`, `api` and `coordinator`: the servers, all of them or one."""

from __future__ import annotations

import os
from typing import Annotated

import typer
from rich.console import Console

from stillhouse.commands.options import Home
from stillhouse.home import environment_of, home_of
from stillhouse.ports import free_port
from stillhouse.serving import Place, program, serving

_HOST = typer.Option(envvar="STILLHOUSE_HOST", help="Address that the API listens on.")
_PORT = typer.Option(
    envvar="STILLHOUSE_PORT",
    min=0,
    max=65535,
    help="Port that the API listens on; 0 takes any free one.",
)

Host = Annotated[str, _HOST]
Port = Annotated[int, _PORT]


def serve(
    home: Home = None,
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
    environment = environment_of(home, os.environ)
    folder = home_of(environment)
    place = Place(folder, host, port or free_port(host), environment, cpus)
    try:
        with serving(place, lambda line: console.print(line, markup=False)) as supervisor:
            console.print(f"[bold green]Stillhouse[/] is at [bold]{place.url}[/] (home {folder})")
            supervisor.watch()
    except KeyboardInterrupt:
        console.print("stopped")


def api(host: Host = "127.0.0.1", port: Port = 8000, home: Home = None) -> None:
    """Serves the API alone, for installations on several machines."""
    place = {"STILLHOUSE_HOST": host, "STILLHOUSE_PORT": str(port)}
    _become(program("app"), environment_of(home, os.environ) | place)


def coordinator(home: Home = None) -> None:
    """Drives jobs on the Ray at RAY_ADDRESS, for installations on several machines."""
    _become(program("workers"), environment_of(home, os.environ))


def _become(command: list[str], environment: dict[str, str]) -> None:
    """Replaces this process, so that signals and the exit code are the server's own."""
    os.execve(command[0], command, environment)
