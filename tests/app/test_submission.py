import pytest

from app.database import Database
from app.datasets import create_dataset
from app.errand_leases import claim_errand
from app.ids import DATASET, new_id
from app.job_writer import JobWriter
from app.jobs import create_job, get_job, list_overviews
from app.leases import claim
from app.problems import Invalid, TooMany
from app.records import NewDataset
from app.requests import JobRequest
from app.submission import JobLimits, submit, submit_estimate
from app.tables import Job
from app.teachers import accept_teacher
from app.visitor import Visitor
from tests.app.samples import NEVER_S, REQUEST, held_job
from tests.app.samples_teachers import SUMMARY, new_teacher


def _errors(database: Database, **changes: object) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        submit(database, JobRequest.model_validate(REQUEST | changes), most=JobLimits(1, 0))
    with database.read() as session:
        assert list_overviews(session, 1, None).items == ()
    return {error.pointer: error.detail for error in caught.value.errors}


def test_a_good_request_is_queued(database: Database) -> None:
    job = submit(database, JobRequest.model_validate(REQUEST), most=JobLimits(1, 0))
    assert job.state == "queued"
    with database.read() as session:
        assert [one.job for one in list_overviews(session, 1, None).items] == [job]


def test_no_more_jobs_wait_or_are_worked_on_than_may(database: Database) -> None:
    lease, writer = held_job(database)
    request = JobRequest.model_validate(REQUEST)
    with pytest.raises(TooMany, match="1 jobs"):
        submit(database, request, most=JobLimits(1, 0))
    submit(database, request, most=JobLimits(2, 0))
    with pytest.raises(TooMany):
        submit(database, request, most=JobLimits(2, 0))
    writer.finish("cancelled")
    assert submit(database, request, most=JobLimits(2, 0)).id != lease.job_id


def test_unknown_names_are_told_with_those_there_are(database: Database) -> None:
    errors = _errors(database, teacher={"network": "zoo/resnet2"}, dataset={"name": "cifar"})
    assert set(errors) == {"#/teacher/network", "#/dataset/name"}
    assert "zoo/resnet20" in errors["#/teacher/network"]
    assert "digits, torchvision/cifar10" in errors["#/dataset/name"]


def _ready_teacher(database: Database, **summary: object) -> str:
    teacher_id = new_teacher(database)
    lease = claim_errand(database, "a", NEVER_S)
    assert lease is not None
    accept_teacher(database, lease, SUMMARY | summary, "architecture", "weights")
    return teacher_id


def test_a_teacher_of_other_classes_than_the_built_in_dataset_is_refused(
    database: Database,
) -> None:
    teacher_id = _ready_teacher(database, classes=1000)
    told = f"{teacher_id} tells 1000 classes apart, but the dataset has 10"
    assert _errors(database, teacher={"id": teacher_id}) == {"#/teacher/id": told}


def test_a_teacher_of_other_classes_than_an_uploaded_dataset_is_refused(
    database: Database,
) -> None:
    dataset_id, teacher_id = new_id(DATASET), _ready_teacher(database, classes=10)
    dataset = NewDataset("mine", "key", "sha", 7, {"classes": ["cat", "dog"]})
    with database.write() as session:
        create_dataset(session, dataset_id, dataset)
    request = {"teacher": {"id": teacher_id}, "dataset": {"id": dataset_id}}
    assert "but the dataset has 2" in _errors(database, **request)["#/teacher/id"]


@pytest.mark.parametrize("summary", [{"classes": 10}, {}], ids=["as many", "not on record"])
def test_a_teacher_of_the_same_classes_is_taken(
    database: Database, summary: dict[str, object]
) -> None:
    request = REQUEST | {"teacher": {"id": _ready_teacher(database, **summary)}}
    assert (
        submit(database, JobRequest.model_validate(request), most=JobLimits(1, 0)).state == "queued"
    )


def test_unknown_ids_are_told_with_what_to_do(database: Database) -> None:
    errors = _errors(
        database,
        dataset={"id": "dst_" + "a" * 22},
        search={"embedding": {"from": "emb_" + "b" * 22}},
    )
    assert "POST /v1/datasets" in errors["#/dataset/id"]
    assert "GET /v1/embeddings" in errors["#/search/embedding/from"]


