import pickle
from pathlib import Path

import numpy as np
import pytest

from tests.workers.samples import is_mapped
from workers import image_spool
from workers.image_spool import ImageSpool, images_a_piece, pieces


def _images(n: int, side: int = 5) -> image_spool.Images:
    return np.random.default_rng(n).integers(0, 256, (n, 3, side, 4), dtype=np.uint8)


def test_what_is_appended_is_mapped_in_that_order(tmp_path: Path) -> None:
    with ImageSpool(tmp_path / "new" / "folder") as spool:
        spool.append(_images(3))
        spool.append(_images(2).transpose(0, 1, 2, 3)[::-1])
        found = spool.mapped()
    assert np.array_equal(found, np.concatenate([_images(3), _images(2)[::-1]]))
    assert is_mapped(found)
    assert not found.flags.writeable
    assert list((tmp_path / "new" / "folder").iterdir()) == []


def test_pickling_takes_one_copy(tmp_path: Path) -> None:
    with ImageSpool(tmp_path) as spool:
        spool.append(_images(3))
        found = spool.mapped()
    buffers: list[pickle.PickleBuffer] = []
    data = pickle.dumps(found, protocol=5, buffer_callback=buffers.append)
    assert len(data) < 500
    assert sum(len(buffer.raw()) for buffer in buffers) == found.nbytes


def test_images_of_another_shape_are_refused(tmp_path: Path) -> None:
    with ImageSpool(tmp_path) as spool:
        spool.append(_images(3))
        with pytest.raises(ValueError, match=r"images of \(3, 6, 4\) after images of \(3, 5, 4\)"):
            spool.append(_images(3, 6))


def test_no_images_are_none_to_map(tmp_path: Path) -> None:
    with ImageSpool(tmp_path) as spool:
        with pytest.raises(ValueError, match="no images"):
            spool.mapped()
        spool.append(_images(3)[:0])
        with pytest.raises(ValueError, match="no images"):
            spool.mapped()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = Path("/dev/full").open("r+b", buffering=0)  # noqa: SIM115 - the spool closes it
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: full)
    with ImageSpool(tmp_path) as spool, pytest.raises(OSError, match="No space"):
        spool.append(_images(3))


def test_a_piece_has_as_many_images_as_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_spool, "PIECE_BYTES", 130)
    assert images_a_piece((3, 5, 4)) == 2
    assert images_a_piece((3, 500, 400)) == 1
    found = [piece.tolist() for piece in pieces(np.array([9, 1, 4, 0, 2]), _images(10))]
    assert found == [[9, 1], [4, 0], [2]]
