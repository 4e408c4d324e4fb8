import numpy as np
import pytest
from playwright.sync_api import FilePayload, Page, expect

from app.datasets import list_datasets
from tests.app.page.site import Site
from tests.app.samples_images import members, zip_of
from tests.app.samples_npz import npz

pytestmark = pytest.mark.browser


@pytest.fixture
def form(page: Page, site: Site) -> Page:
    page.goto(f"{site.url}/#/datasets")
    return page


def _choose(form: Page, name: str, content: bytes) -> None:
    chosen: FilePayload = {"name": name, "mimeType": "application/zip", "buffer": content}
    form.get_by_label("File").set_input_files(chosen)


def test_arrays_are_looked_at_and_uploaded(form: Page, site: Site) -> None:
    _choose(form, "twelve.npz", npz())
    expect(
        form.locator("main").get_by_text("12 images of 8×8, in grey. The first of them:")
    ).to_be_visible()
    expect(form.locator(".images canvas")).to_have_count(12)
    expect(form.locator(".images li").nth(2)).to_have_text("class 2")
    drawn = "canvas => [...canvas.getContext('2d').getImageData(0, 0, 2, 1).data]"
    # Of the second image the values begin at 64.
    assert form.locator(".images canvas").nth(1).evaluate(drawn) == [
        64,
        64,
        64,
        255,
        65,
        65,
        65,
        255,
    ]
    form.get_by_label("Name").fill("a dozen")
    form.get_by_role("button", name="Upload").click()
    expect(form.locator("main").get_by_text("a dozen: 12 images of 3 classes.")).to_be_visible()
    card = form.locator(".cards li", has=form.get_by_role("heading", name="a dozen"))
    expect(card).to_contain_text("12 images of 8×8 in grey; 3 classes (0, 1, 2)")
    with site.database.read() as session:
        assert list_datasets(session, 1, None).items[0].name == "a dozen"


def test_image_files_are_looked_at(form: Page) -> None:
    files = members()
    _choose(form, "images.zip", zip_of(files))
    expect(form.locator("main").get_by_text(f"{len(files)} images in")).to_be_visible()
    first = form.locator(".images img").first
    expect(first).to_have_js_property("complete", True)
    assert first.evaluate("image => image.naturalWidth") > 0


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"no archive", "it is no zip archive"), (zip_of({"a/b.txt": b"x"}), "there are no images")],
)
def test_what_can_not_be_looked_at_says_why(form: Page, content: bytes, words: str) -> None:
    _choose(form, "a.zip", content)
    expect(form.get_by_role("alert")).to_contain_text(words)


def test_a_refused_upload_says_why(form: Page) -> None:
    _choose(form, "a.zip", b"no archive")
    form.get_by_role("button", name="Upload").click()
    expect(form.get_by_role("alert").last).to_contain_text("archive")
    expect(form.get_by_role("button", name="Upload")).to_be_enabled()


def test_no_more_of_a_file_is_unpacked_than_is_shown(form: Page) -> None:
    images = np.zeros((20_000, 32, 32, 3), dtype=np.uint8)  # 61 MB, packed to 60 kB
    images[19] = 200
    _choose(form, "many.npz", npz(images=images, labels=np.zeros(20_000, dtype=np.int64)))
    expect(form.locator("main").get_by_text("20000 images of 32×32, in colour.")).to_be_visible()
    drawn = "canvas => canvas.getContext('2d').getImageData(0, 0, 1, 1).data[0]"
    assert form.locator(".images canvas").last.evaluate(drawn) == 200
