import math
from dataclasses import replace

import pytest
import torch

import networks
from app.requests import JobRequest
from networks import Space
from workers.batches import batch_size, steps_an_epoch
from workers.data import load_digits
from workers.estimate_latency import RUNS
from workers.estimate_space import Survey
from workers.estimate_steps import StepTimes
from workers.estimate_time import (
    EXPORTED_LAYER_S,
    FILES_S,
    KERNEL_S,
    LAST_FIT_S,
    START_S,
    STEPS_OF_CHOICE,
    TIMED_S,
    TRIAL_S,
    Images,
    Machine,
    Trainings,
    time_batch,
    times,
)
from workers.latency_start import SPREAD
from workers.precision import Precision

DIGITS = Images(1797, 0, (8, 8), 1, 10)


@pytest.fixture(scope="module")
def survey() -> Survey:
    traced = networks.trace(networks.network("zoo/resnet20", 10, 1), torch.zeros(2, 1, 8, 8))
    return Survey.of(Space(traced.architecture), seed=0, n=100)


def trainings(survey: Survey, images: Images = DIGITS, cores: int = 2) -> Trainings:
    """Trainings of which every weighted layer takes a millisecond a step, and nothing else.

    The teacher's logits are there already.
    """
    steps = StepTimes(1e-3, 0.0, Precision(), gain=1.0, timed=3, wanted=3)
    return Trainings(survey, steps, images, Machine(cores), batch_s=0.0, views=0)


