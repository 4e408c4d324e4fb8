import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app import dataset_check
from app.dataset_check import MEMORY_BYTES, PROCESSOR_S, check
from app.dataset_limits import BROKEN_DISK, Refused
from app.dataset_samples import Samples
from tests.app.samples_images import image, members, zip_of
from tests.app.samples_npz import npz

LIMIT = 2**24
ROOT = Path(dataset_check.__file__).parents[1]


@pytest.mark.parametrize(
    ("data", "n", "is_made"), [(npz(), 12, False), (zip_of(members()), 8, True)]
)
def test_arrays_are_read_and_of_images_arrays_are_made(data: bytes, n: int, is_made: bool) -> None:
    output = io.BytesIO()
    summary = check(io.BytesIO(data), LIMIT, output, Samples())
    assert summary["n"] == n
    assert bool(output.getvalue()) == is_made
    if is_made:
        made = np.load(io.BytesIO(output.getvalue()), allow_pickle=False)
        assert made["images"].shape == (8, 6, 6, 3)
        again = check(io.BytesIO(output.getvalue()), LIMIT, io.BytesIO(), Samples())
        assert {name: again[name] for name in again} == {name: summary[name] for name in again}


@pytest.mark.parametrize("data", [b"", b"no archive", npz()[:-40]])
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises(Refused, match=r"no whole .npz archive .* and no zip of images"):
        check(io.BytesIO(data), LIMIT, io.BytesIO(), Samples())


def test_an_empty_archive_is_refused_with_what_it_could_be() -> None:
    with pytest.raises(Refused, match=r"empty, but an .npz .* or a zip of images as") as caught:
        check(io.BytesIO(zip_of({})), LIMIT, io.BytesIO(), Samples())
    assert caught.value.field == ""


@pytest.mark.parametrize("names", [["cat/"], ["train/", "train/cat/"], ["cat/.DS_Store"]])
def test_folders_without_images_are_refused_with_what_is_wanted(names: list[str]) -> None:
    with pytest.raises(Refused, match=r"no images, but `train/CLASS/FILE` .* are wanted"):
        check(io.BytesIO(zip_of(dict.fromkeys(names, b""))), LIMIT, io.BytesIO(), Samples())


def _run(data: bytes, folder: Path, limits: str = "") -> subprocess.CompletedProcess[bytes]:
    """Runs the program on data, with limits of its own set by a statement before."""
    sent = folder / "sent"
    sent.write_bytes(data)
    made = folder / "made"
    with sent.open("rb") as file, made.open("wb") as output:
        program = f"import sys; from app import dataset_check; {limits}"
        program += f"\nsys.argv = ['', '{LIMIT}', '{output.fileno()}']"
        program += "\ncode = dataset_check.main(); import resource"
        program += "\nsys.stderr.write(str(resource.getrlimit(resource.RLIMIT_AS)[0]) + ' ')"
        program += "\nsys.stderr.write(str(resource.getrlimit(resource.RLIMIT_CPU)[0]))"
        return subprocess.run(
            [sys.executable, "-c", program + "\nsys.exit(code)"],
            stdin=file,
            capture_output=True,
            check=False,
            pass_fds=(output.fileno(),),
            cwd=ROOT,
        )


def test_the_program_limits_its_own_memory_and_time(tmp_path: Path) -> None:
    done = _run(npz(), tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["summary"]["n"] == 12
    assert done.stderr.decode() == f"{MEMORY_BYTES} {PROCESSOR_S}"


def test_what_takes_too_much_memory_is_refused(tmp_path: Path) -> None:
    data = zip_of(members(**{"cat/huge.png": image(1, (8000, 8000), "RGB")}))
    done = _run(data, tmp_path)
    assert json.loads(done.stdout)["summary"]["n"] == 9
    tight = _run(data, tmp_path, "dataset_check.MEMORY_BYTES = 300 * 2**20")
    assert tight.returncode == 0, tight.stderr.decode()
    assert "too much memory" in json.loads(tight.stdout)["detail"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_is_no_fault_of_the_upload(tmp_path: Path) -> None:
    (tmp_path / "made").symlink_to("/dev/full")
    done = _run(zip_of(members()), tmp_path)
    assert done.returncode == BROKEN_DISK, done.stderr.decode()
    assert done.stdout == b""
