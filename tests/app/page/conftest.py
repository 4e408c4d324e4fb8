"""A browser and a server for the page's tests; each test has a window of its own."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.app.page.site import Site, running_site

SLOW_MS = 60_000  # for a browser on a busy machine

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    there_is_none = pytest.mark.skipif(
        CHROMIUM is None, reason="there is no Chromium: apt-get install chromium"
    )
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(there_is_none)


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site")) as found:
        yield found


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # Without a sandbox, for Chromium has none for root; it opens nothing but the page under test.
    expect.set_options(timeout=SLOW_MS)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(reduced_motion="reduce") as context:
        context.set_default_timeout(SLOW_MS)
        yield context


@pytest.fixture
def page(context: BrowserContext, site: Site) -> Iterator[Page]:
    """Yields a window; nothing may go wrong in it, and it may ask nobody but the server."""
    complaints: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on(
        "console",
        lambda message: (
            message.type == "error"
            and not message.text.startswith("Failed to load resource")
            and complaints.append(message.text)
        ),
    )
    page.on(
        "request",
        lambda request: (
            request.url.startswith((site.url, "blob:", "data:"))
            or complaints.append(f"asked {request.url}")
        ),
    )
    yield page
    assert complaints == []
