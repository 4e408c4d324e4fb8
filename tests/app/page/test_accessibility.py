from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import FilePayload, Page, expect

from app.errand_leases import claim_errand
from app.teachers import accept_teacher, reject_teacher
from tests.app.page.site import Site
from tests.app.samples import NEVER_S
from tests.app.samples_images import members, zip_of
from tests.app.samples_teachers import new_teacher
from tests.app.test_teacher_bodies import SUMMARY

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def uploads(site: Site) -> None:
    """Uploads teachers that are being checked, ready and refused, and a dataset."""
    for outcome in ("refused", "ready"):
        new_teacher(site.database)
        lease = claim_errand(site.database, "coordinator", NEVER_S, "teacher", alone=True)
        assert lease is not None
        if outcome == "ready":
            accept_teacher(site.database, lease, SUMMARY, "architecture", "weights")
        else:
            reject_teacher(site.database, lease, {"detail": "it ends in a softmax"})
    new_teacher(site.database)
    files = {"file": ("images.zip", zip_of(members()))}
    assert httpx.post(f"{site.url}/v1/datasets", files=files).status_code == 201


@pytest.fixture(scope="module")
def job_id(site: Site) -> str:
    job_id, writer = site.job(constraints={"params_ratio": 0.5})
    for number, value in enumerate((0.9, 0.95)):
        site.finish_trial(writer, number, value)
    points = [{"number": number, "x": number, "y": -number} for number in range(2)]
    writer.record_surrogate(
        {
            "trials": 2,
            "random_search": [0.8, 0.9],
            "map": {"explained": [0.7, 0.1], "points": points},
        }
    )
    return job_id


def _show_all(page: Page, site: Site, job_id: str) -> Iterator[str]:
    """Shows one view after the other, and yields each one's name once all of it is there."""
    drawn = {
        "jobs": "table",
        f"jobs/{job_id}": "svg.layers",
        "new": "form",
        "teachers": ".cards li .trouble",
        "datasets": ".cards li",
    }
    for path, last in drawn.items():
        page.goto(f"{site.url}/#/{path}")
        expect(page.locator("main").locator(last).first).to_be_visible()
        if path == f"jobs/{job_id}":
            expect(page.locator(".plot .main-svg")).to_have_count(12)  # three of each chart
        yield path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, site: Site, job_id: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    found = {}
    for view in _show_all(page, site, job_id):
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        result = Axe().run(page)
        assert len(result.response["passes"]) > 10
        wrong = result.response["violations"]
        found[view] = [f"{one['id']}: {one['nodes'][0]['html']}" for one in wrong]
    assert found == {view: [] for view in found}


def test_everything_fits_a_phone(page: Page, site: Site, job_id: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    width = "document.documentElement.scrollWidth"
    wide = {view: page.evaluate(width) for view in _show_all(page, site, job_id)}
    assert wide == dict.fromkeys(wide, 360)


def test_the_keyboard_reaches_the_content_first(page: Page, site: Site) -> None:
    page.goto(site.url)
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    assert page.url == f"{site.url}/"


def test_a_chosen_folder_and_file_pass_axe_too(page: Page, site: Site, tmp_path: Path) -> None:
    for path, data in members().items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    page.goto(f"{site.url}/#/datasets")
    page.get_by_label("Folder").set_input_files(tmp_path)
    expect(page.locator(".images img")).to_have_count(8)
    assert Axe().run(page).response["violations"] == []
    page.goto(f"{site.url}/#/teachers")
    expect(page.get_by_role("heading", level=1)).to_have_text("Teachers")
    page.get_by_label("File").set_input_files(
        FilePayload(name="w.safetensors", mimeType="", buffer=b"x")
    )
    page.get_by_label("What its images went through").select_option("own")
    assert Axe().run(page).response["violations"] == []


def test_a_teacher_is_uploaded_by_keyboard(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/#/teachers")
    file = page.get_by_label("File")
    file.set_input_files(FilePayload(name="keys.onnx", mimeType="", buffer=b"x"))
    file.focus()
    for role, name in (("combobox", "What its images"), ("textbox", "Name"), ("button", "Upload")):
        page.keyboard.press("Tab")
        expect(page.get_by_role(role, name=name)).to_be_focused()  # type: ignore[arg-type]
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("keys is sent, and is being checked.")


def test_progress_is_spoken(page: Page, site: Site, job_id: str) -> None:
    page.goto(f"{site.url}/#/jobs/{job_id}")
    spoken = "searching: 2 of 40 students tried, best score 0.9500."
    expect(page.get_by_role("status")).to_have_text(spoken)
