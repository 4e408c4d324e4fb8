import io

import pytest

from app.problems import Invalid
from app.upload import Upload
from app.upload_name import name_of


@pytest.mark.parametrize(
    ("filename", "name"),
    [("cats.npz", "cats"), ("../../etc/passwd", "passwd"), ("C:\\a\\b.npz", "b"), ("", "")],
)
def test_a_file_s_name_is_bare(filename: str, name: str) -> None:
    assert name_of(Upload(io.BytesIO), filename, ".npz") == name


def test_a_name_that_is_given_is_the_name() -> None:
    assert name_of(Upload(io.BytesIO, fields={"name": "mine"}), "x.npz", ".npz") == "mine"
    with pytest.raises(Invalid) as caught:
        name_of(Upload(io.BytesIO, fields={"name": "nul\x00"}), "x.npz", ".npz")
    assert [error.pointer for error in caught.value.errors] == ["#/name"]
