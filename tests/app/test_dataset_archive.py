import io
import zipfile

import pytest

from app.dataset_archive import open_archive, open_member
from app.dataset_limits import Refused
from tests.app.samples_images import zip_of


def _opened(data: bytes) -> tuple[zipfile.ZipFile, zipfile.ZipInfo]:
    archive = open_archive(io.BytesIO(data))
    return archive, archive.infolist()[0]


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_is_read(compression: int) -> None:
    archive, info = _opened(zip_of({"a": b"images"}, compression))
    with open_member(archive, "a", info) as member:
        assert member.read() == b"images"


def test_a_member_gives_no_more_than_it_says() -> None:
    archive, info = _opened(zip_of({"a": bytes(10_000)}))
    info.file_size = 10
    with open_member(archive, "a", info) as member, pytest.raises(zipfile.BadZipFile):
        member.read(10_000)


@pytest.mark.parametrize(
    "data", [b"", b"PK", zip_of({"a": b"x"})[:-5]], ids=["empty", "two bytes", "cut"]
)
def test_what_is_no_zip_is_refused(data: bytes) -> None:
    with pytest.raises(Refused, match="no zip of images"):
        open_archive(io.BytesIO(data))


def test_other_compressions_are_refused() -> None:
    archive, info = _opened(zip_of({"a": b"x"}, zipfile.ZIP_LZMA))
    with pytest.raises(Refused, match="stored or deflated") as caught:
        open_member(archive, "labels", info)
    assert caught.value.field == "labels"


def test_what_is_encrypted_is_refused() -> None:
    archive, info = _opened(zip_of({"a": b"x"}))
    info.flag_bits |= 1
    with pytest.raises(Refused, match="damaged or encrypted"):
        open_member(archive, "labels", info)
