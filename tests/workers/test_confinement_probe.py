from __future__ import annotations

from pathlib import Path

import pytest

from workers.child import ChildFailed, ChildLimits, run_child

LIMITS = ChildLimits(256 * 2**20, 60.0, 2**20)


def test_it_says_what_it_reaches_and_takes_what_it_may(tmp_path: Path) -> None:
    found = run_child("workers.confinement_probe", {"take_bytes": 2**20}, LIMITS, tmp_path)
    assert found["taken_bytes"] == 2**20
    assert isinstance(found["interfaces"], list)
    with pytest.raises(ChildFailed, match="memory"):
        run_child("workers.confinement_probe", {"take_bytes": 2**30}, LIMITS, tmp_path)
