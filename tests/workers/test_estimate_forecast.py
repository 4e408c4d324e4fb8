import pytest
import torch

import networks
from networks import Candidates, Space
from workers.estimate_forecast import NOISE, Forecast
from workers.estimate_latency import Latencies
from workers.estimate_space import Survey

MS = {"smallest": 0.5, "largest": 20.0, "median": 1.5, "teacher": 16.0}


@pytest.fixture(scope="module")
def survey() -> Survey:
    traced = networks.trace(networks.network("zoo/resnet20", 10, 1), torch.zeros(2, 1, 8, 8))
    return Survey.of(Space(traced.architecture), seed=0, n=200)


def test_what_was_measured_is_told_as_it_was(survey: Survey) -> None:
    forecast = Forecast.of(survey, Latencies(MS, {}))
    named = {**survey.students, "teacher": survey.space.teacher()}
    for name, ms in MS.items():
        assert float(forecast.ms(named[name])) == float(forecast.most_ms(named[name])) == ms
        assert float(forecast.least_ms(named[name])) == pytest.approx(ms / (1 + NOISE))


def test_a_prediction_lies_within_its_bounds(survey: Survey) -> None:
    forecast = Forecast.of(survey, Latencies(MS, {}))
    assert forecast.error is not None
    assert forecast.error.measured == len(MS)
    predicted = forecast.ms(survey.drawn)
    assert predicted.shape == (200,)
    assert bool((forecast.least_ms(survey.drawn) <= predicted).all())
    assert bool((forecast.most_ms(survey.drawn) >= predicted).all())


@pytest.mark.parametrize("ms", [{}, {"smallest": 0.5}], ids=["none", "one"])
def test_too_few_measurements_predict_nothing(survey: Survey, ms: dict[str, float]) -> None:
    forecast = Forecast.of(survey, Latencies(ms, {}))
    assert forecast.error is None
    pool = Candidates.cat([survey.space.smallest(), survey.drawn[:5]])
    assert forecast.ms(pool).tolist() == [ms.get("smallest", 0.0), *[0.0] * 5]
    assert bool(forecast.most_ms(pool)[1:].isinf().all())
