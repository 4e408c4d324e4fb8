from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.cifar.plot import draw, mean_steps, steps
from tests.benchmarks.cifar.samples import run

QUICK = run(0, "embedding", [0.4, 0.6], every_s=10.0)
SLOW = run(1, "embedding", [0.2, None, 0.8], every_s=20.0)


def test_a_line_ends_where_the_search_does() -> None:
    times, scores = steps(QUICK)
    assert times.tolist() == [30.0, 40.0, 120.0]
    assert scores.tolist() == [0.4, 0.6, 0.6]


def test_the_mean_begins_where_all_have_a_score() -> None:
    times, scores = mean_steps([QUICK, SLOW])
    assert times.tolist() == [40.0, 80.0, 120.0]
    assert scores.tolist() == pytest.approx([0.4, 0.7, 0.7])


def test_the_picture_names_all_methods(tmp_path: Path) -> None:
    runs = [QUICK, SLOW, run(0, "random", [0.3]), run(0, "adapruner", [0.5])]
    file = tmp_path / "made" / "plot.svg"
    draw({one.key: one for one in runs}, file)
    text = file.read_text()
    assert text.startswith("<?xml")
    assert all(f"<!-- {name}" in text for name in ("embedding", "random", "adapruner"))
