import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.app.page.site import Site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def job_id(site: Site) -> str:
    job_id, writer = site.job(constraints={"params_ratio": 0.5})
    for number, value in enumerate((0.9, 0.95)):
        site.finish_trial(writer, number, value)
    return job_id


def _views(site: Site, job_id: str) -> dict[str, str]:
    names = {"jobs": "jobs", f"jobs/{job_id}": "a job", "new": "new job", "datasets": "datasets"}
    return {f"{site.url}/#/{path}": name for path, name in names.items()}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, site: Site, job_id: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    found = {}
    for url, name in _views(site, job_id).items():
        page.goto(url)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        if name == "a job":
            expect(page.locator("svg.layers")).to_be_visible()
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        result = Axe().run(page)
        assert len(result.response["passes"]) > 10
        wrong = result.response["violations"]
        found[name] = [f"{one['id']}: {one['nodes'][0]['html']}" for one in wrong]
    assert found == {name: [] for name in found}


def test_everything_fits_a_phone(page: Page, site: Site, job_id: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    for url in _views(site, job_id):
        page.goto(url)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_keyboard_reaches_the_content_first(page: Page, site: Site) -> None:
    page.goto(site.url)
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    assert page.url == f"{site.url}/"


def test_progress_is_spoken(page: Page, site: Site, job_id: str) -> None:
    page.goto(f"{site.url}/#/jobs/{job_id}")
    spoken = "searching: 2 of 40 students tried, best score 0.9500."
    expect(page.get_by_role("status")).to_have_text(spoken)
