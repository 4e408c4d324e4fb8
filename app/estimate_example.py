"""A whole example of an estimate, for the API's description; its histogram has few bins."""

from typing import Any

ESTIMATE: dict[str, Any] = {
    "id": "est_5pQ6rS7tU8vW9xY0zA1bC2",
    "state": "succeeded",
    "created_at": "2026-11-23T16:55:40.250000Z",
    "finished_at": "2026-11-23T16:55:48.902000Z",
    "request": {
        "teacher": {"network": "zoo/resnet20"},
        "dataset": {"name": "digits"},
        "constraints": {"params_ratio": 0.05},
        "search": {"evaluations": 24},
    },
    "result": {
        "teacher": {
            "params": 272186,
            "macs": 2532992,
            "bytes": 1095016,
            "activations": 42442,
            "latency_ms": 0.07,
            "layers": 22,
            "input_shape": [1, 8, 8],
        },
        "groups": [{"name": "conv1", "units": 16, "channels": 16}],
        "removals": 23,
        "skips": 44,
        "frozen": {},
        "space": {
            "drawn": 2000,
            "smallest": {
                "params": 1522,
                "macs": 17488,
                "bytes": 6408,
                "activations": 2746,
                "params_ratio": 0.0056,
                "macs_ratio": 0.0069,
                "latency_ms": 0.011,
            },
            "median": {
                "params": 12162,
                "macs": 300880,
                "bytes": 50056,
                "activations": 17722,
                "params_ratio": 0.0447,
                "macs_ratio": 0.1188,
                "latency_ms": 0.0765,
            },
            "largest": {
                "params": 256010,
                "macs": 2274944,
                "bytes": 1030120,
                "activations": 40426,
                "params_ratio": 0.9406,
                "macs_ratio": 0.8981,
                "latency_ms": 0.0963,
            },
            "histogram": {
                "params_ratio": {
                    "edges": [0.0056, 0.05, 0.22, 0.9406],
                    "counts": [1067, 702, 231],
                    "kept": [1067, 0, 0],
                }
            },
        },
        "constraints": {
            "limits": {"params": 13609.0},
            "feasible": True,
            "feasible_share": 0.5335,
            "unjudged": [],
            "nearest": None,
            "errors": [],
        },
        "latency": {
            "runtime": "onnxruntime",
            "batch_size": 1,
            "threads": 1,
            "skipped": {},
            "error": {"median": 0.12, "p90": 0.3, "measured": 4},
        },
        "time": {
            "teacher_s": 39.1,
            "trial_s": 2.1,
            "search_s": 71.2,
            "final_s": 23.7,
            "total_s": 134.0,
        },
        "notes": [],
    },
    "error": None,
}
