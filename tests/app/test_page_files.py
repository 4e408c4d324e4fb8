import gzip
import json
import re
from pathlib import Path

import pytest

from app.page_files import CHARTS, NAMES, page_file, page_names

PAGE = Path(__file__).parents[2] / "app" / "page"
OWN = sorted(page_names() - {CHARTS, NAMES})
# What reads a string as HTML or as a program.
RUNS_TEXT = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
)


def test_all_files_of_the_folder_are_the_pages() -> None:
    assert {path.name for path in PAGE.iterdir()} == set(OWN)
    assert {"index.html", "main.js", "page.css"} < set(OWN)


def test_a_file_is_the_same_compressed() -> None:
    file = page_file("main.js")
    assert file.content == (PAGE / "main.js").read_bytes()
    assert gzip.decompress(file.zipped) == file.content
    assert file.tag != page_file("dom.js").tag


def test_the_charts_come_from_plotlys_package() -> None:
    charts = page_file(CHARTS)
    assert charts.content.startswith(b"/**\n* plotly.js v")
    assert len(charts.zipped) < len(charts.content) / 2


def test_the_names_are_the_catalogs() -> None:
    names = json.loads(page_file(NAMES).content)
    assert "zoo/resnet20" in names["networks"]
    assert "digits" in names["datasets"]


@pytest.mark.parametrize("name", OWN)
def test_nothing_is_fetched_from_elsewhere(name: str) -> None:
    text = page_file(name).content.decode().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//[a-z]+\.", text)


@pytest.mark.parametrize("name", [name for name in OWN if name.endswith(".js")])
def test_no_script_reads_text_as_html(name: str) -> None:
    assert not RUNS_TEXT.search(page_file(name).content.decode())


def test_every_import_names_a_file() -> None:
    scripts = [name for name in OWN if name.endswith(".js")]
    imported = {
        found
        for name in scripts
        for found in re.findall(r'from "\./([^"]+)"', page_file(name).content.decode())
    }
    assert imported | {"main.js"} == set(scripts)


def test_plotly_finds_the_marks_by_which_it_writes_no_styles() -> None:
    index = page_file("index.html").content.decode()
    charts = page_file(CHARTS).content.decode()
    marks = [mark for mark in re.findall(r'id="([\w.-]+)"', index) if mark in charts]
    assert "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53" in marks
    assert '"plotly.js-style-"+' in charts
    assert ".no-inline-styles" in charts
