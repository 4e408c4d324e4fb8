import json

import pytest
from playwright.sync_api import Page, Route, expect

from tests.app.page.site import Site

pytestmark = pytest.mark.browser

REFUSED = json.dumps({"status": 401, "detail": "give a key"})


@pytest.fixture
def locked(page: Page, site: Site) -> Page:
    """Returns a window whose requests need a key, and shows the jobs."""

    def answer(route: Route) -> None:
        if route.request.headers.get("authorization") == "Bearer right":
            route.continue_()
        else:
            route.fulfill(status=401, body=REFUSED)

    page.route("**/v1/**", answer)
    page.goto(site.url)
    return page


def test_a_key_is_asked_for_where_the_server_wants_one(locked: Page, site: Site) -> None:
    _, writer = site.job("behind a lock")
    site.finish_trial(writer, 0, 0.9)
    dialog = locked.get_by_role("dialog", name="This server wants a key")
    dialog.get_by_label("API key").fill("wrong")
    dialog.get_by_label("API key").press("Enter")
    expect(dialog.get_by_text("The key was refused")).to_be_visible()
    dialog.get_by_label("API key").fill("right")
    dialog.get_by_role("button", name="Use this key").click()
    expect(dialog).to_have_count(0)
    locked.get_by_role("link", name="behind a lock").first.click()
    with locked.expect_download() as download:
        locked.get_by_role("link", name="Download student.pt2").click()
    assert download.value.path().read_bytes() == b"the student"
    locked.reload()
    expect(locked.get_by_role("heading", name="behind a lock")).to_be_visible()
    assert locked.evaluate("[localStorage.length, document.cookie]") == [0, ""]


def test_who_gives_no_key_is_told(locked: Page) -> None:
    locked.get_by_role("button", name="Cancel").click()
    expect(locked.get_by_role("alert")).to_have_text("The server wants a key.")
