from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from app.surrogate_body import SurrogateBody
from app.surrogates import SurrogateRecord

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_before_there_is_anything_all_of_it_is_null() -> None:
    body = SurrogateBody.of(None)
    assert body.model_dump() == {
        "updated_at": None,
        "trials": 0,
        "random_search": None,
        "map": None,
    }


def test_what_is_on_record_is_told() -> None:
    points = [{"number": 3, "x": 0.5, "y": -1.0}]
    outlook: dict[str, object] = {
        "trials": 4,
        "random_search": [0.5, 0.75],
        "map": {"explained": [0.6, 0.2], "points": points},
    }
    body = SurrogateBody.of(SurrogateRecord(outlook, NOW))
    assert body.map is not None
    assert (body.updated_at, body.trials, body.random_search) == (NOW, 4, (0.5, 0.75))
    assert body.map.model_dump() == {"explained": (0.6, 0.2), "points": tuple(points)}


def test_what_does_not_fit_is_no_body() -> None:
    with pytest.raises(ValidationError):
        SurrogateBody.of(SurrogateRecord({"map": {"explained": [1.0]}}, NOW))
