"""Networks are compressed by somebody who has nothing but a browser, and a network of their own."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional

from tests.chromium import ARGUMENTS, CHROMIUM
from tests.stillhouse.servers import served

Array = np.ndarray[Any, Any]
_LONG_MS = 900_000
FORM = {
    "Students to try": "2",
    "Epochs of each": "1",
    "Epochs of the final training": "1",
}
CLASSES = ("zero", "one", "two")
PER_CLASS = 70


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    """Yields a window that shows the page of a server of its own."""
    expect.set_options(timeout=_LONG_MS)
    with served(tmp_path / "home") as (_, client), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        page.set_default_timeout(_LONG_MS)
        page.goto(client.url)
        yield page
        browser.close()


def _compress(page: Page) -> None:
    """Fills in what is left of the form, and waits for the student."""
    for label, value in FORM.items():
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Estimate").click()
    # A busy machine gives the estimate up, and says that a job may be started all the same.
    judged = page.get_by_text("can be submitted without one").or_(page.locator(".verdict"))
    expect(judged).to_contain_text(re.compile("It can be met|without one"))
    page.get_by_role("button", name="Start the job").click()
    expect(page.locator(".state")).to_have_text("succeeded")
    expect(page.locator("svg.layers")).to_be_visible()


def _download(page: Page, name: str) -> str:
    with page.expect_download() as download:
        page.get_by_role("link", name=f"Download {name}").click()
    return str(download.value.path())


@pytest.mark.browser
def test_a_network_is_compressed_from_the_page_alone(page: Page) -> None:
    page.get_by_role("link", name="New job").click()
    page.get_by_label("Epochs of a named teacher").fill("1")
    _compress(page)
    student = torch.export.load(_download(page, "student.pt2")).module()
    assert student(torch.zeros(3, 1, 8, 8)).shape == (3, 10)


class Own(nn.Module):
    """A network as people write them."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 16, 3, padding=1)
        self.norm = nn.BatchNorm2d(16)
        self.second = nn.Conv2d(16, 32, 3, padding=1)
        self.hidden = nn.Linear(32 * 4 * 4, 64)
        self.drop = nn.Dropout(0.2)
        self.last = nn.Linear(64, len(CLASSES))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = functional.relu(self.norm(self.first(images)))
        x = functional.max_pool2d(functional.relu(self.second(x)), 2)
        x = x.view(x.size(0), -1)
        logits: torch.Tensor = self.last(self.drop(functional.relu(self.hidden(x))))
        return logits


def _images() -> tuple[torch.Tensor, torch.Tensor]:
    """Returns images from 0 to 255, `n x 1 x 8 x 8`, and their labels."""
    digits = load_digits()
    chosen = np.concatenate(
        [np.flatnonzero(digits.target == one)[:PER_CLASS] for one in range(len(CLASSES))]
    )
    images = torch.from_numpy((digits.images[chosen] * (255 / 16)).round()).float()
    return images[:, None], torch.from_numpy(digits.target[chosen])


def _trained(images: torch.Tensor, labels: torch.Tensor) -> nn.Module:
    torch.manual_seed(0)
    module = Own()
    optimizer = torch.optim.Adam(module.parameters(), 3e-3)
    for _ in range(60):
        batch = torch.randint(0, len(images), (64,))
        loss = functional.cross_entropy(module(images[batch] / 255), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return module


def _export_as_told(page: Page, module: nn.Module, folder: Path) -> Path:
    """Runs the lines of Python that the page shows, as one would who has copied them."""
    lines = page.get_by_role("region", name="Lines of Python").inner_text()
    own = lines.replace("1, 3, 224, 224", "1, 1, 8, 8").replace("model.onnx", f"{folder}/mine.onnx")
    assert own.count("8, 8") == own.count("mine.onnx") == 1
    exec(own, {"model": module})  # noqa: S102 - the page's own words
    return folder / "mine.onnx"


def _write_folder(folder: Path, images: torch.Tensor, labels: torch.Tensor) -> Path:
    for name in CLASSES:
        (folder / name).mkdir(parents=True)
    for number, (image, label) in enumerate(zip(images, labels.tolist(), strict=True)):
        picture = Image.fromarray(image[0].numpy().astype(np.uint8))
        picture.save(folder / CLASSES[label] / f"{number}.png")
    (folder / "about.txt").write_text("not an image")
    return folder


@pytest.mark.slow
@pytest.mark.browser
def test_ones_own_network_is_compressed_on_ones_own_images(page: Page, tmp_path: Path) -> None:
    images, labels = _images()
    folder = _write_folder(tmp_path / "numbers", images, labels)

    page.get_by_role("link", name="Datasets").click()
    page.get_by_label("Folder").set_input_files(folder)
    main = page.locator("main")
    expect(main.get_by_text("210 images of 3 classes: one 70, two 70, zero 70.")).to_be_visible()
    expect(main.get_by_text("1 other file is left out")).to_be_visible()
    page.get_by_role("button", name="Upload").click()
    expect(main.get_by_text("numbers: 210 images of 3 classes.")).to_be_visible()

    page.get_by_role("link", name="Teachers").click()
    # The classes are the folders in the alphabet's order, as ImageFolder has them.
    order = torch.tensor([sorted(CLASSES).index(name) for name in CLASSES])
    module = _trained(images, order[labels])
    page.get_by_label("File").set_input_files(_export_as_told(page, module, tmp_path))
    page.get_by_label("What its images went through").select_option("grey")
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("link", name="Use mine in a new job").click()

    expect(page.get_by_label("Dataset").locator("option:checked")).to_contain_text("numbers")
    page.get_by_label("Parameters, at most").fill("40")
    _compress(page)

    logits = _run_as_told(page, images.permute(0, 2, 3, 1).numpy(), tmp_path)
    right = logits.argmax(1) == order[labels].numpy()
    assert right.mean() > 0.6  # guessing: a third


def _run_as_told(page: Page, images: Array, folder: Path) -> Array:
    """Downloads the student and runs the lines that the page shows for it; returns the logits."""
    shutil.copy(_download(page, "student.onnx"), folder / "student.onnx")
    page.get_by_text("How to run it").click()
    lines = page.get_by_role("region", name="Lines that run it").inner_text()
    names: dict[str, Any] = {"images": images}
    with contextlib.chdir(folder):
        exec(lines, names)  # noqa: S102 - the page's own words
    assert np.array_equal(names["classes"], names["logits"].argmax(1))
    return np.asarray(names["logits"])
