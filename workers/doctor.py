"""Looks at what trials need: `python -m workers.doctor` writes a line of JSON for each finding."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from app.checks.findings import Check, Finding, carry_out, write
from workers.child import ChildFailed, ChildLimits, run_child

_LOADING_S = 120.0  # torch from a cold disk
_RAY_S = 45.0
_CHECK_S = 60.0
_LEAST_MEMORY = 2 * 2**30  # a coordinator and one trial of a small network
_GIB = 2**30
_LIMIT = 256 * 2**20
_REACH = "Ray: `ray status`; address and token (RAY_ADDRESS, RAY_AUTH_MODE, RAY_AUTH_TOKEN)"


def main() -> None:
    """Writes what is found; nothing is changed."""
    write(carry_out(checks(os.environ)))
    sys.stdout.flush()
    os._exit(0)  # a check that hangs would be waited for


def checks(environ: Mapping[str, str]) -> list[Check]:
    """Returns what is looked at."""
    address = environ.get("STILLHOUSE_RAY_ADDRESS") or environ.get("RAY_ADDRESS")
    reinstall = "install Stillhouse again, into an environment of its own"
    return [
        Check("torch", look_at_torch, reinstall, _LOADING_S),
        Check("machine", look_at_machine),
        Check("Ray", partial(look_at_ray, address), _REACH, _RAY_S),
        Check("uploaded teachers", look_at_confinement, timeout_s=_CHECK_S),
    ]


def look_at_torch() -> Finding:
    """Returns whether torch computes, and on what."""
    torch = import_module("torch")
    if (torch.ones(2, 2) @ torch.ones(2, 2)).sum().item() != 8:
        return Finding("torch", "wrong", "two and two are not four", "install torch again")
    gpus = torch.cuda.device_count()
    return Finding("torch", "ok", f"{torch.__version__}, with {gpus} GPUs")


def look_at_machine() -> Iterator[Finding]:
    """Yields how many CPUs there are for this process, and how much memory is free."""
    cpus = len(os.sched_getaffinity(0))
    yield Finding("CPUs", "ok", f"{cpus} of {os.cpu_count()} are ours to use")
    free, total = (getattr(psutil.virtual_memory(), name) for name in ("available", "total"))
    told = f"{free / _GIB:.1f} GiB of {total / _GIB:.1f} are free"
    if free < _LEAST_MEMORY:
        remedy = "a coordinator and a trial take about 1 GiB each; end what else takes memory"
        yield Finding("memory", "warning", told, remedy)
    else:
        yield Finding("memory", "ok", told)


def look_at_ray(address: str | None) -> Finding:
    """Returns what the Ray at an address has; without one `stillhouse serve` starts its own."""
    ray = import_module("ray")
    if not address:
        told = f"{ray.__version__}; no address is set, so `stillhouse serve` starts its own"
        return Finding("Ray", "ok", told)
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if port.isdigit() and host and not _is_answered(host, int(port)):
        return Finding("Ray", "wrong", f"nothing answers at {address}", _REACH)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    cpus, gpus = (sum(node.get(name, 0) for node in nodes) for name in ("CPU", "GPU"))
    told = f"{address} has {len(nodes)} machines with {cpus:g} CPUs and {gpus:g} GPUs for trials"
    if not cpus:
        return Finding("Ray", "wrong", told, "start workers: `ray start --address=HEAD:6379`")
    return Finding("Ray", "ok", told)


def look_at_confinement() -> Finding:
    """Returns whether what reads an uploaded teacher keeps to its memory and off the network."""
    check = "uploaded teachers"
    limits = ChildLimits(_LIMIT, _CHECK_S / 2, 2**20)
    with TemporaryDirectory(prefix="stillhouse-doctor-") as folder:
        module = "workers.confinement_probe"
        found = run_child(module, {"take_bytes": 0}, limits, Path(folder))
        try:
            run_child(module, {"take_bytes": 2 * _LIMIT}, limits, Path(folder))
        except ChildFailed:
            pass
        else:
            told = "the process that reads them may take more memory than it is allowed"
            return Finding(check, "wrong", told, "run on Linux, where setrlimit holds")
    if found["interfaces"]:
        told = (
            "the process that reads them keeps its limits, but this kernel lets it reach the "
            "network: " + ", ".join(found["interfaces"])
        )
        remedy = "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1"
        return Finding(check, "warning", told, remedy)
    return Finding(check, "ok", "are read by a process with limits and without a network")


def _is_answered(host: str, port: int) -> bool:
    import socket

    try:
        socket.create_connection((host, port), timeout=5.0).close()
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
