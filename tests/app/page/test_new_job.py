import json
import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from app.errand_leases import ErrandLease, claim_errand
from app.estimates import answer_estimate, fail_estimate
from app.jobs import get_job
from app.records import NewEmbedding
from tests.app.page.estimates import RESULT
from tests.app.page.site import Site
from tests.app.samples import NEVER_S

pytestmark = pytest.mark.browser
WITHIN_S = 30.0


def _page_of(*items: dict[str, object]) -> str:
    return json.dumps({"items": items, "next": None})


@pytest.fixture
def form(page: Page, site: Site) -> Page:
    page.goto(f"{site.url}/#/new")
    page.get_by_label("Name of the job").fill("from the browser")
    return page


def test_a_job_is_submitted_and_watched(form: Page, site: Site) -> None:
    form.get_by_label("Network to compress").select_option("zoo/vgg19")
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
    form.get_by_label("Students to try").fill("0")
    form.get_by_role("button", name="Start the job").click()
    students = form.get_by_label("Students to try")
    expect(students).to_have_attribute("aria-invalid", "true")
    expect(students).to_be_focused()
    expect(students).to_have_accessible_description(re.compile("greater than or equal to 1"))


def test_a_share_is_told_in_the_percent_that_it_is_given_in(form: Page) -> None:
    share = form.get_by_label("Parameters, at most")
    share.fill("500")
    form.get_by_role("button", name="Start the job").click()
    expect(share).to_have_accessible_description(re.compile("less than or equal to 100 %"))


def test_where_no_student_keeps_the_limits_the_nearest_is_told(form: Page, site: Site) -> None:
    nearest = {"params": 835, "macs": 207_000}
    limited = {"limits": {"params": 100}, "feasible": False, "nearest": nearest, "errors": ["x"]}
    form.get_by_role("button", name="Estimate").click()
    expect(form.get_by_text("Looking at what can shrink")).to_be_visible()
    answer_estimate(site.database, _claimed(site), {**RESULT, "constraints": limited})
    told = "No student keeps the limits. The nearest has 835 parameters and 207k MACs."
    expect(form.locator(".verdict")).to_have_text(told)


def test_an_estimate_is_shown_before_a_job_is_submitted(form: Page, site: Site) -> None:
    form.get_by_role("button", name="Estimate").click()
    expect(form.get_by_text("Looking at what can shrink")).to_be_visible()
    answer_estimate(site.database, _claimed(site), RESULT)
    expect(form.locator(".verdict")).to_contain_text("65.6% of 500 drawn students")
    expect(form.get_by_text("About 1:44 on this server")).to_be_visible()
    expect(form.get_by_role("row", name="smallest 1.52k 17.5k 6.41k 0.0106 ms")).to_be_visible()
    expect(form.locator(".estimate .plot .bars .point")).to_have_count(4)
    form.get_by_label("Parameters, at most").fill("5")
    expect(form.get_by_text("Estimate, before your last changes")).to_be_visible()


def _claimed(site: Site) -> ErrandLease:
    """Returns the lease of the estimate that the page is about to ask for."""
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        lease = claim_errand(site.database, "a", NEVER_S, "estimate", alone=True)
        if lease is not None:
            return lease
        time.sleep(0.05)
    raise TimeoutError


def test_an_estimate_that_fails_says_why(form: Page, site: Site) -> None:
    form.get_by_role("button", name="Estimate").click()
    expect(form.get_by_text("Looking at what can shrink")).to_be_visible()
    why = {"status": 422, "detail": "it takes other images"}
    fail_estimate(site.database, _claimed(site), why)
    expect(form.get_by_role("alert")).to_have_text("it takes other images")
    expect(form.get_by_role("button", name="Estimate")).to_be_enabled()


@pytest.fixture
def own(page: Page, site: Site) -> Page:
    """Returns a window in which there are two teachers and a dataset to choose."""
    teachers = [_teacher("mine", classes=3, shape=[1, 8, 8]), _teacher("large", 3, [1, 16, 16])]
    teachers += [_teacher("other", classes=4, shape=[1, 8, 8]), _teacher("colour", 3, [3, 8, 8])]
    teachers.append(_teacher("new", 3, [1, 8, 8]) | {"state": "checking", "summary": None})
    dataset = {
        "id": "dst_1", "name": "my images", "n": 12, "shape": [8, 8, 1], "classes": list("abc"),
    }  # fmt: skip
    page.route("**/v1/teachers*", lambda route: route.fulfill(body=_page_of(*teachers)))
    page.route("**/v1/datasets*", lambda route: route.fulfill(body=_page_of(dataset)))
    page.goto(f"{site.url}/#/new/tch_mine")
    return page


def _teacher(name: str, classes: int, shape: list[int]) -> dict[str, object]:
    summary = {"classes": classes, "input_shape": shape}
    return {"id": f"tch_{name}", "name": name, "state": "ready", "summary": summary}


