from dataclasses import replace

import pytest
import torch

import networks
from app.requests import JobRequest
from networks import Space
from workers.estimate_latency import Latencies
from workers.estimate_notes import estimate_notes
from workers.estimate_space import DRAWN, Survey
from workers.estimate_steps import StepTimes
from workers.precision import available

ALL = StepTimes(1e-4, 1e-10, available()[0], 1.0, timed=3, wanted=3)
MEASURED = Latencies({}, {})


@pytest.fixture(scope="module")
def survey() -> Survey:
    traced = networks.trace(networks.network("zoo/resnet20", 10, 1), torch.zeros(2, 1, 8, 8))
    return Survey.of(Space(traced.architecture), seed=0)


def asked(**changes: object) -> JobRequest:
    base = {"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}}
    return JobRequest.model_validate(base | changes)


def test_there_is_nothing_to_note_where_all_was_found(survey: Survey) -> None:
    assert list(estimate_notes(asked(), survey, ALL, MEASURED)) == []


def test_accuracy_without_a_constraint_is_told_what_it_gives(survey: Survey) -> None:
    accuracy = {"objective": {"kind": "accuracy"}}
    (note,) = estimate_notes(asked(**accuracy), survey, ALL, MEASURED)
    assert "about as large as its teacher" in note
    limited = asked(**accuracy, constraints={"latency_ms": 1.0})
    assert list(estimate_notes(limited, survey, ALL, MEASURED)) == []


def test_groups_of_one_width_are_counted(survey: Survey) -> None:
    rough = Survey.of(Space(survey.space.architecture, 32), seed=0)
    (note,) = estimate_notes(asked(search={"round_to": 32}), rough, ALL, MEASURED)
    fixed = sum(group.units < 64 for group in rough.space.groups)
    assert note == f"`round_to` 32 leaves {fixed} of 12 channel groups as wide as they are"


def test_latencies_that_were_not_measured_are_told_by_their_reason(survey: Survey) -> None:
    skipped = {"smallest": "no form", "median": "too late", "teacher": "too late"}
    assert list(estimate_notes(asked(), survey, ALL, Latencies({}, skipped))) == [
        "no latency was measured of smallest: no form",
        "no latency was measured of median, teacher: too late",
    ]


def test_what_was_left_out_is_told(survey: Survey) -> None:
    few = Survey.of(survey.space, seed=0, n=500)
    steps = replace(ALL, timed=1)
    assert list(estimate_notes(asked(), few, steps, MEASURED)) == [
        f"500 students were drawn instead of {DRAWN:,}",
        "training steps of 1 instead of 3 students were timed",
    ]
