from dataclasses import replace
from itertools import pairwise

import pytest
from playwright.sync_api import Locator, Page, expect

from app.records import TeacherRecord
from tests.app.page.site import Site
from tests.app.samples import RESULT, TEACHER, new_trial

pytestmark = pytest.mark.browser

PHONE = 390


def _cost_chart(
    page: Page, site: Site, measured: TeacherRecord | None, students: tuple[int, ...] = ()
) -> Locator:
    """Returns the marks on the axis of a job's cost chart; its first trial was stopped."""
    job_id, writer = site.job(measured=measured)
    sizes = (1000, *students)
    writer.add_trials([replace(new_trial(n), params=size) for n, size in enumerate(sizes)], None)
    writer.trial_stopped(0, (0.2, 0.5), 2.0, None)
    for number in range(1, len(sizes)):
        writer.trial_completed(number, RESULT)
    page.set_viewport_size({"width": PHONE, "height": 1000})
    page.goto(f"{site.url}/#/jobs/{job_id}")
    plot = page.locator(".plot").nth(1)
    expect(plot.locator(".main-svg").first).to_be_visible()
    return plot.locator(".xtick text")


def test_an_axis_of_which_nothing_is_known_yet_has_no_marks(page: Page, site: Site) -> None:
    expect(_cost_chart(page, site, None)).to_have_count(0)


@pytest.mark.parametrize(
    ("teacher", "students", "told"),
    [
        (250_000, (), ["220k", "240k", "260k", "280k"]),  # there is no power of ten about it
        (1_249_000, (590_000,), ["600k", "800k", "1M", "1.2M", "1.4M"]),
        (272_474, (9_510,), ["10k", "20k", "50k", "100k", "200k"]),
        (200_000_000, (2_100_000,), ["2M", "5M", "10M", "20M", "50M", "100M", "200M"]),
        (200_000_000, (2_000_000,), ["10M", "100M"]),
    ],
)
def test_marks_are_even_and_kept_apart_on_a_phone(
    page: Page, site: Site, teacher: int, students: tuple[int, ...], told: list[str]
) -> None:
    marks = _cost_chart(page, site, replace(TEACHER, params=teacher), students)
    expect(marks).to_have_text(told)
    boxes = [mark.bounding_box() for mark in marks.all()]
    for left, right in pairwise(boxes):
        assert left is not None
        assert right is not None
        assert left["x"] + left["width"] < right["x"]


@pytest.mark.parametrize(
    ("values", "expected", "least", "most"),
    [
        ([0.5, 0.6], [0.99, 1.0], 0.5, 1.0),
        ([0.5, 0.6], [0.1, 0.2], 0.35, 0.65),
        ([], [0.2, 0.3], 0.2, 0.3),
        ([0.5], [], 0.5, 0.5),
    ],
    ids=["above", "far below", "before the first", "unknown"],
)
def test_what_is_expected_hides_nothing_that_was_measured(
    page: Page, site: Site, values: list[float], expected: list[float], least: float, most: float
) -> None:
    page.goto(site.url)
    found = "async given => (await import('/page/axis.js')).spanWith(...given)"
    low, high = page.evaluate(found, [values, expected])
    assert low == pytest.approx(least, abs=0.06)
    assert low <= min(values, default=least)
    assert high == pytest.approx(most, abs=0.06)
    assert high >= max(values, default=most)