def test_uploaded_teachers_and_datasets_are_chosen_by_their_names(own: Page) -> None:
    teacher, dataset = own.get_by_label("Network to compress"), own.get_by_label("Dataset")
    expect(dataset).to_have_value("dst_1")  # it goes with the teacher
    chosen = teacher.locator("option:checked")
    expect(chosen).to_have_text("mine (images of 8×8×1, 3 classes)")
    expect(teacher.locator("option[value=tch_new]")).to_be_disabled()
    expect(own.locator("fieldset").get_by_text("classes in this order: a, b, c.")).to_be_visible()
    with own.expect_request("**/v1/jobs") as sent:
        own.get_by_role("button", name="Start the job").click()
    body = json.loads(sent.value.post_data or "")
    assert (body["teacher"], body["dataset"]) == ({"id": "tch_mine"}, {"id": "dst_1"})


@pytest.mark.parametrize(
    ("teacher", "dataset", "words"),
    [
        ("tch_other", "dst_1", "other tells 4 classes apart, but my images has 3"),
        ("tch_mine", "digits", "mine tells 3 classes apart, but digits has 10"),
        ("tch_colour", "dst_1", "colour takes images of three channels (colour), but those of"),
    ],
)
def test_what_does_not_go_together_is_told_before_it_is_submitted(
    own: Page, teacher: str, dataset: str, words: str
) -> None:
    asked: list[str] = []
    own.on("request", lambda request: asked.append(request.method))
    own.get_by_label("Network to compress").select_option(teacher)
    own.get_by_label("Dataset").select_option(dataset)
    expect(own.locator("fieldset .trouble")).to_contain_text(words)
    expect(own.locator("#announcer")).to_contain_text(words)
    own.get_by_role("button", name="Start the job").click()
    expect(own.get_by_role("alert")).to_contain_text(words)
    assert "POST" not in asked
    own.get_by_label("Network to compress").select_option("zoo/resnet20")
    expect(own.locator("fieldset .trouble")).to_have_count(0)


def test_images_of_another_size_are_resized_and_that_is_told(own: Page) -> None:
    own.get_by_label("Network to compress").select_option("tch_large")
    told = "The images are of 8×8 and will be resized to 16×16, as large takes them. The figures"
    expect(own.locator("fieldset").get_by_text(told)).to_be_visible()


@pytest.fixture(scope="module")
def learned(site: Site) -> str:
    """Returns the id of a job that has left what it learned."""
    job_id, writer = site.job("the first")
    writer.finish("succeeded", None, NewEmbedding("key", "sha", 9, "zoo/vgg19", "digits", 7, 8, {}))
    return job_id


def test_a_job_begins_from_what_an_earlier_one_has_learned(
    page: Page, site: Site, learned: str
) -> None:
    page.goto(f"{site.url}/#/jobs/{learned}")
    page.get_by_role("link", name="Begin another job from what this one has learned").click()
    choice = page.get_by_label("Begin from what an earlier job has learned")
    expect(choice.locator("option:checked")).to_contain_text("zoo/vgg19 on digits, 7 trials, ")
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("button", name="Start the job").click()
    expect(page.locator(".state")).to_have_text("queued")
    with site.database.read() as session:
        first = get_job(session, learned).embedding_id
        begun = get_job(session, page.url.rpartition("/")[2]).request.search.embedding
    assert begun is not None
    assert begun.from_ == first


@pytest.mark.usefixtures("learned")
def test_a_job_begins_from_nothing_unless_it_is_told(form: Page) -> None:
    choice = form.get_by_label("Begin from what an earlier job has learned")
    expect(choice.locator("option:checked")).to_have_text("Nothing: learn anew")
    choice.select_option(index=1)
    form.get_by_text("More", exact=True).click()
    form.get_by_label("Strategy").select_option("random")  # which learns nothing
    expect(choice).to_be_disabled()
    with form.expect_request("**/v1/jobs") as sent:
        form.get_by_role("button", name="Start the job").click()
    assert "embedding" not in json.loads(sent.value.post_data or "")["search"]


def test_what_was_learned_of_uploads_is_told_by_their_names(own: Page) -> None:
    embedding = {
        "id": "emb_1", "teacher": "tch_mine", "dataset": "dst_1", "trials": 1,
        "created_at": "2026-01-02T03:04:05Z",
    }  # fmt: skip
    own.route("**/v1/embeddings*", lambda route: route.fulfill(body=_page_of(embedding)))
    own.reload()
    choice = own.get_by_label("Begin from what an earlier job has learned")
    expect(choice.locator("option").nth(1)).to_contain_text("mine on my images, 1 trial, ")
    with own.expect_request("**/v1/jobs") as sent:
        choice.select_option("emb_1")
        own.get_by_role("button", name="Start the job").click()
    assert json.loads(sent.value.post_data or "")["search"]["embedding"] == {"from": "emb_1"}
    expect(choice).to_have_attribute("aria-invalid", "true")  # the server has no such one
    expect(choice).to_have_accessible_description(re.compile("there is no embedding"))
