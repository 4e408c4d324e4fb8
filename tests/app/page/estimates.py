"""What a coordinator answers of an estimate."""

_COSTS = ("params", "macs", "bytes", "latency_ms")


def _costs(*values: float) -> dict[str, float]:
    return dict(zip(_COSTS, values, strict=True))


RESULT: dict[str, object] = {
    "teacher": _costs(272_000, 2_530_000, 1_100_000, 0.0693),
    "groups": [{"name": "a", "units": 16, "channels": 16}],
    "removals": 23,
    "skips": 44,
    "space": {
        "drawn": 500,
        "smallest": _costs(1520, 17_500, 6410, 0.0106),
        "median": _costs(12_200, 301_000, 50_100, 0.0403),
        "largest": _costs(256_000, 2_270_000, 1_030_000, 0.0884),
        "histogram": {
            "params_ratio": {"edges": [0.01, 0.1, 1.0], "counts": [328, 172], "kept": [328, 0]}
        },
    },
    "constraints": {"limits": {"params": 27_200}, "feasible": True, "feasible_share": 0.656,
                    "nearest": None, "errors": []},
    "time": {"teacher_s": 28, "search_s": 56, "final_s": 20, "total_s": 104},
    "notes": ["500 students were drawn instead of 2,000"],
}  # fmt: skip
