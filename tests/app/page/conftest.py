"""A browser and a server for the page's tests; each test has a window of its own."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from tests.app.page.site import Site, running_site
from tests.chromium import ARGUMENTS, CHROMIUM

SLOW_MS = 60_000  # for a browser on a busy machine


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("site")) as found:
        yield found


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=SLOW_MS)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(reduced_motion="reduce") as context:
        context.set_default_timeout(SLOW_MS)
        yield context


@pytest.fixture
def page(context: BrowserContext, site: Site) -> Iterator[Page]:
    """Yields a window; nothing may go wrong in it, and it may ask nobody but the server."""
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # What the server refuses is told here too, whatever the page makes of it.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    def see(request: Request) -> None:
        if not request.url.startswith((site.url, "blob:", "data:")):
            complaints.append(f"it asked {request.url}")

    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", hear)
    page.on("request", see)
    yield page
    assert complaints == []
