import json
from pathlib import Path

import pytest

from benchmarks.adapruner import Key, _append, _read, summary


def _rows(
    seed: int, uniform: float, pruned: dict[str, tuple[float, float]]
) -> dict[Key, dict[str, float]]:
    rows = {Key(seed, "uniform", "l1"): {"before": 0.5, "after": uniform}}
    for criterion, (before, after) in pruned.items():
        rows[Key(seed, "adapruner", criterion)] = {"before": before, "after": after}
    return rows


def test_adapruner_s_student_is_the_best_before_training_and_is_compared_seed_by_seed() -> None:
    first = {"l1": (0.3, 0.71), "taylor": (0.4, 0.74), "gamma": (0.2, 0.80), "random": (0.1, 0.60)}
    second = {"l1": (0.5, 0.66), "taylor": (0.4, 0.64)}
    found = summary(_rows(0, 0.70, first) | _rows(1, 0.70, second))
    assert found["adapruner"] == {"n": 2, "mean": 0.7, "se": 0.04}
    assert found["gain"] == {"n": 2, "mean": 0.0, "se": 0.04}
    assert found["widths"] == {"n": 2, "mean": -0.015, "se": 0.025}
    # Ranks before 3, 4, 2, 1 and after 2, 3, 4, 1: two choices of the second seed are too few.
    assert found["rank"] == {"n": 1, "mean": 0.4}


def test_a_seed_without_its_counterpart_is_left_out() -> None:
    rows = _rows(0, 0.7, {"l1": (0.3, 0.7)})
    del rows[Key(0, "uniform", "l1")]
    assert summary(rows)["gain"] == {"n": 0}


@pytest.mark.parametrize("tail", ["", '{"setting": "a", "se'])
def test_the_log_is_read_of_one_setting_and_without_a_torn_line(tail: str, tmp_path: Path) -> None:
    told = {"seed": 0, "widths": "uniform", "criterion": "l1", "before": 0.1, "after": 0.2}
    log = tmp_path / "log.jsonl"
    rows = [{"setting": "a", **told}, {"setting": "b", **told, "after": 0.3}]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows) + tail)
    assert _read(log, "a") == {Key(0, "uniform", "l1"): {"before": 0.1, "after": 0.2}}
    assert _read(tmp_path / "none", "a") == {}
    for file, before in ((log, 1), (tmp_path / "none", 0)):
        _append(file, {"setting": "a", **told, "seed": 1})
        assert len(_read(file, "a")) == before + 1
