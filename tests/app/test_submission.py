import pytest

from app.database import Database
from app.jobs import list_overviews
from app.problems import Invalid
from app.requests import JobRequest
from app.submission import submit, submit_estimate
from tests.app.samples import REQUEST


def _errors(database: Database, **changes: object) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        submit(database, JobRequest.model_validate(REQUEST | changes))
    with database.read() as session:
        assert list_overviews(session, 1, None).items == ()
    return {error.pointer: error.detail for error in caught.value.errors}


def test_a_good_request_is_queued(database: Database) -> None:
    job = submit(database, JobRequest.model_validate(REQUEST))
    assert job.state == "queued"
    with database.read() as session:
        assert [one.job for one in list_overviews(session, 1, None).items] == [job]


def test_unknown_names_are_told_with_those_there_are(database: Database) -> None:
    errors = _errors(database, teacher={"network": "zoo/resnet2"}, dataset={"name": "cifar"})
    assert set(errors) == {"#/teacher/network", "#/dataset/name"}
    assert "zoo/resnet20" in errors["#/teacher/network"]
    assert "digits" in errors["#/dataset/name"]


def test_unknown_ids_are_told_with_what_to_do(database: Database) -> None:
    errors = _errors(
        database,
        dataset={"id": "dst_" + "a" * 22},
        search={"embedding": {"from": "emb_" + "b" * 22}},
    )
    assert "POST /v1/datasets" in errors["#/dataset/id"]
    assert "GET /v1/embeddings" in errors["#/search/embedding/from"]


def test_an_estimate_is_checked_as_a_job_is(database: Database) -> None:
    found = submit_estimate(database, JobRequest.model_validate(REQUEST))
    assert found.state == "queued"
    assert JobRequest.model_validate(found.request).search.round_to == 8
    with pytest.raises(Invalid) as caught:
        submit_estimate(database, JobRequest.model_validate(REQUEST | {"dataset": {"name": "x"}}))
    assert [error.pointer for error in caught.value.errors] == ["#/dataset/name"]
