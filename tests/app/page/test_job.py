import json
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from app.jobs import get_command, get_job
from tests.app.page.site import Site
from tests.app.samples import new_student, new_trial

pytestmark = pytest.mark.browser


def _open(page: Page, site: Site, job_id: str) -> None:
    page.goto(f"{site.url}/#/jobs/{job_id}")


def test_a_job_is_watched_until_it_has_succeeded(page: Page, site: Site) -> None:
    job_id, writer = site.job(search={"evaluations": 3})
    _open(page, site, job_id)
    expect(page.locator(".state")).to_have_text("searching")
    expect(page.locator(".progress")).to_contain_text("0 of 3 students tried")
    expect(page.locator(".tile")).to_contain_text(["95.0%"])  # the teacher's accuracy
    site.finish_trial(writer, 0, 0.9)
    expect(page.locator(".tile").first).to_contain_text("0.9000")
    site.finish_trial(writer, 1, 0.93)
    expect(page.locator(".tile").first).to_contain_text("0.9300")
    expect(page.locator(".progress")).to_contain_text("2 of 3 students tried")
    expect(page.get_by_text("rose from 0.9000 to 0.9300, of trial 1, in 2 of 3 ev")).to_be_visible()
    writer.finish("succeeded")
    expect(page.locator(".state")).to_have_text("succeeded")
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    expect(page).to_have_title("a job: succeeded · Stillhouse")


def test_charts_show_the_trials_the_front_and_the_limit(page: Page, site: Site) -> None:
    job_id, writer = site.job(constraints={"params_ratio": 0.5})
    for number, value in enumerate((0.9, 0.8, 0.95)):
        site.finish_trial(writer, number, value)
    _open(page, site, job_id)
    search, cost, curves = (page.locator(".plot").nth(n) for n in range(3))
    expect(search.locator(".points path")).to_have_count(3)
    expect(cost.locator(".points path")).to_have_count(5)  # three trials, the best, the teacher
    expect(cost).to_contain_text("at most 500")
    expect(cost).to_have_attribute("aria-label", "Accuracy against cost. 1 of 3 students are beaten"
        " by no other on accuracy and parameters; at most 500 parameters are allowed.")  # fmt: skip
    page.get_by_label("Cost to weigh against accuracy").select_option("macs")
    expect(cost).to_contain_text("MACs")
    expect(cost).not_to_contain_text("at most")
    expect(curves).to_contain_text("trial 2")
    page.get_by_text("Search progress: the figures").click()
    expect(page.get_by_role("row", name="2 1 0.8000 0.9000 –")).to_be_visible()


def test_a_trials_curve_comes_by_a_click_and_by_the_keyboard(page: Page, site: Site) -> None:
    job_id, writer = site.job()
    site.finish_trial(writer, 0, 0.9)
    site.finish_trial(writer, 1, 0.8, best=False)
    _open(page, site, job_id)
    expect(page.get_by_text("Trial 0 came to 90.0% in 3 epochs.")).to_be_visible()
    page.locator(".plot").first.locator(".points path").nth(1).hover(force=True)
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_text("Trial 1 came to 80.0% in 3 epochs.").first).to_be_visible()
    page.get_by_text("2 trials").click()
    changes = "1 layer or block less, 1 group of channels narrower, 1 new skip"
    expect(page.get_by_role("row", name=changes)).to_have_count(2)
    page.get_by_role("button", name="learning curve of trial 0").press("Enter")
    expect(page.locator("#announcer")).to_have_text("Trial 0 came to 90.0% in 3 epochs.")
    expect(page.locator("tr.chosen")).to_contain_text("90.0%")
    expect(page.locator(".plot").nth(2)).to_be_in_viewport()
    for chart, marks in (
        (0, 2),
        (1, 4),
    ):  # the students; in front of costs the best and the teacher
        points = page.locator(".plot").nth(chart).locator(".points path")
        expect(points).to_have_count(marks + 1)  # a ring about the chosen one


def test_what_the_final_training_brought_is_told_apart_from_the_search(
    page: Page, site: Site
) -> None:
    job_id, writer = site.job()
    site.finish_trial(writer, 0, 0.7)
    site.finish_trial(writer, 1, 0.8, best=False)
    final = replace(new_student((), trial=0, final=True), score=0.95, accuracy=0.96)
    writer.add_student(final, best=True)
    _open(page, site, job_id)
    found = "from 0.7000 to 0.8000, of trial 1, in 2 of"
    expect(page.get_by_text(f"The best score of the search rose {found}")).to_be_visible()
    expect(page.get_by_text("After its final training that of trial 0 is 0.9500.")).to_be_visible()
    search, cost = (page.locator(".plot").nth(n) for n in range(2))
    expect(search.locator(".points path")).to_have_count(3)
    expect(search).to_contain_text("the best, fully trained")
    expect(cost).to_contain_text("the best, fully trained")


def test_a_cancelled_trial_is_no_evaluation(page: Page, site: Site) -> None:
    job_id, writer = site.job()
    site.finish_trial(writer, 0, 0.7)
    writer.add_trials([new_trial(1), new_trial(2)], None)
    writer.finish("cancelled")
    _open(page, site, job_id)
    expect(page.get_by_text("the only one with a result in 1 of")).to_be_visible()


