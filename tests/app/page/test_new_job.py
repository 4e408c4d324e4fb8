import json
import re

import pytest
from playwright.sync_api import Page, expect

from app.errand_leases import claim_errand
from app.estimates import answer_estimate, fail_estimate
from app.jobs import get_job
from tests.app.page.estimates import RESULT
from tests.app.page.site import Site
from tests.app.samples import NEVER_S

pytestmark = pytest.mark.browser


def _page_of(item: dict[str, object]) -> str:
    return json.dumps({"items": [item], "next": None})


@pytest.fixture
def form(page: Page, site: Site) -> Page:
    page.goto(f"{site.url}/#/new")
    page.get_by_label("Name of the job").fill("from the browser")
    return page


def test_a_job_is_submitted_and_watched(form: Page, site: Site) -> None:
    form.get_by_label("Network to compress").fill("zoo/vgg19")
    form.get_by_label("Parameters, at most").fill("25")
    form.get_by_label("Students to try").fill("7")
    form.get_by_text("More", exact=True).click()
    form.get_by_label("Seed").fill("3")
    form.get_by_role("button", name="Start the job").click()
    expect(form.get_by_role("heading", level=1)).to_contain_text("from the browser")
    expect(form.locator(".state")).to_have_text("queued")
    with site.database.read() as session:
        request = get_job(session, form.url.rpartition("/")[2]).request
    assert (request.teacher.network, request.dataset.name) == ("zoo/vgg19", "digits")
    assert (request.constraints.params_ratio, request.constraints.macs_ratio) == (0.25, None)
    assert (request.search.evaluations, request.search.seed) == (7, 3)


def test_what_is_wrong_is_told_at_its_field(form: Page) -> None:
    form.get_by_label("Network to compress").fill("zoo/resnet21")
    form.get_by_role("button", name="Start the job").click()
    teacher = form.get_by_label("Network to compress")
    expect(teacher).to_have_attribute("aria-invalid", "true")
    expect(teacher).to_be_focused()
    expect(teacher).to_have_accessible_description(re.compile("did you mean zoo/resnet20"))


def test_an_estimate_is_shown_before_a_job_is_submitted(form: Page, site: Site) -> None:
    form.get_by_role("button", name="Estimate").click()
    expect(form.get_by_text("Looking at what can shrink")).to_be_visible()
    lease = claim_errand(site.database, "a", NEVER_S)
    assert lease is not None
    answer_estimate(site.database, lease, RESULT)
    expect(form.locator(".verdict")).to_contain_text("65.6% of 500 drawn students")
    expect(form.get_by_text("About 1:44 on this server")).to_be_visible()
    expect(form.get_by_role("row", name="smallest 1.52k 17.5k 6.41k 0.0106 ms")).to_be_visible()
    expect(form.locator(".estimate .plot .bars .point")).to_have_count(4)
    form.get_by_label("Parameters, at most").fill("5")
    expect(form.get_by_text("Estimate, before your last changes")).to_be_visible()


def test_an_estimate_that_fails_says_why(form: Page, site: Site) -> None:
    form.get_by_role("button", name="Estimate").click()
    expect(form.get_by_text("Looking at what can shrink")).to_be_visible()
    lease = claim_errand(site.database, "a", NEVER_S)
    assert lease is not None
    fail_estimate(site.database, lease, {"status": 422, "detail": "it takes other images"})
    expect(form.get_by_role("alert")).to_have_text("it takes other images")
    expect(form.get_by_role("button", name="Estimate")).to_be_enabled()


def test_uploaded_teachers_and_datasets_can_be_chosen(page: Page, site: Site) -> None:
    teacher: dict[str, object] = {"id": "tch_1", "name": "mine", "state": "ready"}
    dataset: dict[str, object] = {"id": "dst_1", "name": "my images", "n": 12}
    page.route("**/v1/teachers*", lambda route: route.fulfill(body=_page_of(teacher)))
    page.route("**/v1/datasets*", lambda route: route.fulfill(body=_page_of(dataset)))
    page.goto(f"{site.url}/#/new")
    page.get_by_label("Dataset").select_option("my images (12 images)")
    assert page.locator("datalist option[value=tch_1]").count() == 1
    page.get_by_label("Network to compress").fill("tch_1")
    with page.expect_request("**/v1/jobs") as sent:
        page.get_by_role("button", name="Start the job").click()
    body = json.loads(sent.value.post_data or "")
    assert (body["teacher"], body["dataset"]) == ({"id": "tch_1"}, {"id": "dst_1"})
