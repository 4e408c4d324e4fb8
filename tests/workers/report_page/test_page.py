import re
import time
from dataclasses import replace

import pytest

from tests.workers.report_page.findings import Parsed, findings, story, trials
from workers.report_page import Findings, report_page

SCRIPT = "<script>alert(1)</script>"
HOSTILE = f"{SCRIPT}\"'><img src=x onerror=alert(1)>&lt;"


def _hostile() -> Findings:
    """A page all of whose names are a stranger's."""
    found = findings(told=story(12, name=HOSTILE), names=[f"{HOSTILE}{n}" for n in range(10)])
    pairs = tuple(replace(pair, name=HOSTILE, kind=HOSTILE) for pair in found.layers.layers)
    report = {
        **found.report,
        "teacher": {**found.report["teacher"], "network": HOSTILE},
        "dataset": {**found.report["dataset"], "name": HOSTILE},
        "preprocessing": {HOSTILE: HOSTILE},
    }
    return replace(found, report=report, layers=replace(found.layers, layers=pairs))


CASES = {
    "two classes": lambda: findings(2, 60, names=["cat", "dog"]),
    "thirty classes": lambda: findings(30, 3000),
    "a thousand classes and many trials": lambda: findings(1000, 5000, told=story(2000)),
    "no curves": lambda: findings(
        told=story(trials=tuple(replace(t, curve=()) for t in trials(9)), final_curve=())
    ),
    "no constraint": lambda: findings(told=story(limits={})),
    "pareto": lambda: findings(told=story(objective="pareto", costs=("params", "macs"))),
    "reused": lambda: findings(
        told=story(trials=tuple(replace(t, reused=True) for t in trials(4)))
    ),
    "stopped and failed": lambda: findings(
        told=story(
            trials=tuple(
                t if t.number == 3 else replace(t, state="stopped", accuracy=None, value=None)
                for t in trials(6)
            )
        )
    ),
    "strangers' names": _hostile,
}  # fmt: skip


@pytest.fixture(params=CASES, scope="module")
def page(request: pytest.FixtureRequest) -> bytes:
    return report_page(CASES[request.param]())


def test_it_is_one_well_formed_document(page: bytes) -> None:
    parsed = Parsed(page)  # which asserts that what is opened is closed, in order
    assert parsed.open == []
    assert page.startswith(b'<!DOCTYPE html>\n<html lang="en">')
    names = [name for name, _ in parsed.elements]
    for once in ("html", "head", "body", "style", "h1", "main"):
        assert names.count(once) == 1, once
    ids = [told["id"] for _, told in parsed.elements if "id" in told]
    assert len(ids) == len(set(ids))


def test_it_runs_nothing_and_loads_nothing(page: bytes) -> None:
    parsed = Parsed(page)
    assert not {name for name, _ in parsed.elements} & {
        "script", "img", "link", "iframe", "object", "embed", "a", "form", "image", "use", "base",
        "foreignobject", "animate", "set",
    }  # fmt: skip
    for _, told in parsed.elements:
        assert not [key for key in told if key.startswith("on") or key in {"href", "src", "style"}]
    style = re.search(r"<style>(.*?)</style>", page.decode(), re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    (policy,) = (told["content"] for _, told in parsed.elements if "http-equiv" in told)
    assert (policy or "").startswith("default-src 'none'; style-src 'unsafe-inline'")
    outside = page.decode().replace(style[0], "")
    assert "http://" not in outside
    assert "https://" not in outside


def test_every_picture_can_be_heard(page: bytes) -> None:
    parsed = Parsed(page)
    ids = {told.get("id") for _, told in parsed.elements}
    for name, told in parsed.elements:
        if name == "svg" and told.get("aria-hidden") != "true":
            assert told["role"] == "img"
            assert set((told["aria-labelledby"] or "").split()) <= ids


def test_no_figure_is_no_number(page: bytes) -> None:
    for _, told in Parsed(page).elements:
        for key in ("d", "cx", "cy", "x", "y", "width", "height", "viewbox"):
            assert not re.search(r"nan|inf", told.get(key) or "", re.IGNORECASE)
            if key in ("width", "height"):
                assert not (told.get(key) or "").startswith("-")


def test_it_is_small(page: bytes) -> None:
    assert len(page) < 400_000


def test_it_is_made_in_no_time() -> None:
    found = findings(1000, 5000, told=story(2000))
    start = time.perf_counter()
    report_page(found)
    assert time.perf_counter() - start < 2


def test_a_stranger_s_names_are_text() -> None:
    parsed = Parsed(report_page(_hostile()))
    assert parsed.text.count(HOSTILE) > 10
    title = parsed.texts[parsed.texts.index(f"{HOSTILE} · Stillhouse")]
    assert title.startswith(SCRIPT)


def test_its_colours_follow_the_reader_and_it_fits_a_phone() -> None:
    text = report_page(findings()).decode()
    assert "@media (prefers-color-scheme: dark)" in text
    assert 'name="viewport" content="width=device-width, initial-scale=1"' in text
