from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

from workers import doctor
from workers.child import ChildFailed
from workers.doctor import checks, look_at_confinement, look_at_machine, look_at_ray, look_at_torch


def test_this_machine_can_train() -> None:
    assert look_at_torch().state == "ok"
    assert [one.check for one in look_at_machine()] == ["CPUs", "memory"]
    assert look_at_ray(None).state == "ok"


def test_no_ray_where_one_is_named_is_told() -> None:
    found = look_at_ray("127.0.0.1:9")
    assert (found.state, found.found) == ("wrong", "nothing answers at 127.0.0.1:9")
    assert "RAY_ADDRESS" in found.remedy


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({"RAY_ADDRESS": "a:1"}, "a:1"),
        ({"RAY_ADDRESS": "a:1", "STILLHOUSE_RAY_ADDRESS": "b:1"}, "b:1"),
        ({}, None),
    ],
)
def test_the_address_is_that_of_coordinators(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], address: str | None
) -> None:
    asked: list[str | None] = []
    monkeypatch.setattr(doctor, "look_at_ray", asked.append)
    {check.name: check for check in checks(environ)}["Ray"].look()
    assert asked == [address]


def test_little_memory_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Memory:
        available, total = 2**30, 2**33

    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    found = {one.check: one for one in look_at_machine()}["memory"]
    assert (found.state, found.found) == ("warning", "1.0 GiB of 8.0 are free")


@pytest.mark.parametrize(
    ("interfaces", "keeps", "state"),
    [([], True, "ok"), (["eth0"], True, "warning"), ([], False, "wrong")],
)
def test_uploads_are_read_in_confinement(
    monkeypatch: pytest.MonkeyPatch, interfaces: list[str], keeps: bool, state: str
) -> None:
    def child(_: str, document: dict[str, int], __: object, ___: Path) -> dict[str, Any]:
        if document["take_bytes"] and keeps:
            raise ChildFailed("too much memory")
        return {"interfaces": interfaces}

    monkeypatch.setattr(doctor, "run_child", child)
    assert look_at_confinement().state == state
