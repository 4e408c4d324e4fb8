import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.chaos.clock import jumping_clock, with_own_clock

_NOW = "import time; print(time.time(), time.monotonic())"


def _times(environment: dict[str, str] | None = None) -> tuple[float, float]:
    out = subprocess.run(
        [sys.executable, "-c", _NOW], check=True, capture_output=True, env=environment
    )
    wall, running = out.stdout.split()
    return float(wall) - time.time(), float(running) - time.monotonic()


def test_the_wall_clock_of_children_jumps_and_nothing_else(tmp_path: Path) -> None:
    before = dict(os.environ)
    with jumping_clock(tmp_path / "clock") as clock:
        if clock is None:
            pytest.skip("libfaketime is not installed")
        assert [abs(off) < 30 for off in _times()] == [True, True]
        clock.jump_to(-3600.0)
        wall, running = _times()
        assert (abs(wall + 3600) < 30, abs(running) < 30) == (True, True)
        assert abs(_times(with_own_clock(os.environ))[0]) < 30
    assert dict(os.environ) == before
