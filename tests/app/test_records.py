import math

import pytest

from app.records import TrialResult


@pytest.mark.parametrize("field", ["accuracy", "score", "duration_s"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_result_is_finite(field: str, value: float) -> None:
    figures = {"accuracy": 0.5, "score": 0.5, "duration_s": 1.0} | {field: value}
    with pytest.raises(ValueError, match="finite"):
        TrialResult(epochs=1, weights_key="w", **figures)
