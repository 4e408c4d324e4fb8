"""Taking a job: what a request names must exist."""

from collections.abc import Iterable, Iterator

from sqlalchemy.orm import Session

from app.catalog import DATASET_NAMES, NETWORK_NAMES
from app.database import Database
from app.datasets import get_dataset
from app.embeddings import get_embedding
from app.field_errors import pointer
from app.jobs import create_job, get_job
from app.problems import FieldError, Invalid, NotFound
from app.records import JobRecord
from app.requests import JobRequest


def submit(database: Database, request: JobRequest) -> JobRecord:
    """Puts the job in the queue and returns it.

    Raises:
        Invalid: the request names something that does not exist; `errors` says what and where.
    """
    names = list(_unknown_names(request))
    with database.write() as session:
        errors = [*names, *_unknown_ids(session, request)]
        if errors:
            raise Invalid("the request names what does not exist: see errors", errors)
        return get_job(session, create_job(session, request))


def _unknown_names(request: JobRequest) -> Iterator[FieldError]:
    network, dataset = request.teacher.network, request.dataset.name
    if network not in NETWORK_NAMES:
        yield _unknown("network", network, NETWORK_NAMES, pointer("teacher", "network"))
    if dataset is not None and dataset not in DATASET_NAMES:
        yield _unknown("built-in dataset", dataset, DATASET_NAMES, pointer("dataset", "name"))


def _unknown_ids(session: Session, request: JobRequest) -> Iterator[FieldError]:
    if request.dataset.id is not None:
        try:
            get_dataset(session, request.dataset.id)
        except NotFound as error:
            detail = f"{error.detail}: upload it with POST /v1/datasets first"
            yield FieldError(pointer("dataset", "id"), detail)
    if request.search.embedding is not None:
        try:
            get_embedding(session, request.search.embedding.from_)
        except NotFound as error:
            detail = f"{error.detail}: GET /v1/embeddings lists those there are"
            yield FieldError(pointer("search", "embedding", "from"), detail)


def _unknown(kind: str, name: str, known: Iterable[str], where: str) -> FieldError:
    return FieldError(where, f"there is no {kind} {name!r}; there are {', '.join(known)}")