def request(**changes: object) -> JobRequest:
    body = {"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}, **changes}
    return JobRequest.model_validate(body)


def test_the_splits_are_those_of_a_job() -> None:
    splits = load_digits().splits
    assert abs(DIGITS.train - len(splits.train)) <= 10
    assert abs(DIGITS.validation - len(splits.validation)) <= 10
    given = Images.read({"n": 100, "test_n": 20, "shape": [4, 5, 3], "classes": ["a", "b"]})
    assert (given.train, given.validation) == (90, 10)
    assert (given.size, given.channels, given.classes) == ((4, 5), 3, 2)


def test_the_teachers_time_is_its_steps(survey: Survey) -> None:
    step_s = 1e-3 * len(survey.space.layers)
    batches = DIGITS.validation / batch_size(DIGITS.train)
    expected = (30 * steps_an_epoch(DIGITS.train) + STEPS_OF_CHOICE + batches / 3) * step_s
    assert trainings(survey).teacher_s(30) == pytest.approx(expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_without_views_the_teachers_logits_cost_time_in_every_batch(
    channels: int, survey: Survey
) -> None:
    student = survey.space.smallest()
    images = trainings(survey, Images(1797, 0, (8, 8), channels, 10))
    known_s = images.student_s(5, student, 2)
    more_s = replace(images, views=None).student_s(5, student, 2) - known_s
    taught = 5 * steps_an_epoch(DIGITS.train) * 1e-3 * len(survey.space.layers) / 3
    assert more_s == pytest.approx(taught)


def test_logits_of_views_are_computed_once_and_by_no_trial(survey: Survey) -> None:
    student = survey.space.smallest()
    grey = trainings(survey)
    colour = replace(trainings(survey, Images(1797, 0, (8, 8), 3, 10)), views=7)
    assert colour.student_s(5, student, 2) == pytest.approx(grey.student_s(5, student, 2))
    passes = 7 * steps_an_epoch(DIGITS.train)
    assert colour.logits_s() == pytest.approx(passes * 1e-3 * len(survey.space.layers) / 3)
    assert replace(grey, views=1).logits_s() == pytest.approx(colour.logits_s() / 7)
    assert replace(colour, views=None).logits_s() == 0.0
    told = [times(one, request(), survey.drawn) for one in (colour, replace(colour, views=0))]
    assert told[0]["teacher_s"] == pytest.approx(told[1]["teacher_s"] + colour.logits_s())


def test_every_epoch_is_measured(survey: Survey) -> None:
    step_s = 1e-3 * len(survey.space.layers)
    batches = DIGITS.validation / batch_size(DIGITS.train)
    expected = 5 * (steps_an_epoch(DIGITS.train) + batches / 3) * step_s
    found = trainings(survey).student_s(5, survey.space.teacher(), 2)
    assert found == pytest.approx(expected)


def test_a_job_is_its_parts(survey: Survey) -> None:
    work, students = trainings(survey), survey.drawn
    found = times(work, request(search={"evaluations": 10, "parallel": 2}), students)
    trial_s = work.student_s(5, students, 2) + TRIAL_S
    assert found["trial_s"] == pytest.approx(trial_s)
    searched = 10 * (trial_s + 8 * KERNEL_S) / 2 + (math.log(10) + 1) * FILES_S / 2
    assert found["search_s"] == pytest.approx(searched)
    last = work.student_s(30, students, 2) + FILES_S + 8 * LAST_FIT_S
    assert found["final_s"] == pytest.approx(last)
    assert found["teacher_s"] == pytest.approx(work.teacher_s(30) + START_S)
    parts = found["teacher_s"] + found["search_s"] + found["final_s"]
    assert found["total_s"] == pytest.approx(parts)


def test_a_busy_machine_stretches_what_was_not_timed(survey: Survey) -> None:
    idle, busy = trainings(survey), trainings(survey)
    busy = replace(busy, machine=Machine(2, stretch=3.0))
    found = [times(one, request(teacher={"id": "tch_1"}), survey.drawn) for one in (idle, busy)]
    assert [one["teacher_s"] for one in found] == pytest.approx([START_S, 3 * START_S])
    assert found[1]["final_s"] > found[0]["final_s"] + 2 * FILES_S


def test_no_more_trials_run_at_once_than_there_are_cores(survey: Survey) -> None:
    asked = request(search={"evaluations": 10, "parallel": 8, "strategy": "random"})
    one = times(trainings(survey, cores=1), asked, survey.drawn)["search_s"]
    eight = times(trainings(survey, cores=8), asked, survey.drawn)["search_s"]
    assert one == pytest.approx(8 * eight)


def test_no_more_trials_run_at_once_than_find_the_cpus_that_they_reserve(survey: Survey) -> None:
    shared, reserving = Machine(8), Machine(8, cpus=3)
    assert [shared.at_once(wanted) for wanted in (1, 4, 8, 9)] == [1, 4, 8, 8]
    assert [reserving.at_once(wanted) for wanted in (1, 2, 4)] == [1, 2, 2]
    assert [reserving.threads(parallel) for parallel in (1, 8)] == [3, 3]
    small = Machine(2, cpus=3)
    assert (small.threads(2), small.at_once(2)) == (2, 1)
    asked = request(search={"evaluations": 10, "parallel": 8, "strategy": "random"})
    found = []
    for machine in (shared, reserving):
        one = replace(trainings(survey), machine=machine)
        found.append(times(one, asked, survey.drawn)["search_s"])
    assert 2 * found[0] < found[1] < 4 * found[0]  # two at once, each with three threads


def test_an_uploaded_teacher_is_not_trained_and_time_ends_a_search(survey: Survey) -> None:
    uploaded = request(teacher={"id": "tch_1"})
    assert times(trainings(survey), uploaded, survey.drawn)["teacher_s"] == START_S
    short = request(search={"evaluations": 1000, "max_wall_s": 60.0})
    found = times(trainings(survey), short, survey.drawn)
    assert found["search_s"] == pytest.approx(60.0 - found["teacher_s"] + found["trial_s"])


@pytest.mark.parametrize(("runtime", "exporting"), [("onnxruntime", 1), ("pytorch", 0)])
def test_a_latency_limit_has_the_first_and_every_trial_measured(
    survey: Survey, runtime: str, exporting: int
) -> None:
    work, students = trainings(survey), survey.drawn
    asked = {"search": {"evaluations": 10, "parallel": 1}, "latency": {"runtime": runtime}}
    free = times(work, request(**asked), students)
    held = times(work, request(**asked, constraints={"latency_ms": 1.0}), students)
    layers = float(survey.space.table(students).alive.sum(dim=1).double().mean())
    latency_s = TIMED_S + exporting * EXPORTED_LAYER_S * layers
    assert held["teacher_s"] - free["teacher_s"] == pytest.approx((SPREAD + 2) * latency_s)
    assert held["search_s"] - free["search_s"] == pytest.approx(10 * latency_s)


def test_slow_runs_make_a_measurement_long(survey: Survey) -> None:
    slow = replace(trainings(survey), steps=StepTimes(1.0, 0.0, Precision(), 1.0, 3, 3))
    pytorch = request(latency={"runtime": "pytorch"}).latency
    layers = len(survey.space.layers)
    assert slow.latency_s(pytorch, survey.space.teacher()) == pytest.approx(RUNS * layers / 3)


def test_a_batch_is_timed() -> None:
    ticks = iter([0.0, 1.0, 1.0, 1.5, 1.5, 1.75])
    assert time_batch(Images(100, 0, (8, 8), 3, 2), (16, 16), lambda: next(ticks)) == 0.25
    assert time_batch(Images(100, 0, (8, 8), 1, 2), (8, 8)) < 1.0
