"""Pictures of the page, of a real job on this machine that was started from the page.

`python -m benchmarks.screenshots docs` writes `page.png`, `page-dark.png` and `page-phone.png`. It
needs Chromium and takes a few minutes.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from stillhouse.client import Client
from stillhouse.ports import free_port
from stillhouse.serving import Place, serving

WIDE: ViewportSize = {"width": 1200, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 1100}
FORM = {
    "Name of the job": "digits on a phone",
    "Parameters, at most": "10",
    "Students to try": "16",
    "Epochs of each": "3",
    "Epochs of a named teacher": "8",
    "Epochs of the final training": "8",
}
_MOST_MS = 3_600_000


def submit(page: Page, url: str) -> None:
    """Fills the form for a new job in, and starts the job."""
    page.goto(f"{url}/#/new")
    for label, value in FORM.items():
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Start the job").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(FORM["Name of the job"])


def take(page: Page, folder: Path) -> None:
    """Takes the pictures of the job that the page shows, once it has succeeded."""
    expect(page.locator(".state")).to_have_text("succeeded")
    page.emulate_media(color_scheme="light")
    _settled(page).screenshot(path=folder / "page.png", full_page=True)
    page.emulate_media(color_scheme="dark")
    _settled(page).screenshot(path=folder / "page-dark.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    page.reload()
    _settled(page).screenshot(path=folder / "page-phone.png")


def _settled(page: Page) -> Page:
    """Returns the page once its charts and the network's picture are drawn."""
    expect(page.locator("svg.layers")).to_be_visible()
    for number in range(4):
        expect(page.locator(".plot").nth(number).locator(".main-svg").first).to_be_visible()
    page.wait_for_timeout(1000)
    return page


def main(folder: Path) -> None:
    """Serves, has a job started from the page, and takes the pictures."""
    expect.set_options(timeout=_MOST_MS)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STILLHOUSE_")}
    with tempfile.TemporaryDirectory(prefix="stillhouse-") as home, sync_playwright() as playwright:
        place = Place(Path(home), "127.0.0.1", free_port(), inherited, quiet=True)
        with serving(place, print), Client(place.url) as client:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page(viewport=WIDE)
            page.set_default_timeout(_MOST_MS)
            submit(page, place.url)
            take(page, folder)
            browser.close()
            print(*(f"{job.status.id} {job.status.state}" for job in client.jobs()), sep="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
