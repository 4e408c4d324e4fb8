import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.app.page.site import Site

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_description_of_the_api_is_read_without_a_script_or_another_server(
    page: Page, site: Site, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(f"{site.url}/docs")
    expect(page.get_by_role("heading", name="The API", exact=True)).to_be_visible()
    assert page.evaluate("document.scripts.length") == 0
    page.get_by_role("link", name="POST /v1/jobs", exact=True).click()
    example = page.locator("article:target pre").first
    expect(example).to_be_hidden()
    page.locator("article:target summary").first.click()
    expect(example).to_contain_text("zoo/resnet20")
    assert Axe().run(page).response["violations"] == []


def test_the_description_fits_a_phone(page: Page, site: Site) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(f"{site.url}/docs")
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0
