"""Whole examples of uploaded datasets and teachers, for the API's description."""

from typing import Any

_DATASET_ID = "dst_0aB1cD2eF3gH4iJ5kL6mN7"
_TEACHER: dict[str, Any] = {
    "id": "tch_5kL6mN70aB1cD2eF3gH4iJ",
    "name": "my resnet20",
    "state": "ready",
    "kind": "onnx",
    "network": None,
    "created_at": "2026-11-23T16:48:02.731000Z",
    "checked_at": "2026-11-23T16:48:06.118000Z",
    "input_shape": None,
    "preprocessing": {"scale": 255.0, "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
    "summary": {
        "params": 272474,
        "macs": 40813184,
        "layers": 22,
        "classes": 10,
        "input_shape": [3, 32, 32],
        "groups": 12,
        "removals": 23,
    },
    "error": None,
    "files": [
        {
            "name": "onnx",
            "bytes": 1118405,
            "sha256": "1f3870be274f6c49b3e31a0c6728957f0f8f64d7c8f0d1b8b0a3f3b7a9b3f2c1",
        }
    ],
}
UPLOADS: dict[str, dict[str, Any]] = {
    "DatasetBody": {
        "id": _DATASET_ID,
        "name": "shoes",
        "created_at": "2026-11-23T16:42:51.006000Z",
        "bytes": 48211904,
        "sha256": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
        "n": 5200,
        "test_n": 600,
        "shape": [64, 64, 3],
        "dtype": "uint8",
        "classes": ["boot", "sandal", "sneaker"],
        "class_counts": [2400, 1000, 1800],
        "imbalance": 2.4,
        "shorter_side": 64,
        "notes": [],
        "samples": f"/v1/datasets/{_DATASET_ID}/samples",
    },
    "ListedTeacherBody": _TEACHER,
    "UploadedTeacherBody": _TEACHER
    | {"summary": _TEACHER["summary"] | {"frozen": {"sort": "operator 'aten.sort' is not known"}}},
}
