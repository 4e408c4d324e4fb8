"""A database of each earlier revision, with rows in every table, is brought to the newest."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, select, text, update

from app.api_keys import list_keys
from app.database import Database
from app.events import news_of
from app.job_writer import JobWriter
from app.jobs import get_origin, get_overview
from app.known import Known
from app.leases import Lease, claim
from app.origin import Origin
from app.records import TrialSource
from app.requests import JobRequest
from app.students import get_student
from app.surrogates import find_surrogate
from app.tables import Dataset, Embedding, Estimate, Job, Student, Teacher, Trial
from app.trials import list_trials

ROWS = Path(__file__).parent / "revisions"
# All that the release of revision 0003 read.
SEARCH_OF_0003 = {
    "strategy", "evaluations", "kernels", "parallel", "round_to", "seed", "max_wall_s", "embedding",
}  # fmt: skip
TRAINING_OF_0003 = {
    "teacher_epochs", "search_epochs", "final_epochs", "final_students", "loss", "temperature",
}  # fmt: skip
JOB, STUDENT = "job_" + "a" * 22, "std_" + "b" * 22


def _migrate(
    database: Database,
    revision: str,
    move: Callable[[Config, str], None] = command.upgrade,
) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("migrations")))
    with database.write() as session:
        config.attributes["connection"] = session.connection()
        move(config, revision)


def _upgraded(url: str, revision: str) -> Database:
    """Returns a database that had a revision and its rows, brought to the newest."""
    database = Database(url)
    _migrate(database, revision)
    with database.write() as session:
        for statement in (ROWS / f"{revision}.sql").read_text().split(";\n")[:-1]:
            session.connection().exec_driver_sql(statement)
    database.upgrade()
    database.check()
    return database


def _go_back_and_forth(database: Database, revision: str) -> None:
    """Undoes what came after a revision and does it again; then nobody needs the database."""
    _migrate(database, revision, command.downgrade)
    database.upgrade()
    database.check()
    database.close()


def test_a_search_begun_at_0001_goes_on_as_it_began(empty_url: str) -> None:
    database = _upgraded(empty_url, "0001")
    with database.read() as session:
        overview = get_overview(session, JOB)
        (trial,) = list_trials(session, JOB)
        student = get_student(session, STUDENT)
    database.close()
    search = overview.job.request.search
    assert (search.round_to, search.strategy, search.seed) == (1, "random", 7)
    assert overview.job.request.latency.runtime == "onnxruntime"
    assert overview.job.teacher is not None
    latencies = (overview.job.teacher.latency_ms, trial.latency_ms, student.latency_ms)
    assert latencies == (None, None, None)
    assert (overview.job.teacher.params, trial.accuracy, student.score) == (1000, 0.8, 0.7)


def test_the_trials_of_0002_stay_and_are_reused_by_none(empty_url: str) -> None:
    database = _upgraded(empty_url, "0002")
    with database.read() as session:
        overview = get_overview(session, JOB)
        (trial,) = list_trials(session, JOB)
        (row,) = session.scalars(select(Trial))
        student = get_student(session, STUDENT)
    database.close()
    assert (overview.job.request.objective.kind, overview.job.request.objective.costs) == (
        "accuracy",
        None,
    )
    assert overview.job.teacher is not None
    latencies = (overview.job.teacher.latency_ms, trial.latency_ms, student.latency_ms)
    assert latencies == (2.5, 1.5, 1.25)
    assert (trial.accuracy, trial.reused_from, row.recipe_hash) == (0.8, None, None)
    assert [file.name for file in student.files] == ["student.pt2"]


def test_the_trials_of_0003_have_no_curve_and_are_never_stopped(empty_url: str) -> None:
    database = _upgraded(empty_url, "0003")
    with database.read() as session:
        overview = get_overview(session, JOB)
        (trial,) = list_trials(session, JOB)
    database.close()
    assert overview.job.request.search.stopping == "none"
    assert (overview.job.request.search.seed, overview.progress.completed) == (7, 1)
    assert (trial.curve, trial.criterion) == (None, None)
    assert trial.reused_from == TrialSource("job_" + "c" * 22, 5)


def test_the_trials_of_0004_have_lost_no_attempt_that_is_known(empty_url: str) -> None:
    database = _upgraded(empty_url, "0004")
    with database.read() as session:
        (trial,) = list_trials(session, JOB)
    assert (trial.curve, trial.criterion, trial.lost_attempts) == ((0.5, 0.8), "l1", ())
    _go_back_and_forth(database, "0004")


def test_a_lease_of_0005_that_ran_out_is_taken_over(empty_url: str) -> None:
    database = _upgraded(empty_url, "0005")
    with database.read() as session:
        (trial,) = list_trials(session, JOB)
    assert [(one.number, one.detail) for one in trial.lost_attempts] == [(1, "signal 9")]
    assert claim(database, "b", 30.0) == Lease(JOB, "b", 4)
    _go_back_and_forth(database, "0005")


def test_the_rows_of_0006_are_nobodys_and_there_is_no_key(empty_url: str) -> None:
    database = _upgraded(empty_url, "0006")
    with database.read() as session:
        owners = [
            session.scalars(select(table.owner)).all()
            for table in (Job, Student, Dataset, Embedding, Teacher, Estimate)
        ]
        keys = list_keys(session)
    assert (owners, keys) == ([[None]] * 6, [])
    assert claim(database, "b", 30.0) == Lease(JOB, "b", 4)
    _go_back_and_forth(database, "0006")


def test_a_job_of_0007_is_followed_from_the_state_that_it_had(empty_url: str) -> None:
    database = _upgraded(empty_url, "0007")
    known = news_of(database, JOB, Known()).known
    lease = claim(database, "b", 30.0)
    assert lease is not None
    JobWriter(database, lease).set_state("finishing", "finishing")
    text = news_of(database, JOB, known).text.decode()
    assert text.count("event: state") == 1
    assert '"state":"finishing"' in text
    _go_back_and_forth(database, "0007")


def test_a_search_of_0008_is_looked_at_from_its_next_round_on(empty_url: str) -> None:
    database = _upgraded(empty_url, "0008")
    with database.read() as session:
        before = find_surrogate(session, JOB)
    lease = claim(database, "b", 30.0)
    assert lease is not None
    JobWriter(database, lease).record_surrogate({"trials": 1})
    with database.read() as session:
        after = find_surrogate(session, JOB)
    assert before is None
    assert after is not None
    assert after.outlook == {"trials": 1}
    _go_back_and_forth(database, "0008")


def test_of_a_job_of_0009_no_request_is_known(empty_url: str) -> None:
    database = _upgraded(empty_url, "0009")
    with database.read() as session:
        assert get_origin(session, JOB) == Origin(None, None)
    assert claim(database, "b", 30.0) == Lease(JOB, "b", 4)
    _go_back_and_forth(database, "0009")


def test_0004_is_undone(empty_url: str) -> None:
    database = _upgraded(empty_url, "0003")
    today = JobRequest.model_validate(
        {
            "teacher": {"network": "zoo/resnet20"},
            "dataset": {"name": "digits"},
            "constraints": {"params_ratio": 0.5},
            "search": {"strategy": "adapruner", "seed": 7},
        }
    )
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE trials SET state = 'stopped'")
        for table in (Job, Estimate):
            session.execute(update(table).values(request=today.to_json()))
    _migrate(database, "0003", command.downgrade)
    with database.read() as session:
        names = {column["name"] for column in inspect(session.connection()).get_columns("trials")}
        (state,) = session.execute(text("SELECT state FROM trials")).one()
        requests = [session.execute(select(x.request)).scalar_one() for x in (Job, Estimate)]
    assert not names & {"curve", "criterion"}
    assert state == "cancelled"
    for request in requests:
        assert request["search"]["strategy"] == "embedding"
        assert not set(request["search"]) - SEARCH_OF_0003
        assert set(request["training"]) == TRAINING_OF_0003
    database.upgrade()
    database.check()
    database.close()
