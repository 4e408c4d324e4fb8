import hashlib
import io
from pathlib import Path
from uuid import uuid4

import pytest

from app.artifacts import Artifacts


class Broken(io.BytesIO):
    """A source whose disk fails after the first piece."""

    def read(self, _: int | None = -1, /) -> bytes:
        if self.tell():
            raise OSError("unplugged")
        return super().read(3)


class ArtifactsContract:
    """What every store must keep to."""

    @pytest.fixture
    def artifacts(self) -> Artifacts:
        raise AssertionError("each store gives its own")

    def test_what_is_put_is_there(self, artifacts: Artifacts, tmp_path: Path) -> None:
        data = bytes(range(256)) * 10_000
        (tmp_path / "source").write_bytes(data)
        stored = artifacts.put("jobs/a/x.bin", tmp_path / "source")
        assert stored.key == "jobs/a/x.bin"
        assert stored.bytes == len(data)
        assert stored.sha256 == hashlib.sha256(data).hexdigest()
        assert artifacts.read_bytes("jobs/a/x.bin") == data
        with artifacts.open("jobs/a/x.bin") as file:
            assert file.read(3) == data[:3]
        artifacts.fetch("jobs/a/x.bin", tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == data

    def test_a_second_put_replaces_the_first(self, artifacts: Artifacts) -> None:
        artifacts.put_bytes("k", b"one")
        artifacts.put_bytes("k", b"two")
        assert artifacts.read_bytes("k") == b"two"

    def test_a_broken_put_leaves_nothing(self, artifacts: Artifacts) -> None:
        with pytest.raises(OSError, match="unplugged"):
            artifacts.put_file("k/x", Broken(b"abcdef"))
        assert not artifacts.exists("k/x")
        assert artifacts._filesystem.find(artifacts._root) == []

    def test_a_broken_put_leaves_what_was_there(self, artifacts: Artifacts) -> None:
        artifacts.put_bytes("k/x", b"one")
        with pytest.raises(OSError, match="unplugged"):
            artifacts.put_file("k/x", Broken(b"abcdef"))
        assert artifacts.read_bytes("k/x") == b"one"

    def test_what_is_not_there(self, artifacts: Artifacts, tmp_path: Path) -> None:
        assert not artifacts.exists("none")
        artifacts.delete("none")
        with pytest.raises(FileNotFoundError):
            artifacts.open("none")
        with pytest.raises(FileNotFoundError):
            artifacts.fetch("none", tmp_path / "copy")
        assert list(tmp_path.glob("copy*")) == []

    def test_what_is_deleted_is_gone(self, artifacts: Artifacts) -> None:
        artifacts.put_bytes("k", b"one")
        assert artifacts.exists("k")
        artifacts.delete("k")
        assert not artifacts.exists("k")

    def test_the_keys_of_a_folder_are_listed_with_all_that_is_below_it(
        self, artifacts: Artifacts
    ) -> None:
        for key in ("a/b/1", "a/b/c/2", "a/b/3.part", "a/bc", "a/d/4"):
            artifacts.put_bytes(key, b"one")
        assert sorted(artifacts.keys("a/b")) == ["a/b/1", "a/b/3.part", "a/b/c/2"]
        assert artifacts.keys("a/none") == []

    def test_a_store_is_opened_anew_by_its_url(self, artifacts: Artifacts) -> None:
        artifacts.put_bytes("k", b"one")
        assert Artifacts(artifacts.url).read_bytes("k") == b"one"


class TestLocalArtifacts(ArtifactsContract):
    @pytest.fixture
    def artifacts(self, tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
        return Artifacts(f"file://{tmp_path_factory.mktemp('artifacts')}")


class TestArtifactsInMemory(ArtifactsContract):
    @pytest.fixture
    def artifacts(self) -> Artifacts:
        return Artifacts(f"memory://{uuid4().hex}")