@pytest.mark.parametrize("hard_labels", [0.0, 1.0])
def test_a_temperature_beside_mse_is_refused_and_not_silently_unused(
    hard_labels: float, database: Database
) -> None:
    training = {"temperature": 2.0, "hard_labels": hard_labels}
    errors = _errors(database, training=training)
    assert set(errors) == {"#/training/temperature"}
    assert "needs the loss `kl`" in errors["#/training/temperature"]


@pytest.mark.parametrize(
    "training",
    [{"temperature": 2.0, "loss": "kl"}, {"temperature": 4.0}, {"loss": "mse"}],
    ids=["of kl", "the default written out", "none"],
)
def test_a_temperature_that_is_used_or_left_as_it_is_is_taken(
    training: dict[str, object], database: Database
) -> None:
    request = JobRequest.model_validate(REQUEST | {"training": training})
    job = submit(database, request, most=JobLimits(2, 0))
    again = submit(database, job.request, most=JobLimits(2, 0))  # as a job on record has it
    assert again.request.training == request.training


def test_a_job_on_record_with_a_temperature_beside_mse_can_still_be_read(
    database: Database,
) -> None:
    training = {"temperature": 2.0}
    with database.write() as session:
        job_id = create_job(session, JobRequest.model_validate(REQUEST | {"training": training}))
    with database.read() as session:
        assert get_job(session, job_id).request.training.temperature == 2.0


def test_an_estimate_is_checked_as_a_job_is(database: Database) -> None:
    found = submit_estimate(database, JobRequest.model_validate(REQUEST), most=JobLimits(9, 0))
    assert found.state == "queued"
    assert JobRequest.model_validate(found.request).search.round_to == 8
    wrong = JobRequest.model_validate(REQUEST | {"dataset": {"name": "x"}})
    with pytest.raises(Invalid) as caught:
        submit_estimate(database, wrong, most=JobLimits(9, 0))
    assert [error.pointer for error in caught.value.errors] == ["#/dataset/name"]


def test_a_key_has_no_more_jobs_waiting_than_it_may(database: Database) -> None:
    request, most = JobRequest.model_validate(REQUEST), JobLimits(5, 2)
    visitors = [Visitor(f"key_{n}", "name", frozenset({"submit"})) for n in range(2)]
    visitors.append(Visitor("key_2", "name", frozenset({"admin"})))
    for visitor in visitors[:2]:
        seen = database.seen_by(visitor)
        for _ in range(2):
            submit(seen, request, most)
        with pytest.raises(TooMany, match="of your key"):
            submit(seen, request, most)
    lease = claim(database, "coordinator", NEVER_S)
    assert lease is not None
    JobWriter(database, lease).set_state("searching", "searching")
    with database.read() as session:
        row = session.get_one(Job, lease.job_id)
    (owner,) = [visitor for visitor in visitors if visitor.key_id == row.owner]
    submit(database.seen_by(owner), request, most)  # one of its three doesn't wait
    for seen in (database, *map(database.seen_by, visitors)):
        with pytest.raises(TooMany):  # of all owners together
            submit(seen, request, JobLimits(5, 0))
    submit(database, request, JobLimits(6, 2))
    with pytest.raises(TooMany, match="which is all that there may be"):
        submit(database, request, JobLimits(6, 2))


def test_a_key_has_no_more_estimates_wait_than_it_may(database: Database) -> None:
    ada, bob = (database.seen_by(Visitor(f"key_{n}", n, frozenset({"submit"}))) for n in "ab")
    request, most = JobRequest.model_validate(REQUEST), JobLimits(4, 2)
    for _ in range(2):
        submit_estimate(ada, request, most)
    with pytest.raises(TooMany, match="2 estimates of your key wait"):
        submit_estimate(ada, request, most)
    submit_estimate(bob, request, most)
    assert claim_errand(database, "a", NEVER_S) is not None
    submit_estimate(ada, request, most)  # one of the two is made now
    with pytest.raises(TooMany, match="4 estimates wait or are worked on"):
        submit_estimate(bob, request, most)
    submit(bob, request, JobLimits(1, 1))  # jobs are counted apart
