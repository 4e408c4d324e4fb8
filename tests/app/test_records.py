import math
from dataclasses import replace

import pytest

from app.records import TrialResult


@pytest.mark.parametrize("field", ["accuracy", "score", "duration_s"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_result_is_finite(field: str, value: float) -> None:
    good = TrialResult(0.5, 0.5, 1, 1.0, "w")
    with pytest.raises(ValueError, match="finite"):
        replace(good, **{field: value})  # type: ignore[arg-type]


def test_a_curve_is_finite() -> None:
    with pytest.raises(ValueError, match="finite"):
        TrialResult(0.5, 0.5, 2, 1.0, "w", (0.5, math.nan))
