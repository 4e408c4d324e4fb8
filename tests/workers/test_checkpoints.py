import errno
import hashlib
import json
import multiprocessing
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from app.artifacts import Artifacts
from tests.workers.epochs import epochs_run
from tests.workers.killed import run_until_killed
from tests.workers.samples import training_data, two_digits
from tests.workers.trained import Trained
from workers import checkpoints
from workers.batches import steps_an_epoch
from workers.checkpoints import Checkpoint, CheckpointFile, CheckpointPlace, epochs_kept
from workers.distillation import Distillation
from workers.precision import Precision
from workers.teacher import Teacher, untrained_teacher
from workers.training import Diverged, Training
from workers.trial import TrialOutcome, TrialSpec, run_trial

EPOCHS = 4
KEY = "jobs/job_1/checkpoints/3"
TENSORS = {"module.weight": torch.arange(6.0).reshape(2, 3), "module.count": torch.tensor(7)}
NOTE = {"curve": [0.5, 0.625], "duration_s": 3.5, "criterion": "l1"}
KEPT = Checkpoint(2, NOTE, TENSORS)


@pytest.fixture
def place(tmp_path: Path) -> CheckpointPlace:
    return CheckpointPlace(f"file://{tmp_path}", KEY, "recipe")


@pytest.fixture
def store(place: CheckpointPlace) -> Artifacts:
    return Artifacts(place.url)


@pytest.fixture
def _every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "LEAST_S", 0.0)
    monkeypatch.setattr(checkpoints, "SHARE", float("inf"))


def _spec(trained: Trained, place: CheckpointPlace | None) -> TrialSpec:
    loss = Distillation("mse", 4.0)
    return TrialSpec(trained.edits.to_json(), EPOCHS, 5, loss, checkpoints=place)


@pytest.fixture(scope="module")
def undisturbed(trained: Trained) -> TrialOutcome:
    return run_trial(trained.data, trained.teacher, _spec(trained, None))


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    found = Checkpoint.from_bytes(KEPT.to_bytes("me"), "me")
    assert replace(found, tensors={}) == replace(KEPT, tensors={})
    assert found.tensors.keys() == TENSORS.keys()
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in TENSORS.items())


def test_the_epochs_of_a_checkpoint_are_told_by_its_head_alone(store: Artifacts) -> None:
    store.put_bytes(KEY, KEPT.to_bytes("me")[:-1])
    assert epochs_kept(store, KEY) == 2
    for data in (b"", b"\n", b"digest\n[]\n", b"digest\n{", b"\xff\xfe\n\xff\xfe"):
        store.put_bytes(KEY, data)
        assert epochs_kept(store, KEY) == 0
    assert epochs_kept(store, "jobs/job_1/checkpoints/none") == 0


