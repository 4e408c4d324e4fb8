import json
import re

import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from app.errand_leases import ErrandLease, claim_errand
from app.errand_records import UploadedTeacher
from app.records import Json
from app.teachers import accept_teacher, list_teachers, reject_teacher
from tests.app.page.site import Site
from tests.app.samples import NEVER_S
from tests.app.test_teacher_bodies import SUMMARY

pytestmark = pytest.mark.browser

IMAGENET = {"scale": 255.0, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}


@pytest.fixture
def form(page: Page, site: Site) -> Page:
    page.goto(f"{site.url}/#/teachers")
    expect(page.get_by_label("File")).to_be_visible()
    return page


def _choose(form: Page, *names: str) -> None:
    files = [FilePayload(name=name, mimeType="", buffer=b"a network") for name in names]
    form.get_by_label("File").set_input_files(files)


def _upload(form: Page, site: Site, name: str) -> ErrandLease:
    """Uploads an ONNX file, and returns the lease of its check."""
    _choose(form, f"{name}.onnx")
    form.get_by_role("button", name="Upload").click()
    expect(_card(form, name)).to_contain_text("being checked")
    while lease := claim_errand(site.database, "coordinator", NEVER_S, "teacher", alone=True):
        if _newest(site).id == lease.id:
            return lease
    raise AssertionError("nothing is to be checked")


def _newest(site: Site) -> UploadedTeacher:
    with site.database.read() as session:
        return list_teachers(session, 1, None).items[0]


def _card(form: Page, name: str) -> Locator:
    return form.locator(".cards li").filter(has=form.get_by_role("heading", name=name))


def test_a_teacher_is_uploaded_checked_and_used(form: Page, site: Site) -> None:
    _choose(form, "whole.onnx")
    expect(form.locator("main").get_by_text("whole.onnx, 9 B")).to_be_visible()
    form.get_by_label("What its images went through").select_option("imagenet")
    lease = _upload(form, site, "whole")
    assert _newest(site).preprocessing == IMAGENET
    accept_teacher(site.database, lease, SUMMARY, "architecture", "weights")
    expect(_card(form, "whole").locator(".state")).to_have_text("ready")
    expect(form.locator("#announcer")).to_have_text("whole is ready.")
    expect(_card(form, "whole")).to_contain_text(f"{SUMMARY['classes']} classes")
    form.get_by_role("link", name="Use whole in a new job").click()
    expect(form.get_by_role("heading", level=1)).to_have_text("New job")
    expect(form.get_by_label("Network to compress")).to_have_value(lease.id)
    expect(form.get_by_label("Epochs of a named teacher")).to_be_hidden()


def test_a_rejected_teacher_says_why_and_can_be_deleted(form: Page, site: Site) -> None:
    lease = _upload(form, site, "broken")
    problem: Json = {"status": 422, "detail": "onnx: it has a softmax at its end"}
    reject_teacher(site.database, lease, problem)
    expect(_card(form, "broken")).to_contain_text("it has a softmax at its end")
    expect(_card(form, "broken").locator(".state")).to_have_text("can't be used")
    expect(form.get_by_role("link", name="Use broken in a new job")).to_have_count(0)
    form.once("dialog", lambda dialog: dialog.accept())
    form.get_by_role("button", name="Delete broken").click()
    expect(_card(form, "broken")).to_have_count(0)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["model.pt"], "model.pt is a pickle, which can run any code"),
        (["m.onnx", "m.onnx.data"], "Export it again with external_data=False"),
        (["m.h5"], "convert it to ONNX first"),
        (["architecture.json"], "The weights are missing"),
        (["m.onnx", "m.safetensors"], "choose it alone"),
        (["notes.txt"], "Choose one .onnx"),
    ],
)
def test_files_that_are_no_teacher_say_what_to_do(form: Page, names: list[str], words: str) -> None:
    _choose(form, *names)
    expect(form.get_by_role("alert")).to_contain_text(words)
    form.get_by_role("button", name="Upload").click()
    expect(form.get_by_role("alert").last).to_have_text("Choose a file first.")


def test_weights_alone_need_the_networks_name(form: Page, site: Site) -> None:
    expect(form.get_by_label("Whose weights are these")).to_be_hidden()
    _choose(form, "student.safetensors", "architecture.json")
    expect(form.get_by_label("Whose weights are these")).to_be_hidden()
    _choose(form, "resnet.safetensors")
    form.get_by_label("Whose weights are these").select_option("torchvision/resnet18")
    form.get_by_label("One image").fill("3, 64, 64")
    form.get_by_role("button", name="Upload").click()
    expect(_card(form, "resnet")).to_contain_text("being checked")
    found = _newest(site)
    assert (found.kind, found.network, found.input_shape) == (
        "network",
        "torchvision/resnet18",
        (3, 64, 64),
    )


def test_what_the_server_refuses_is_told_at_its_field(form: Page) -> None:
    _choose(form, "resnet.safetensors")
    form.get_by_label("One image").fill("3")
    form.get_by_label("What its images went through").select_option("own")
    form.get_by_label("Mean, after that").fill("0.5")
    form.get_by_label("Deviation, after that").fill("0.2")
    form.get_by_role("button", name="Upload").click()
    shape = form.get_by_label("One image")
    expect(shape).to_have_attribute("aria-invalid", "true")
    expect(shape).to_be_focused()
    expect(form.get_by_role("button", name="Upload")).to_be_enabled()


def test_the_lines_of_python_can_be_copied(form: Page) -> None:
    form.context.grant_permissions(["clipboard-read", "clipboard-write"])
    form.get_by_role("button", name="Copy").click()
    expect(form.locator("#announcer")).to_have_text("Copied.")
    lines = form.evaluate("navigator.clipboard.readText()")
    assert "torch.onnx.export(model" in lines
    compile(lines, "page", "exec")


def test_an_upload_shows_how_far_it_is_and_can_be_stopped(form: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    form.route("**/v1/teachers", hold)
    _choose(form, "mine.onnx")
    form.get_by_role("button", name="Upload").click()
    expect(form.get_by_role("progressbar", name="Sending the network")).to_be_visible()
    form.get_by_role("button", name="Stop").click()
    expect(form.get_by_role("alert")).to_have_text("It was stopped. Nothing of it was kept.")
    expect(form.get_by_role("progressbar")).to_have_count(0)
    expect(form.get_by_role("button", name="Upload")).to_be_enabled()


def test_a_key_is_asked_for_and_sent_with_the_file(form: Page) -> None:
    def answer(route: Route) -> None:
        if route.request.method != "POST":
            route.fulfill(body='{"items": [], "next": null}')
        elif route.request.headers.get("authorization") == "Bearer right":
            route.fulfill(status=201, body=json.dumps({"id": "tch_1", "name": "mine"}))
        else:
            route.fulfill(status=401, body="{}")

    form.route("**/v1/**", answer)
    _choose(form, "mine.onnx")
    form.get_by_role("button", name="Upload").click()
    form.get_by_label("API key").fill("right")
    form.get_by_label("API key").press("Enter")
    expect(form.locator("#announcer")).to_have_text(re.compile("mine is sent"))
