"""Everything on one machine: which servers `stillhouse serve` starts, and how."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stillhouse import ports
from stillhouse.client import Client
from stillhouse.errors import CannotServe, WrongSettings
from stillhouse.home import served
from stillhouse.ray_node import RayNode
from stillhouse.supervisor import Service, Supervisor

_NICENESS_OF_TRIALS = 15  # as Ray's workers have it
# Somebody waits for the API's answers; a proposal may take a second more.
_NICENESS_OF_COORDINATOR = 10
_NO_RAY = 3  # what a coordinator exits with when the Ray it was sent to doesn't take it


def program(module: str) -> list[str]:
    """Returns the command of one of our programs; -P leaves the current folder out of imports."""
    return [sys.executable, "-P", "-m", module]


@dataclass(frozen=True)
class Place:
    """Where an installation serves.

    Attributes:
        home: Its folder.
        host: Address that the API listens on.
        port: Port that the API listens on.
        environment: What its servers inherit.
        cpus: CPUs that trials may use; None for all.
        quiet: Whether the API and the coordinator write to files and not to the terminal.
    """

    home: Path
    host: str
    port: int
    environment: Mapping[str, str]
    cpus: int | None = None
    quiet: bool = False

    @property
    def url(self) -> str:
        """Where a client on this machine finds the API."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host
        return f"http://{host}:{self.port}"

    @property
    def logs(self) -> Path:
        """The folder of the servers' logs."""
        return self.home / "logs"

    def server_environment(self) -> dict[str, str]:
        """Returns the environment in which the servers find this place."""
        return {
            **self.environment,
            "STILLHOUSE_HOME": str(self.home),
            "STILLHOUSE_HOST": self.host,
            "STILLHOUSE_PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
        }


@contextmanager
def serving(
    place: Place, report: Callable[[str], None], give_up_after: int | None = None
) -> Iterator[Supervisor]:
    """Yields the supervisor of a place whose servers are ready; all have ended when it is left.

    Args:
        place: What to serve.
        report: Takes one line when a server dies or comes back.
        give_up_after: How often in a row a server may die; None for no limit.

    Raises:
        CannotServe: The home or the port is in use, the database can't be migrated, or a server
            doesn't come up.
    """
    with served(place.home):
        ports.require_free(place.host, place.port)
        migrate(place.server_environment())
        for old in place.logs.glob("*.log"):
            old.unlink()
        node = RayNode.for_home(place.home, place.cpus)
        try:
            with Supervisor(services(place, node), report, give_up_after) as supervisor:
                supervisor.start()
                yield supervisor
        finally:
            node.clear()


def services(place: Place, node: RayNode) -> list[Service]:
    """Returns the servers of a place, in the order in which they start."""
    environment = place.server_environment()
    driver = node.environment(environment) | {"STILLHOUSE_RAY_ADDRESS": node.address}
    client = Client(place.url)
    logs = {name: place.logs / f"{name}.log" for name in ("ray", "api", "coordinator")}
    ours = logs if place.quiet else {}
    return [
        Service(
            "ray",
            node.command,
            node.environment(environment),
            node.ready,
            log=logs["ray"],
            niceness=_NICENESS_OF_TRIALS,
        ),
        Service("api", program("app"), environment, client.ready, log=ours.get("api")),
        Service(
            "coordinator",
            program("workers"),
            driver,
            needs=("ray",),
            blames={_NO_RAY: "ray"},
            log=ours.get("coordinator"),
            niceness=_NICENESS_OF_COORDINATOR,
        ),
    ]


def migrate(environment: Mapping[str, str], *, as_json: bool = False) -> str:
    """Brings the database that an environment names to the newest revision.

    Returns:
        The revision as JSON where that is wanted, and nothing else.

    Raises:
        CannotServe: It can't be reached or migrated; the message ends with the reason.
    """
    command = program("app.upgrade") + _flags(json=as_json)
    return _run(command, environment, "the database can't be migrated")


def prune(environment: Mapping[str, str], *, remove: bool, as_json: bool) -> str:
    """Returns what is said of the artifacts that nothing needs; removes them if it is to.

    Raises:
        CannotServe: Database or artifacts can't be reached; the message ends with the reason.
    """
    command = program("app.prune") + _flags(yes=remove, json=as_json)
    return _run(command, environment, "nothing more can be removed")


def keys(environment: Mapping[str, str], arguments: Sequence[str], *, as_json: bool) -> str:
    """Returns what is said of API keys, as `python -m app.keys` does.

    Raises:
        CannotServe: It can't be done; the message ends with the reason.
    """
    command = [*program("app.keys"), *_flags(json=as_json), *arguments]
    return _run(command, environment, "nothing was done")


def _flags(**given: bool) -> list[str]:
    return [f"--{name}" for name, is_given in given.items() if is_given]


def _run(command: list[str], environment: Mapping[str, str], failure: str) -> str:
    """Returns what a program of ours that ends by itself says.

    Raises:
        CannotServe: It failed; WrongSettings where that was for its arguments or settings.
    """
    done = subprocess.run(
        command, env=dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        kind = WrongSettings if done.returncode == WrongSettings.exit_code else CannotServe
        raise kind(f"{failure}: " + "".join(reason))
    return done.stdout