def test_teacher_and_student_are_compared_layer_by_layer(page: Page, site: Site) -> None:
    job_id, writer = site.job()
    site.finish_trial(writer, 0, 0.9)
    _open(page, site, job_id)
    told = "3 layers with weights, 1 was removed and 1 kept fewer channels; 1 skip connection was"
    expect(page.get_by_role("img", name=told)).to_be_visible()
    picture = page.locator("svg.layers")
    expect(picture.locator(".told")).to_have_text(["8 → 4", "8 → removed", "8"])
    expect(picture.locator("path.skip")).to_have_count(1)
    expect(picture.locator("rect.gone")).to_have_count(1)
    page.get_by_text("The layers as a table").click()
    expect(page.get_by_role("row", name="a 8 4 skip from the input")).to_be_visible()


def test_the_best_students_files_are_downloaded(page: Page, site: Site) -> None:
    job_id, writer = site.job()
    site.finish_trial(writer, 0, 0.9)
    _open(page, site, job_id)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download student.pt2").click()
    assert download.value.suggested_filename == "student.pt2"
    assert Path(download.value.path()).read_bytes() == b"the student"


def test_a_job_is_paused_resumed_and_cancelled(page: Page, site: Site) -> None:
    job_id, writer = site.job()
    _open(page, site, job_id)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#announcer")).to_have_text("Asked to pause.")
    with site.database.read() as session:
        assert get_command(session, job_id) == "pause"
    writer.finish("paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".state")).to_have_text("queued")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Cancel").click()
    with site.database.read() as session:
        assert get_job(session, job_id).state == "queued"
    told: list[str] = []

    def agree(dialog: Dialog) -> None:
        told.append(dialog.message)
        dialog.accept()

    page.once("dialog", agree)
    page.get_by_role("button", name="Cancel").click()
    assert len(told) == 1
    assert "No student's files have been written yet" in told[0]
    expect(page.locator(".state")).to_have_text("cancelled")


def test_what_a_stranger_wrote_is_shown_as_text(page: Page, site: Site) -> None:
    hostile = "<img src=x onerror=\"document.title='run'\">&amp;"
    job_id, writer = site.job(hostile)
    site.finish_trial(writer, 0, 0.9)
    writer.finish("failed", {"detail": hostile})
    _open(page, site, job_id)
    expect(page.get_by_role("heading", level=1)).to_contain_text(hostile)
    expect(page.get_by_role("alert")).to_have_text(hostile)
    page.goto(f"{site.url}/#/jobs")
    expect(page.get_by_role("link", name=hostile)).to_be_visible()
    assert page.locator("img").count() == 0
    assert page.title() == "Jobs · Stillhouse"


def test_what_was_asked_for_can_be_read(page: Page, site: Site) -> None:
    job_id, _ = site.job()
    _open(page, site, job_id)
    page.get_by_text("What was asked for").click()
    asked = json.loads(page.locator("pre").inner_text())
    assert asked["teacher"] == {"network": "zoo/resnet20"}


def test_an_unknown_job_is_told(page: Page, site: Site) -> None:
    _open(page, site, f"job_{'a' * 22}")
    expect(page.get_by_role("alert")).to_contain_text("there is no job")
    expect(page.get_by_role("heading")).to_have_text(["No such job"])
    expect(page.locator(".plot, .tile, progress")).to_have_count(0)
    page.get_by_role("link", name="All jobs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jobs")


def test_what_happens_now_is_told_until_there_is_something_to_draw(page: Page, site: Site) -> None:
    job_id, writer = site.job(search={"evaluations": 3})
    _open(page, site, job_id)
    steps = page.get_by_role("region", name="What happens now").get_by_role("listitem")
    expect(steps).to_have_count(3)
    expect(page.locator("[aria-current=step]")).to_contain_text("3 students are tried")
    expect(page.locator(".plot").first).to_be_hidden()
    site.finish_trial(writer, 0, 0.9)
    expect(page.locator(".plot").first).to_be_visible()
    expect(steps).to_have_count(0)
    expect(
        page.get_by_text("The best score of the search is 0.9000, of trial 0, the only one")
    ).to_be_visible()
    site.finish_trial(writer, 1, 0.8, best=False)
    expect(page.get_by_text("of trial 0; no other was better in 2 of 3")).to_be_visible()


def test_a_sign_is_shown_until_the_job_has_come(page: Page, site: Site) -> None:
    job_id, _ = site.job()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/events", hold)
    _open(page, site, job_id)
    expect(page.get_by_text("Loading…")).to_be_visible()
    expect(page.get_by_role("heading")).to_have_count(0)
    held[0].continue_()
    expect(page.locator(".state")).to_have_text("searching")
    expect(page.get_by_text("Loading…")).to_have_count(0)


def test_a_server_that_is_away_is_told_until_it_is_back(page: Page, site: Site) -> None:
    job_id, _ = site.job()
    page.route("**/v1/**", lambda route: route.abort())
    _open(page, site, job_id)
    expect(page.get_by_role("alert")).to_have_text("The server can't be reached.")
    page.unroute_all()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".state")).to_have_text("searching")
