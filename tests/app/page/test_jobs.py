import pytest
from playwright.sync_api import Page, expect

from tests.app.page.site import Site

pytestmark = pytest.mark.browser


def test_the_jobs_are_listed_newest_first_and_lead_to_their_own_page(
    page: Page, site: Site
) -> None:
    site.job("the older")
    job_id, writer = site.job("the newer")
    site.finish_trial(writer, 0, 0.9)
    page.goto(site.url)
    rows = page.locator("tbody tr")
    expect(rows.nth(0)).to_contain_text("the newer")
    expect(rows.nth(1)).to_contain_text("the older")
    expect(rows.nth(0)).to_contain_text("zoo/resnet20 on digits")
    expect(rows.nth(0)).to_contain_text("1 of 40")
    expect(rows.nth(0)).to_contain_text("90.0%")
    rows.nth(0).get_by_role("link").click()
    expect(page).to_have_url(f"{site.url}/#/jobs/{job_id}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("the newer")


def test_who_has_no_job_is_shown_the_way(page: Page, site: Site) -> None:
    nothing = '{"items": [], "next": null}'
    page.route("**/v1/jobs*", lambda route: route.fulfill(body=nothing))
    page.goto(site.url)
    for name, view in (("Upload your network", "teachers"), ("Upload your images", "datasets")):
        expect(page.get_by_role("link", name=name)).to_have_attribute("href", f"#/{view}")
    page.get_by_role("link", name="Compress a network").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New job")
    expect(page.locator("main")).to_be_focused()


def test_older_jobs_are_shown_when_asked_for(page: Page, site: Site) -> None:
    for number in range(22):
        site.job(f"number {number}")
    page.goto(site.url)
    expect(page.locator("tbody tr")).to_have_count(20)
    page.get_by_role("button", name="Show older jobs").click()
    expect(page.get_by_role("link", name="number 0", exact=True).first).to_be_visible()
