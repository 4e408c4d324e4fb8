from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.app.page.site import Site

pytestmark = pytest.mark.browser


def _losing(number: int, keys: list[str]) -> Callable[[Route], None]:
    """Returns what lets requests arrive, notes their keys, and loses the first ones' answers."""

    def carry(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        keys.append(route.request.headers["idempotency-key"])
        answer = route.fetch()
        if len(keys) <= number:
            route.abort("connectionreset")
        else:
            route.fulfill(response=answer)

    return carry


def _made(site: Site, kind: str) -> int:
    items = httpx.get(f"{site.url}/v1/{kind}", params={"limit": 500}).json()["items"]
    return sum(item["name"] == "once" for item in items)


def test_a_job_whose_answer_is_lost_is_submitted_once(page: Page, site: Site) -> None:
    keys: list[str] = []
    page.route("**/v1/jobs", _losing(3, keys))
    page.goto(f"{site.url}/#/new")
    page.get_by_label("Name of the job").fill("once")
    start = page.get_by_role("button", name="Start the job")
    start.click()
    expect(page.get_by_role("alert")).to_have_text("The server can't be reached.")
    start.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("once")
    assert (len(keys), len(set(keys)), _made(site, "jobs")) == (4, 1, 1)
    page.goto(f"{site.url}/#/new")
    page.get_by_label("Name of the job").fill("once")
    start.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("once")
    assert (len(set(keys)), _made(site, "jobs")) == (2, 2)


def test_an_upload_whose_answer_is_lost_is_kept_once(page: Page, site: Site) -> None:
    keys: list[str] = []
    page.route("**/v1/teachers", _losing(1, keys))
    page.goto(f"{site.url}/#/teachers")
    network = FilePayload(name="once.onnx", mimeType="", buffer=b"a network")
    page.get_by_label("File").set_input_files(network)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("status")).to_have_text("once is sent, and is being checked.")
    assert (len(keys), len(set(keys)), _made(site, "teachers")) == (2, 1, 1)
