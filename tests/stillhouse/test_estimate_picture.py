from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from stillhouse.documents import Document
from stillhouse.estimate_picture import estimate_svg, save_estimate
from tests.stillhouse.fake_server import costs, estimate_result, infeasible_result

SVG = "{http://www.w3.org/2000/svg}"


def test_bars_are_as_tall_as_what_they_count() -> None:
    root = ET.fromstring(estimate_svg(estimate_result(), "t"))
    panel = root.findall(f"{SVG}g")[0]
    drawn = [float(one.attrib["height"]) for one in panel if one.get("class") == "drawn"]
    kept = [float(one.attrib["height"]) for one in panel if one.get("class") == "kept"]
    assert drawn[1] / drawn[0] == pytest.approx(800 / 1200, abs=0.01)
    assert kept[0] / drawn[0] == pytest.approx(1100 / 1200, abs=0.01)
    assert kept[1] == 0


def test_the_constraint_is_drawn_where_it_stands() -> None:
    root = ET.fromstring(estimate_svg(estimate_result(), "t"))
    first, second = root.findall(f"{SVG}g")
    (limit,) = [one for one in first if one.get("class") == "limit"]
    bars = [one for one in first if one.get("class") == "drawn"]
    # 10% is where the second bar begins.
    assert float(limit.attrib["x1"]) == pytest.approx(float(bars[1].attrib["x"]), abs=0.5)
    assert [one for one in second if one.get("class") == "limit"] == []


def test_it_says_whether_the_constraints_are_kept() -> None:
    assert "55.0% of 2,000 drawn students keep the constraints" in estimate_svg(
        estimate_result(), "t"
    )
    told = estimate_svg(infeasible_result(), "t")
    assert "no student keeps the constraints" in told
    assert "at most 0.0998%" in told  # beyond all that was drawn, and in the picture still
    unjudged = {"feasible": None, "unjudged": ["latency_ms"], "limits": {"latency_ms": 1.0}}
    left_open = estimate_result(constraints=estimate_result()["constraints"] | unjudged)
    assert "not known well enough" in estimate_svg(left_open, "t")
    free = estimate_result()["constraints"] | {"limits": {}}
    assert "no constraints" in estimate_svg(estimate_result(constraints=free), "t")


def test_everything_stands_within_the_picture() -> None:
    for result in (estimate_result(), infeasible_result()):
        found = re.findall(r'\bx1?="(-?[\d.]+)"', estimate_svg(result, "t"))
        assert all(0 <= float(x) <= 720 for x in found)


def _texts(panel: ET.Element, *names: str) -> list[tuple[float, float]]:
    """Where the texts that begin with the names stand."""
    found = [one for one in panel if one.tag == f"{SVG}text" and (one.text or "").startswith(names)]
    return [(float(one.attrib["x"]), float(one.attrib["y"])) for one in found]


def _crowded() -> Document:
    space = estimate_result()["space"]
    near = {"smallest": costs(0.08), "median": costs(0.083), "largest": costs(0.086)}
    return estimate_result(space=space | near)


def test_marks_that_stand_close_are_named_below_each_other() -> None:
    first, *_ = ET.fromstring(estimate_svg(_crowded(), "t")).findall(f"{SVG}g")
    rows = [y for _, y in _texts(first, "smallest", "median", "largest")]
    (_, ticks), *_ = _texts(first, "10%")
    assert rows == sorted(rows)
    assert all(below - above >= 10 for above, below in zip(rows, [*rows[1:], ticks], strict=True))


def test_the_limit_is_told_between_the_title_and_the_bars() -> None:
    first, *_ = ET.fromstring(estimate_svg(estimate_result(), "t")).findall(f"{SVG}g")
    ((_, title),) = _texts(first, "parameters")
    ((_, told),) = _texts(first, "at most")
    highest = min(float(one.attrib["y"]) for one in first if one.get("class") == "drawn")
    assert told - title >= 16  # a line's height
    assert highest > told + 3  # what hangs below the line


def test_a_long_title_is_set_smaller() -> None:
    sizes = [
        float(found.group(1))
        for title in ("t", "The students of tch_" + "m" * 22 + " for dst_" + "m" * 22)
        if (found := re.search(r"\"font-size: ([\d.]+)px", estimate_svg(estimate_result(), title)))
    ]
    assert sizes[0] == 15
    assert sizes[1] * 0.72 * 71 < 720 - 48


def test_a_limit_of_many_times_the_teacher_is_told_in_full() -> None:
    limits = {"limits": {"params": 2_724_740.0}}
    loose = estimate_result(constraints=estimate_result()["constraints"] | limits)
    assert "at most 1,000%" in estimate_svg(loose, "t")


def test_names_are_escaped_and_the_file_is_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "estimate.svg"
    save_estimate(estimate_result(), "<Little> & co", path)
    assert "&lt;Little&gt; &amp; co" in path.read_text()
