"""Whole examples of what a search comes to, for the API's description; their lists are short."""

from typing import Any

SURROGATE: dict[str, Any] = {
    "updated_at": "2026-11-23T17:02:11.730000Z",
    "trials": 18,
    "random_search": [0.9127, 0.9344, 0.9441],
    "map": {
        "explained": [0.57, 0.21],
        "points": [
            {"number": 0, "x": 0.62, "y": -0.18},
            {"number": 17, "x": -0.41, "y": 0.07},
            {"number": 18, "x": -0.21, "y": 0.11},
        ],
    },
}
ARCHITECTURE: dict[str, Any] = {
    "schema": 1,
    "layers": [
        {
            "name": "input",
            "op": "input",
            "inputs": [],
            "shape": [1, 8, 8],
            "attributes": {},
            "tensors": {},
        },
        {
            "name": "conv1",
            "op": "conv2d",
            "inputs": ["input"],
            "shape": [16, 8, 8],
            "attributes": {"stride": [1, 1], "padding": [1, 1], "dilation": [1, 1], "groups": 1},
            "tensors": {"weight": "conv1.weight"},
        },
    ],
    "tensors": {"conv1.weight": {"shape": [16, 1, 3, 3], "trainable": True}},
    "output": 1,
}


def pareto(trial: dict[str, Any], student: dict[str, Any]) -> dict[str, Any]:
    """Returns a Pareto set of one trial, which became a student."""
    names = ("final", "accuracy", "test_accuracy", "score", "latency_ms", "files")
    own = {"id": student["student"], **{name: student[name] for name in names}}
    return {"items": [trial | {"student": own}], "costs": ["macs"]}
