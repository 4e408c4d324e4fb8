"""A folder of images is looked at, packed and uploaded by the page."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from app.datasets import list_datasets
from tests.app.page.site import Site
from tests.app.samples_images import image, members

pytestmark = pytest.mark.browser


@pytest.fixture
def form(page: Page, site: Site) -> Page:
    page.goto(f"{site.url}/#/datasets")
    return page


def _written(folder: Path, files: dict[str, bytes]) -> Path:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def test_a_folder_is_looked_at_packed_and_uploaded(form: Page, site: Site, tmp_path: Path) -> None:
    files = members() | {"größe.txt": b"no image", ".hidden": b"x"}
    files |= {"cat/schön.png": image(77)}
    form.get_by_label("Folder").set_input_files(_written(tmp_path / "my pets", files))
    expect(form.locator("main").get_by_text("9 images of 2 classes: cat 5, dog 4.")).to_be_visible()
    expect(
        form.locator("main").get_by_text("1 other file is left out: my pets/größe.txt.")
    ).to_be_visible()
    expect(form.locator(".images img")).to_have_count(9)
    form.get_by_role("button", name="Upload").click()
    expect(form.locator("main").get_by_text("my pets: 9 images of 2 classes.")).to_be_visible()
    with site.database.read() as session:
        dataset = list_datasets(session, 1, None).items[0]
    assert (dataset.name, dataset.summary["class_counts"]) == ("my pets", [5, 4])
    with np.load(io.BytesIO(site.artifacts.read_bytes(dataset.key))) as arrays:
        assert 77 in arrays["images"][:, 0, 0, 0]


def test_some_images_are_shown_afterwards(form: Page, tmp_path: Path) -> None:
    form.get_by_label("Folder").set_input_files(_written(tmp_path / "shown", members()))
    form.get_by_role("button", name="Upload").click()
    samples = form.get_by_role("img", name="Some images of shown")
    expect(samples).to_have_js_property("naturalWidth", 36)  # six of six pixels
    form.once("dialog", lambda dialog: dialog.accept())
    form.get_by_role("button", name="Delete shown").click()
    expect(form.locator("#announcer")).to_have_text("shown was deleted.")
    expect(samples).to_have_count(0)


def test_test_images_apart_stay_apart(form: Page, site: Site, tmp_path: Path) -> None:
    files = {f"train/{path}": data for path, data in members().items()}
    files |= {"test/cat/1.png": image(1), "test/dog/1.png": image(2)}
    form.get_by_label("Folder").set_input_files(_written(tmp_path / "apart", files))
    form.get_by_role("button", name="Upload").click()
    expect(form.locator("main").get_by_text("apart: 8 images of 2 classes.")).to_be_visible()
    with site.database.read() as session:
        assert list_datasets(session, 1, None).items[0].summary["test_n"] == 2


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (["notes.txt"], "There are no image files in it"),
        (["1.png", "2.png"], "All its images lie in one folder"),
        (["cat/1.png", "cat/2.png"], "All its images lie in one folder, cat"),
        (
            ["cat/1.png", "dog/2.png", "3.png"],
            "1 image lies elsewhere than in a class folder: 3.png",
        ),
        (["a/b/c/1.png", "x/y/2.png"], "There are no class folders in it"),
    ],
)
def test_a_folder_that_is_no_dataset_says_what_is_wanted(
    form: Page, tmp_path: Path, files: list[str], words: str
) -> None:
    folder = _written(tmp_path / "wrong", dict.fromkeys(files, image()))
    form.get_by_label("Folder").set_input_files(folder)
    expect(form.get_by_role("alert")).to_contain_text(words)
    expect(form.get_by_role("alert")).to_contain_text("cat/1.png, cat/2.png, dog/1.png")
    form.get_by_role("button", name="Upload").click()
    expect(form.get_by_role("alert").last).to_have_text("Choose images first: a folder or a file.")


def test_what_is_dropped_is_taken_as_what_is_chosen(form: Page, tmp_path: Path) -> None:
    folder = _written(tmp_path / "dropped", members())
    box = form.locator("form.drop").bounding_box()
    assert box is not None
    window = form.context.new_cdp_session(form)
    for kind in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
        window.send(
            "Input.dispatchDragEvent",
            {"type": kind, "x": box["x"] + 40, "y": box["y"] + 40, "data": data},
        )
    expect(form.locator("main").get_by_text("8 images of 2 classes: cat 4, dog 4.")).to_be_visible()
    expect(form.locator("form.drop.over")).to_have_count(0)


def test_what_is_packed_is_a_sound_archive(form: Page) -> None:
    packed = """async () => {
      const { zipOf } = await import("./page/zip_writer.js");
      const files = [["a/ü.png", "one"], ["b/2.png", ""], ["c.png", "x".repeat(70000)]];
      const blob = await zipOf(files.map(([path, text]) => ({ path, file: new File([text], "") })),
        () => {}, new AbortController().signal);
      return [...new Uint8Array(await blob.arrayBuffer())];
    }"""
    with zipfile.ZipFile(io.BytesIO(bytes(form.evaluate(packed)))) as archive:
        assert archive.testzip() is None
        found = {name: len(archive.read(name)) for name in archive.namelist()}
    assert found == {"a/ü.png": 3, "b/2.png": 0, "c.png": 70_000}


def test_too_many_images_are_told_before_any_is_read(form: Page) -> None:
    told = """async () => {
      const { folderOf } = await import("./page/folder.js");
      const one = (_, i) => ({ path: `x/${i % 2}/${i}.png`, file: { size: 1 } });
      const files = Array.from({ length: 70000 }, one);
      try { folderOf(files); } catch (error) { return error.message; }
    }"""
    assert "It has 70,000 images" in json.dumps(form.evaluate(told))
