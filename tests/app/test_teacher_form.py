import io

import pytest

from app.problems import Invalid
from app.teacher_form import TeacherForm, read_form
from app.upload import Upload, UploadedFile


def _upload(files: tuple[str, ...], **fields: str) -> Upload:
    sent = {name: UploadedFile(io.BytesIO(b"x"), "") for name in files}
    return Upload(io.BytesIO, sent, fields)


def _pointers(upload: Upload) -> list[str]:
    with pytest.raises(Invalid) as caught:
        read_form(upload)
    return [error.pointer for error in caught.value.errors]


@pytest.mark.parametrize(
    ("upload", "form"),
    [
        (_upload(("onnx",)), TeacherForm("onnx", None, None, None)),
        (_upload(("architecture", "weights")), TeacherForm("architecture", None, None, None)),
        (
            _upload(("weights",), network="zoo/resnet20", input_shape="[1, 8, 9]"),
            TeacherForm("network", "zoo/resnet20", (1, 8, 9), None),
        ),
        (
            _upload(("onnx",), name="a", preprocessing='{"mean": [0, 1], "std": [1, 2.5]}'),
            TeacherForm(
                "onnx", None, None, {"scale": 255.0, "mean": [0.0, 1.0], "std": [1.0, 2.5]}
            ),
        ),
    ],
    ids=["onnx", "architecture", "network", "preprocessing"],
)
def test_each_door_is_known_by_its_fields(upload: Upload, form: TeacherForm) -> None:
    assert read_form(upload) == form
    assert all(sent.file.tell() == 0 for sent in upload.files.values())


@pytest.mark.parametrize(
    ("upload", "pointers"),
    [
        (_upload(()), []),
        (_upload(("weights",)), ["#/weights"]),
        (_upload((), network="zoo/resnet20"), ["#/network"]),
        (_upload(("onnx", "weights")), ["#/onnx", "#/weights"]),
        (_upload(("onnx",), network="zoo/resnet20"), ["#/network", "#/onnx"]),
    ],
    ids=["nothing", "weights", "network", "two doors", "another two"],
)
def test_fields_that_don_t_go_together_are_named(upload: Upload, pointers: list[str]) -> None:
    assert _pointers(upload) == pointers


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("network", "zoo/resnet21"),
        ("input_shape", "[3, 32]"),
        ("input_shape", "[3, 32, 0]"),
        ("input_shape", "[3, 32, 1e9]"),
        ("input_shape", "three"),
        ("preprocessing", "[" * 900),
        ("preprocessing", '{"mean": [0], "std": [0]}'),
        ("preprocessing", '{"mean": [NaN], "std": [1]}'),
        ("preprocessing", '{"mean": [], "std": []}'),
        ("preprocessing", '{"mean": [0, 0], "std": [1]}'),
        ("preprocessing", '{"mean": [0], "std": [1], "scale": -1}'),
        ("preprocessing", '{"mean": [0], "std": [1], "resize": 3}'),
    ],
)
def test_a_field_that_is_wrong_is_named(field: str, value: str) -> None:
    fields = {"network": "zoo/resnet20"} | {field: value}
    (pointer,) = {"/".join(p.split("/")[:2]) for p in _pointers(_upload(("weights",), **fields))}
    assert pointer == f"#/{field}"


def test_a_file_says_its_own_shape() -> None:
    assert _pointers(_upload(("onnx",), input_shape="[3, 8, 8]")) == ["#/input_shape"]


def test_an_empty_file_is_named() -> None:
    upload = _upload(("architecture", "weights"))
    upload.files["weights"] = UploadedFile(io.BytesIO(), "")
    assert _pointers(upload) == ["#/weights"]
