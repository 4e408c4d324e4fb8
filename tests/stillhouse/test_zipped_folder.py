import zipfile
from pathlib import Path

import pytest

from stillhouse.zipped_folder import zipped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path in ("train/cat/0.png", "train/dog/1.png", "test/cat/2.png", ".git/secret", "dog/.x"):
        file = tmp_path / "pets" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path)
    return tmp_path / "pets"


def _names(folder: Path) -> list[str]:
    with zipped(folder) as file, zipfile.ZipFile(file) as archive:
        return archive.namelist()


def test_all_files_but_hidden_ones_are_in_it(folder: Path) -> None:
    with zipped(folder) as file:
        assert file.tell() == 0
        with zipfile.ZipFile(file) as archive:
            assert archive.namelist() == ["test/cat/2.png", "train/cat/0.png", "train/dog/1.png"]
            assert archive.read("train/dog/1.png") == b"train/dog/1.png"


def test_a_link_is_the_file_it_leads_to(folder: Path) -> None:
    (folder / "train" / "cat" / "3.png").symlink_to(folder / "train" / "dog" / "1.png")
    (folder / "train" / "eel").symlink_to(folder)
    assert "train/cat/3.png" in _names(folder)
    assert len(_names(folder)) == 4
    with zipped(folder) as file, zipfile.ZipFile(file) as archive:
        assert archive.read("train/cat/3.png") == b"train/dog/1.png"


def test_a_file_that_can_t_be_read_is_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise PermissionError("no")

    monkeypatch.setattr(zipfile.ZipFile, "write", fail)
    with pytest.raises(PermissionError), zipped(folder):
        pass
