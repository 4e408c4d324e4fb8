from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from app.artifacts import Artifacts
from app.database import Database
from app.errand_records import TeacherState
from app.records import TeacherRecord
from app.requests import ConstraintsRequest
from app.tables import Teacher
from networks import Architecture
from tests.workers.jobs import InlinePool, add_job, claimed_work, first_job, held_work, read_job
from tests.workers.teachers import add_teacher, files_of, small_network
from workers.precision import Precision
from workers.preparation import prepare
from workers.preprocessing import Preprocessing
from workers.problems import InfeasibleConstraints, UnfitNetwork, UselessUpload
from workers.teacher import weights_arrays
from workers.work import Work


@dataclass
class Uploads:
    """Makes jobs from uploaded teachers."""

    database: Database
    artifacts: Artifacts

    def trained(self) -> dict[str, bytes]:
        """Returns the files of the teacher that the home's first job has trained."""
        record = self._record()
        read = self.artifacts.read_bytes
        return {
            "architecture": read(record.architecture_key),
            "weights": read(record.weights_key),
        }

    def own_preprocessing(self) -> dict[str, Any]:
        """Returns what that teacher was trained with."""
        known = self._record().preprocessing
        return {name: known[name] for name in ("scale", "mean", "std")}

    def work(
        self,
        files: dict[str, bytes],
        preprocessing: dict[str, Any] | None = None,
        state: TeacherState = "ready",
        **parts: Mapping[str, object],
    ) -> Work:
        teacher_id = add_teacher(self.database, self.artifacts, files, preprocessing=preprocessing)
        with self.database.write() as session:
            row = session.get(Teacher, teacher_id)
            assert row is not None
            row.state = state
            row.architecture_key = f"teachers/{teacher_id}/architecture"
            row.weights_key = f"teachers/{teacher_id}/weights"
        return held_work(
            self.database,
            self.artifacts,
            InlinePool(),
            trained=False,
            teacher={"network": None, "id": teacher_id},
            **parts,
        )

    def _record(self) -> TeacherRecord:
        job = first_job(self.database)
        assert job is not None
        assert job.teacher is not None
        return job.teacher


@pytest.fixture
def uploads(database: Database, artifacts: Artifacts) -> Uploads:
    return Uploads(database, artifacts)


def test_its_weights_teach_as_they_are(uploads: Uploads) -> None:
    files = uploads.trained()
    work = uploads.work(files)
    prepared = prepare(work)
    assert prepared.record.accuracy > 0.9
    teacher = prepared.teacher.reference
    assert teacher.architecture == files["architecture"].decode()
    sent = weights_arrays(files["weights"])
    assert all(np.array_equal(teacher.weights[name], sent[name]) for name in sent)
    assert isinstance(work.pool, InlinePool)
    assert work.pool.sent == [
        "the trial of the export",
        "the teacher's measurement",
        "the teacher's logits",
        "the teacher's importances",
    ]
    assert teacher.precision == Precision.from_json(prepared.record.precision)
    assert teacher.precision.teacher_threads is not None
    assert read_job(work.database, work.job.id).teacher == prepared.record


def test_a_job_that_is_taken_over_has_it_already(uploads: Uploads) -> None:
    work = uploads.work(uploads.trained())
    first = prepare(work)
    pool = InlinePool()
    job = read_job(work.database, work.job.id)
    again = prepare(
        Work(job, work.lease, work.database, work.artifacts, pool, work.lost, work.stop)
    )
    assert again.record == first.record
    assert pool.sent == ["the teacher's logits", "the teacher's importances"]


def test_the_preprocessing_that_came_with_it_is_used(uploads: Uploads) -> None:
    own = uploads.own_preprocessing()
    given = own | {"std": [value * 1.25 for value in own["std"]]}
    prepared = prepare(uploads.work(uploads.trained(), given))
    used = Preprocessing.from_json(prepared.record.preprocessing)
    assert (used.scale, list(used.mean), list(used.std)) == tuple(given.values())
    assert used.size == (8, 8)


def test_wrong_preprocessing_is_called_the_likely_cause(uploads: Uploads) -> None:
    wrong = {"scale": 255.0, "mean": [40.0], "std": [0.01]}
    work = uploads.work(uploads.trained(), wrong)
    with pytest.raises(UselessUpload, match="upload it with its `preprocessing`") as caught:
        prepare(work)
    assert [error.pointer for error in caught.value.errors] == ["#/teacher/id", "#/dataset"]
    assert "mean [40.0]" in caught.value.detail
    assert read_job(work.database, work.job.id).teacher is None


def test_other_classes_than_the_dataset_s_are_told(uploads: Uploads) -> None:
    work = uploads.work(files_of(small_network(classes=3)))
    with pytest.raises(
        UnfitNetwork, match="tells 3 classes apart, but the dataset has 2"
    ) as caught:
        prepare(work)
    assert [error.pointer for error in caught.value.errors] == ["#/teacher/id"]


def test_other_channels_than_the_dataset_s_are_told(uploads: Uploads) -> None:
    work = uploads.work(files_of(small_network(channels=3)))
    with pytest.raises(UnfitNetwork, match="images of 3 channels, but the dataset's have 1"):
        prepare(work)


def test_preprocessing_of_other_channels_is_told(uploads: Uploads) -> None:
    given = {"scale": 255.0, "mean": [0.0] * 3, "std": [1.0] * 3}
    with pytest.raises(UnfitNetwork, match="`preprocessing` has others"):
        prepare(uploads.work(uploads.trained(), given))


def test_images_are_resized_to_what_it_takes(uploads: Uploads) -> None:
    work = uploads.work(files_of(small_network(side=12)))
    with pytest.raises(UselessUpload):  # it was never trained
        prepare(work)
    # What it was measured on had the right size: the network takes no other.
    assert Architecture.from_json(
        files_of(small_network(side=12))["architecture"].decode()
    ).input_shape == (1, 12, 12)


def test_one_that_is_not_ready_is_told(uploads: Uploads) -> None:
    with pytest.raises(UnfitNetwork, match="is rejected"):
        prepare(uploads.work(uploads.trained(), state="rejected"))


def test_one_that_is_gone_is_told(database: Database, artifacts: Artifacts) -> None:
    gone = {"network": None, "id": "tch_" + "a" * 22}
    job_id = add_job(database, artifacts, trained=False, teacher=gone)
    with pytest.raises(UnfitNetwork, match="there is no teacher") as caught:
        prepare(claimed_work(database, artifacts, job_id))
    assert [error.pointer for error in caught.value.errors] == ["#/teacher/id"]


def test_what_can_t_be_met_is_told_before_anything_is_measured(uploads: Uploads) -> None:
    work = uploads.work(uploads.trained(), constraints={"params": 1})
    assert work.job.request.constraints == ConstraintsRequest(params=1)
    with pytest.raises(InfeasibleConstraints):
        prepare(work)
    assert isinstance(work.pool, InlinePool)
    assert work.pool.sent == []


@pytest.mark.parametrize("round_to", [1, 8])
def test_widths_are_as_the_request_wants_them(uploads: Uploads, round_to: int) -> None:
    work = uploads.work(uploads.trained(), search={"round_to": round_to})
    prepared = prepare(work)
    assert prepared.teacher.reference.round_to == round_to
    assert set(prepared.space.steps.tolist()) == {round_to}
