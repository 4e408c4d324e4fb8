"""Taking a job or an estimate: what a request names must exist, and be ready."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.catalog import (
    DATASET_CLASSES,
    NETWORK_NAMES,
    is_dataset_name,
    unknown_dataset,
    unknown_network,
)
from app.database import Also, Database, nothing_else
from app.datasets import get_dataset
from app.embeddings import get_embedding
from app.errand_records import EstimateRecord, UploadedTeacher
from app.estimates import (
    count_unanswered,
    count_waiting_estimates,
    create_estimate,
    get_estimate,
)
from app.field_errors import pointer
from app.jobs import count_unfinished, count_waiting, create_job, get_job
from app.origin import Origin
from app.ownership import visitor_of
from app.problems import Conflict, FieldError, Invalid, NotFound, TooMany
from app.records import JobRecord
from app.requests import DatasetRequest, JobRequest, TrainingRequest
from app.teachers import get_teacher
from app.usage import hold_named


@dataclass(frozen=True)
class JobLimits:
    """How many jobs there may be, with one that is to be submitted; and as many estimates.

    Attributes:
        all: that wait or are worked on.
        waiting_of_key: of one API key, that wait; 0 for any.
    """

    all: int
    waiting_of_key: int


def submit(
    database: Database, request: JobRequest, most: JobLimits, also: Also[JobRecord] = nothing_else
) -> JobRecord:
    """Puts the job in the queue and returns it.

    Args:
        database: where it is put on record.
        request: what is asked for.
        most: how many there may be.
        also: what is done with the job in the same transaction.

    Raises:
        Invalid: the request names what can't be used; `errors` says what and where.
        Conflict: its teacher is still being checked.
        TooMany: there are as many as there may be.
    """
    with database.write() as session:
        _expect_known(session, request)
        _expect_room(session, most, "jobs", count_waiting, count_unfinished)
        job = get_job(session, create_job(session, request, Origin.here()))
        also(session, job)
        return job


def submit_estimate(
    database: Database,
    request: JobRequest,
    most: JobLimits,
    also: Also[EstimateRecord] = nothing_else,
) -> EstimateRecord:
    """Puts the question what a job would find in the queue, and returns it.

    Args:
        database: where it is put on record.
        request: what is asked for.
        most: how many there may be.
        also: what is done with the estimate in the same transaction.

    Raises:
        Invalid, Conflict, TooMany: as `submit`.
    """
    with database.write() as session:
        _expect_known(session, request)
        _expect_room(session, most, "estimates", count_waiting_estimates, count_unanswered)
        estimate = get_estimate(session, create_estimate(session, request.to_json()))
        also(session, estimate)
        return estimate


def _expect_room(
    session: Session,
    most: JobLimits,
    kind: str,
    waiting: Callable[[Session, str], int],
    unfinished: Callable[[Session], int],
) -> None:
    owner = visitor_of(session).key_id
    if owner and most.waiting_of_key and waiting(session, owner) >= most.waiting_of_key:
        raise TooMany(f"{most.waiting_of_key} {kind} of your key wait, which is all that may")
    if unfinished(session) >= most.all:
        raise TooMany(f"{most.all} {kind} wait or are worked on, which is all that there may be")


def _expect_known(session: Session, request: JobRequest) -> None:
    hold_named(session, request)
    errors = [*_unknown_names(request), *_unknown_ids(session, request), *_unused(request)]
    if errors:
        raise Invalid("the request names what can't be used: see errors", errors)


def _unused(request: JobRequest) -> Iterator[FieldError]:
    """Yields what would change nothing; jobs on record may have it, and can still be read."""
    training = request.training
    if training.loss == "mse" and training.temperature != TrainingRequest().temperature:
        detail = "`mse` takes the logits as they are: a temperature needs the loss `kl`"
        yield FieldError(pointer("training", "temperature"), detail)


def _unknown_names(request: JobRequest) -> Iterator[FieldError]:
    network, dataset = request.teacher.network, request.dataset.name
    if network is not None and network not in NETWORK_NAMES:
        yield FieldError(pointer("teacher", "network"), unknown_network(network))
    if dataset is not None and not is_dataset_name(dataset):
        yield FieldError(pointer("dataset", "name"), unknown_dataset(dataset))


def _unknown_ids(session: Session, request: JobRequest) -> Iterator[FieldError]:
    if request.dataset.id is not None:
        try:
            get_dataset(session, request.dataset.id)
        except NotFound as error:
            detail = f"{error.detail}: upload it with POST /v1/datasets first"
            yield FieldError(pointer("dataset", "id"), detail)
    if request.teacher.id is not None:
        yield from _teacher_errors(session, request.teacher.id, request.dataset)
    if request.search.embedding is not None:
        try:
            get_embedding(session, request.search.embedding.from_)
        except NotFound as error:
            detail = f"{error.detail}: GET /v1/embeddings lists those there are"
            yield FieldError(pointer("search", "embedding", "from"), detail)


def _teacher_errors(
    session: Session, teacher_id: str, dataset: DatasetRequest
) -> Iterator[FieldError]:
    """Yields why an uploaded teacher can't be used; raises `Conflict` if it can't be used yet."""
    where = pointer("teacher", "id")
    try:
        teacher = get_teacher(session, teacher_id)
    except NotFound as error:
        yield FieldError(where, f"{error.detail}: upload it with POST /v1/teachers first")
        return
    if teacher.state == "rejected":
        why = (teacher.error or {}).get("detail")
        yield FieldError(where, f"{teacher_id} was rejected: {why}")
    elif teacher.state == "checking":
        raise Conflict(
            f"{teacher_id} is still being checked: wait until GET /v1/teachers/{teacher_id} says"
            " `ready`"
        )
    else:
        yield from _other_classes(session, teacher, dataset)


def _other_classes(
    session: Session, teacher: UploadedTeacher, dataset: DatasetRequest
) -> Iterator[FieldError]:
    """Yields that a teacher tells other classes apart than a dataset has, where both are known."""
    found, wanted = (teacher.summary or {}).get("classes"), _classes(session, dataset)
    if found is None or wanted is None or found == wanted:
        return
    detail = f"{teacher.id} tells {found} classes apart, but the dataset has {wanted}"
    yield FieldError(pointer("teacher", "id"), detail)


def _classes(session: Session, dataset: DatasetRequest) -> int | None:
    """Returns how many classes a dataset has; None if it isn't on record."""
    if dataset.id is None:
        return DATASET_CLASSES.get(dataset.name or "")
    try:
        names = get_dataset(session, dataset.id).summary.get("classes")
    except NotFound:
        return None  # told already
    return len(names) if isinstance(names, list) else None
