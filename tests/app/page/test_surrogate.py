"""What the surrogate makes of a search, in the charts of a job."""

from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, expect

from app.job_writer import JobWriter
from tests.app.page.site import Site
from tests.app.samples import RESULT, new_trial

pytestmark = pytest.mark.browser

VALUES = (0.9, 0.8, 0.95)
OUTLOOK: dict[str, object] = {
    "trials": 3,
    "random_search": [0.7, 0.75, 0.78, 0.8, 0.81],
    "map": {
        "explained": [0.5, 0.25],
        "points": [{"number": n, "x": float(n), "y": (-1.0) ** n} for n in range(6)],
    },
}
EXPECTED = "Of as many the surrogate expects random search to find"


@pytest.fixture
def search(site: Site) -> tuple[str, JobWriter]:
    """Returns a job of six trials: three completed, one failed, one stopped, one running."""
    job_id, writer = site.job(search={"evaluations": 8})
    for number, value in enumerate(VALUES):
        site.finish_trial(writer, number, value, best=value == max(VALUES[: number + 1]))
    writer.add_trials([new_trial(number) for number in (3, 4, 5)], None)
    writer.trial_failed(3, {"detail": "it diverged"})
    writer.trial_stopped(4, (0.3,), 1.0, None)
    writer.trial_started(5)
    return job_id, writer


def _chart(page: Page, name: str) -> Locator:
    return page.locator("figure").filter(has=page.get_by_role("heading", name=name, exact=True))


def test_random_search_is_drawn_in_and_labelled(
    page: Page, site: Site, search: tuple[str, JobWriter]
) -> None:
    job_id, writer = search
    writer.record_surrogate(OUTLOOK)
    page.goto(f"{site.url}/#/jobs/{job_id}")
    chart = _chart(page, "Search progress")
    expect(chart.locator(".legend")).to_contain_text("random search, as the surrogate expects it")
    line = chart.locator(".scatterlayer .trace .js-line").last
    assert "stroke-dasharray" in (line.get_attribute("style") or "")
    expect(chart).to_contain_text(f"{EXPECTED} 0.8100.")
    chart.get_by_text("the figures").click()
    expect(chart.get_by_role("row", name="3 2 0.9500 0.9500 0.7800")).to_be_visible()


def test_the_map_has_each_trial_in_a_shape_of_its_state(
    page: Page, site: Site, search: tuple[str, JobWriter]
) -> None:
    job_id, writer = search
    writer.record_surrogate(OUTLOOK)
    page.goto(f"{site.url}/#/jobs/{job_id}")
    chart = _chart(page, "Map of the embedding")
    expect(chart.locator(".scatterlayer .points path")).to_have_count(6)
    for name in ("a student", "stopped early", "failed", "proposed next", "the best student"):
        expect(chart.locator(".legend")).to_contain_text(name)
    expect(chart.locator(".scale")).to_have_text("score 0.8000.950")
    expect(chart.locator(".plot")).to_contain_text("first component (50.0%)")
    words = (
        "The axes explain 75.0% of the variance of what it sees in them."
        " 1 student is proposed and not measured yet."
    )
    expect(chart.locator("figcaption")).to_contain_text(words)
    chart.get_by_text("the figures").click()
    expect(chart.get_by_role("row", name="1 completed 0.8000 200 1.000 -1.000")).to_be_visible()
    expect(chart.get_by_role("row", name="5 running – 200 5.000 -1.000")).to_be_visible()
    chart.locator(".scatterlayer .points path").nth(1).hover(force=True)
    expect(chart.locator(".hoverlayer")).to_contain_text("trial 1: score 0.8000, 200 parameters")
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_text("Trial 1 came to 80.0% in 3 epochs.").first).to_be_visible()


def test_the_map_begins_and_grows_while_one_looks(
    page: Page, site: Site, search: tuple[str, JobWriter]
) -> None:
    job_id, writer = search
    page.goto(f"{site.url}/#/jobs/{job_id}")
    chart = _chart(page, "Map of the embedding")
    expect(chart).to_contain_text("The map begins when three students have a result.")
    expect(chart.locator(".plot")).to_be_hidden()
    writer.record_surrogate(OUTLOOK)
    expect(chart.locator(".scatterlayer .points path")).to_have_count(6)
    # What was proposed is coloured as soon as its score is known, and what is new comes.
    writer.trial_completed(5, replace(RESULT, score=0.85, curve=(0.85,)))
    expect(chart.locator(".legend")).not_to_contain_text("proposed next")
    writer.add_trials([new_trial(6)], None)
    expect(chart).to_contain_text("1 trial is not on it.")
    points = [{"number": n, "x": float(n), "y": 0.0} for n in range(7)]
    writer.record_surrogate({"trials": 4, "map": {"explained": [1.0, 0.0], "points": points}})
    expect(chart).to_contain_text("1 student is proposed and not measured yet.")
    expect(chart).not_to_contain_text("not on it")


def test_a_hidden_line_stays_hidden_as_results_come(
    page: Page, site: Site, search: tuple[str, JobWriter]
) -> None:
    job_id, writer = search
    writer.record_surrogate(OUTLOOK)
    page.goto(f"{site.url}/#/jobs/{job_id}")
    chart = _chart(page, "Search progress")
    entry = chart.locator(".legend .traces").last
    expect(entry).to_contain_text("random search")
    entry.locator(".legendtoggle").click(force=True)
    expect(chart.locator(".scatterlayer .trace .js-line")).to_have_count(1)
    site.finish_trial(writer, 6, 0.97)
    expect(chart).to_contain_text("to 0.9700")
    expect(chart.locator(".scatterlayer .trace .js-line")).to_have_count(1)


def test_a_search_without_an_embedding_says_that_there_is_no_map(page: Page, site: Site) -> None:
    job_id, writer = site.job(search={"strategy": "random"})
    site.finish_trial(writer, 0, 0.9)
    page.goto(f"{site.url}/#/jobs/{job_id}")
    words = "This search learns no embedding: its strategy is random."
    expect(_chart(page, "Map of the embedding")).to_contain_text(words)
    expect(_chart(page, "Search progress").locator(".legend")).not_to_contain_text("random")