@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.usefixtures("_every_epoch")
def test_a_trial_killed_within_an_epoch_ends_as_an_undisturbed_one_bit_by_bit(
    weights: bool,
    trained: Trained,
    place: CheckpointPlace,
    undisturbed: TrialOutcome,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec = _spec(trained, place)
    if weights:  # as in the final training
        spec = replace(spec, weights=undisturbed.weights)
        whole = replace(spec, checkpoints=None)
        undisturbed = run_trial(trained.data, trained.teacher, whole)
    steps = 2 * steps_an_epoch(len(trained.data.train)) + 2
    start = multiprocessing.get_context("spawn").Process
    process = start(target=run_until_killed, args=(trained, spec, steps))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    numbers = epochs_run(monkeypatch)
    resumed = run_trial(trained.data, trained.teacher, spec)
    assert numbers == [3, 4]
    assert replace(resumed, duration_s=0.0) == _resumed(undisturbed)


def _resumed(undisturbed: TrialOutcome) -> TrialOutcome:
    """Returns what it would have been had it been interrupted after two epochs."""
    return replace(undisturbed, duration_s=0.0, resumed_after=2)


def _interrupted(trained: Trained, spec: TrialSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the checkpoint of the first two epochs."""
    run = Training.run_epoch

    def interrupt(self: Training) -> None:
        if self.epoch == 2:
            raise KeyboardInterrupt
        run(self)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "run_epoch", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run_trial(trained.data, trained.teacher, spec)


@pytest.mark.parametrize("change", ["average", "colour"])
@pytest.mark.usefixtures("_every_epoch")
def test_averages_and_views_go_on_too(
    change: str, trained: Trained, place: CheckpointPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The average of the weights is kept; images of a later epoch are drawn as they would be."""
    spec = _spec(trained, place)
    if change == "average":
        spec = replace(spec, distillation=Distillation("mse", 4.0, ema=0.9))
    else:
        trained = _of_colours(trained)
    _interrupted(trained, spec, monkeypatch)
    numbers = epochs_run(monkeypatch)
    resumed = run_trial(trained.data, trained.teacher, spec)
    assert numbers == [3, 4]
    whole = run_trial(trained.data, trained.teacher, replace(spec, checkpoints=None))
    assert replace(resumed, duration_s=0.0) == _resumed(whole)


def _of_colours(trained: Trained) -> Trained:
    """Returns a teacher of colour images that is asked anew in each batch, in bf16."""
    digits = two_digits(60)
    data = training_data(replace(digits, images=digits.images.repeat(3, axis=1)))
    traced = untrained_teacher("zoo/resnet20", 2, data.preprocessing, 0)
    arrays = {name: tensor.numpy() for name, tensor in traced.weights.items()}
    fast = Precision("bfloat16", "channels_last")
    return replace(trained, data=data, teacher=Teacher(traced.architecture.to_json(), arrays, fast))


def _damaged(data: bytes) -> Iterator[bytes]:
    """Yields files that can't be gone on from."""
    yield b""
    yield data[: len(data) // 2]
    yield data[:-1] + bytes([data[-1] ^ 1])
    body = b"[]\n" + data.partition(b"\n")[2].partition(b"\n")[2]  # whole, but not one of ours
    yield hashlib.sha256(body).hexdigest().encode() + b"\n" + body
    yield b"\x80\x04cos\nsystem\n(S'touch pickled'\ntR."
    yield Checkpoint.from_bytes(data, _owner(data)).to_bytes("another training")
    yield KEPT.to_bytes(_owner(data))  # of another network


def _owner(data: bytes) -> str:
    return str(json.loads(data.split(b"\n")[1])["owner"])


@pytest.mark.usefixtures("_every_epoch")
def test_a_checkpoint_that_cannot_be_used_is_told_and_passed_over(
    trained: Trained,
    place: CheckpointPlace,
    store: Artifacts,
    undisturbed: TrialOutcome,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    _interrupted(trained, _spec(trained, place), monkeypatch)
    for data in _damaged(store.read_bytes(KEY)):
        store.put_bytes(KEY, data)
        caplog.clear()
        outcome = run_trial(trained.data, trained.teacher, _spec(trained, place))
        assert replace(outcome, duration_s=0.0) == replace(undisturbed, duration_s=0.0)
        assert "is not gone on from" in caplog.text


@pytest.mark.parametrize(
    "change", [{"seed": 6}, {"epochs": 5}, {"distillation": Distillation("kl", 4.0)}]
)
@pytest.mark.usefixtures("_every_epoch")
def test_another_trainings_checkpoint_is_not_taken(
    change: dict[str, Any],
    trained: Trained,
    place: CheckpointPlace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _interrupted(trained, _spec(trained, place), monkeypatch)
    numbers = epochs_run(monkeypatch)
    run_trial(trained.data, trained.teacher, replace(_spec(trained, place), **change))
    assert numbers[0] == 1


def test_what_tells_a_training_from_others_is_all_that_it_depends_on(
    trained: Trained, place: CheckpointPlace
) -> None:
    spec = _spec(trained, place)
    others = [
        replace(spec, edits={"removed": ["a"]}),
        replace(spec, weights=b"weights"),
        replace(spec, checkpoints=replace(place, recipe="another recipe")),
    ]
    assert len({one.owner() for one in (spec, *others)}) == 4
    elsewhere = replace(spec, checkpoints=replace(place, key="another key"))
    assert elsewhere.owner() == spec.owner()


@pytest.mark.usefixtures("_every_epoch")
def test_a_full_disk_costs_the_trial_nothing_and_leaves_nothing_half_written(
    trained: Trained,
    place: CheckpointPlace,
    undisturbed: TrialOutcome,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("app.artifacts.os.fsync", full)  # when its bytes have been written
    outcome = run_trial(trained.data, trained.teacher, _spec(trained, place))
    assert replace(outcome, duration_s=0.0) == replace(undisturbed, duration_s=0.0)
    assert "was not kept: [Errno 28] No space left on device" in caplog.text
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.usefixtures("_every_epoch")
def test_a_trial_that_diverges_after_it_was_resumed_says_in_which_epoch(
    trained: Trained, place: CheckpointPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    _interrupted(trained, _spec(trained, place), monkeypatch)
    assert trained.teacher.logits is not None
    broken = replace(trained.teacher, logits=trained.teacher.logits * float("nan"))
    with pytest.raises(Diverged, match="epoch 3: the loss is nan"):
        run_trial(trained.data, broken, _spec(trained, place))


@pytest.mark.usefixtures("_every_epoch")
def test_the_seconds_before_an_interruption_count(
    trained: Trained, place: CheckpointPlace, store: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    _interrupted(trained, _spec(trained, place), monkeypatch)
    data = store.read_bytes(KEY)
    kept = Checkpoint.from_bytes(data, _owner(data))
    spent = replace(kept, note={**kept.note, "duration_s": 1000.0})
    store.put_bytes(KEY, spent.to_bytes(_owner(data)))
    assert run_trial(trained.data, trained.teacher, _spec(trained, place)).duration_s > 1000.0


def test_keeping_takes_at_most_its_share_of_the_time(
    place: CheckpointPlace, store: Artifacts
) -> None:
    now = [100.0]
    file = CheckpointFile(place, "me", lambda: now[0])
    kept = []

    def keep(at: float, cost_s: float) -> None:
        def take() -> Checkpoint:
            kept.append(at)
            now[0] += cost_s
            return KEPT

        now[0] = at
        file.keep(take)

    keep(100.5, 2.0)  # too soon after the start
    assert not store.exists(KEY)
    keep(101.0, 2.0)
    keep(142.9, 2.0)  # 39.9 s of work, of which 2 s are more than 5%
    keep(143.0, 0.01)
    keep(143.5, 0.01)
    keep(144.1, 0.01)
    assert kept == [101.0, 143.0, 144.1]
    assert store.exists(KEY)
