import io
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.services import Services
from tests.app.samples import REQUEST
from tests.app.samples_images import image, members, within, zip_of
from tests.app.samples_npz import npz


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_an_upload_becomes_a_dataset(client: TestClient, services: Services) -> None:
    data = npz(
        test_images=np.zeros((3, 8, 8), np.uint8),
        test_labels=np.array([0, 1, 2], np.uint8),
        classes=np.array(["zéro", "one", "two"]),
    )
    answer = client.post(
        "/v1/datasets", files={"file": ("c:\\my\x07 images.npz", data)}, data={"name": "Ziffern"}
    )
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert answer.headers["location"] == f"/v1/datasets/{body['id']}"
    assert (body["name"], body["n"], body["test_n"]) == ("Ziffern", 12, 3)
    assert (body["shape"], body["dtype"]) == ([8, 8, 1], "uint8")
    assert (body["classes"], body["class_counts"]) == (["zéro", "one", "two"], [4, 4, 4])
    assert client.get(answer.headers["location"]).json() == body
    assert client.get("/v1/datasets").json() == {"items": [body], "next": None}
    assert services.artifacts.read_bytes(f"datasets/{body['id']}.npz") == data
    assert _files(services.uploads) == []
    request = REQUEST | {"dataset": {"id": body["id"]}}
    assert client.post("/v1/jobs", json=request).status_code == 202


def test_an_upload_sent_twice_is_one_dataset(client: TestClient, tmp_path: Path) -> None:
    # The boundary between the form's parts is another one each time.
    send = partial(client.post, "/v1/datasets", headers={"Idempotency-Key": "digits"})
    assert send(files={"file": ("x.npz", b"no archive")}).status_code == 422
    data = npz()
    first, again = (send(files={"file": ("x.npz", data)}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert len(client.get("/v1/datasets").json()["items"]) == 1
    assert len(_files(tmp_path / "artifacts")) == 2  # with its samples
    assert send(files={"file": ("y.npz", data)}).status_code == 422
    other = npz(classes=np.array(["a", "b", "c"]))
    assert send(files={"file": ("x.npz", other)}).status_code == 422


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        (b"", "#/file"),
        (b"no archive", "#/file"),
        (npz()[:-40], "#/file"),
        (npz(labels=None), "#/file/labels"),
        (npz(images=np.ones((12, 8, 8), np.float32)), "#/file/images"),
    ],
)
def test_what_is_no_dataset_is_refused_and_leaves_nothing(
    client: TestClient, services: Services, tmp_path: Path, data: bytes, pointer: str
) -> None:
    answer = client.post("/v1/datasets", files={"file": ("x.npz", data)})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert client.get("/v1/datasets").json()["items"] == []
    assert _files(services.uploads) == _files(tmp_path / "artifacts") == []


def test_a_zip_of_images_becomes_a_dataset_of_arrays(
    client: TestClient, services: Services
) -> None:
    files = within("train", members()) | {"test/cat/9.png": image(9), "train/.DS_Store": b"x"}
    answer = client.post("/v1/datasets", files={"file": ("pets.zip", zip_of(files))})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert (body["name"], body["n"], body["test_n"]) == ("pets", 8, 1)
    assert (body["shape"], body["shorter_side"]) == ([6, 6, 3], None)
    assert (body["classes"], body["class_counts"]) == (["cat", "dog"], [4, 4])
    assert (body["imbalance"], body["notes"]) == (
        1.0,
        ["1 hidden file was left out ('.DS_Store')"],
    )
    assert client.get(answer.headers["location"]).json() == body
    with np.load(io.BytesIO(services.artifacts.read_bytes(f"datasets/{body['id']}.npz"))) as made:
        assert made["images"].shape == (8, 6, 6, 3)
    assert _files(services.uploads) == []


def test_a_zip_of_something_else_is_refused_and_leaves_nothing(
    client: TestClient, services: Services, tmp_path: Path
) -> None:
    files = members(**{"dog/x.png": b"no image"})
    answer = client.post("/v1/datasets", files={"file": ("pets.zip", zip_of(files))})
    assert answer.status_code == 422
    assert "'dog/x.png' is no whole image" in answer.json()["detail"]
    assert [error["pointer"] for error in answer.json()["errors"]] == ["#/file"]
    assert _files(services.uploads) == _files(tmp_path / "artifacts") == []


def test_classes_of_very_different_sizes_are_told(client: TestClient) -> None:
    labels = np.array([0] * 40 + [1] * 3)
    data = npz(images=np.zeros((43, 8, 8), np.uint8), labels=labels)
    body = client.post("/v1/datasets", files={"file": ("x.npz", data)}).json()
    assert body["imbalance"] == 13.33
    assert "0 has 40 images and 1 3 (13.33 times as many)" in body["notes"][0]


def test_an_upload_over_the_limit_is_refused(client: TestClient, services: Services) -> None:
    answer = client.post("/v1/datasets", files={"file": ("x.npz", b"0" * 2**20)})
    assert answer.status_code == 413
    assert answer.json()["errors"][0]["pointer"] == "#/file"
    assert _files(services.uploads) == []


def test_an_archive_that_unpacks_to_too_much_is_refused(client: TestClient) -> None:
    bomb = npz(images=np.zeros((40_000, 8, 8), np.uint8))
    assert len(bomb) < 2**16
    answer = client.post("/v1/datasets", files={"file": ("x.npz", bomb)})
    assert answer.status_code == 422
    assert "unpacks to" in answer.json()["detail"]


def test_no_such_dataset(client: TestClient) -> None:
    assert client.get(f"/v1/datasets/dst_{'a' * 22}").status_code == 404


def test_a_dataset_is_deleted_once_no_job_uses_it(client: TestClient, services: Services) -> None:
    path = client.post("/v1/datasets", files={"file": ("x.npz", npz())}).headers["location"]
    request = REQUEST | {"dataset": {"id": path.rpartition("/")[2]}}
    job = client.post("/v1/jobs", json=request).json()["id"]
    used = client.delete(path)
    assert used.status_code == 409
    assert job in used.json()["detail"]
    client.post(f"/v1/jobs/{job}/cancel")
    done = client.delete(path)
    assert (done.status_code, done.content) == (204, b"")
    assert client.get(path).status_code == client.delete(path).status_code == 404
    assert list(services.artifacts.files()) == []


def test_some_images_of_a_dataset_are_shown(client: TestClient, services: Services) -> None:
    body = client.post("/v1/datasets", files={"file": ("pets.zip", zip_of(members()))}).json()
    assert body["samples"] == f"/v1/datasets/{body['id']}/samples"
    answer = client.get(body["samples"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    with Image.open(io.BytesIO(answer.content)) as samples:
        assert samples.size == (36, 12)  # two rows of images of 6 x 6
    known = {"If-None-Match": answer.headers["etag"]}
    assert client.get(body["samples"], headers=known).status_code == 304
    services.artifacts.delete(f"datasets/{body['id']}.png")
    assert client.get(body["samples"]).status_code == 410


def test_of_images_in_fortrans_order_none_are_shown(client: TestClient) -> None:
    data = npz(images=np.asfortranarray(np.ones((12, 8, 8), np.uint8)))
    body = client.post("/v1/datasets", files={"file": ("x.npz", data)}).json()
    assert body["samples"] is None
    answer = client.get(f"/v1/datasets/{body['id']}/samples")
    assert answer.status_code == 404
    assert "no images of" in answer.json()["detail"]
