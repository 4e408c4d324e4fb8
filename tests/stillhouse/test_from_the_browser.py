"""A network is compressed by somebody who has nothing but a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from playwright.sync_api import expect, sync_playwright

from tests.chromium import ARGUMENTS, CHROMIUM
from tests.stillhouse.servers import served

_LONG_MS = 900_000
FORM = {
    "Students to try": "2",
    "Epochs of each": "1",
    "Epochs of a named teacher": "1",
    "Epochs of the final training": "1",
}


@pytest.mark.slow
@pytest.mark.browser
def test_a_network_is_compressed_from_the_page_alone(tmp_path: Path) -> None:
    expect.set_options(timeout=_LONG_MS)
    with served(tmp_path / "home") as (_, client), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        page.goto(f"{client.url}/#/new")
        for label, value in FORM.items():
            page.get_by_label(label).fill(value)
        page.get_by_role("button", name="Estimate").click()
        expect(page.get_by_text("It can be met")).to_be_visible()
        page.get_by_role("button", name="Start the job").click()
        expect(page.locator(".state")).to_have_text("succeeded")
        expect(page.locator("svg.layers")).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download student.pt2").click()
        student = torch.export.load(str(download.value.path())).module()
        browser.close()
    assert student(torch.zeros(3, 1, 8, 8)).shape == (3, 10)
