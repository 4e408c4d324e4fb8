import pytest

from app.database import Database
from app.datasets import create_dataset, get_dataset, list_datasets
from app.ids import DATASET, new_id
from app.problems import NotFound
from app.records import NewDataset

SUMMARY: dict[str, object] = {"n": 5, "classes": ["a", "b"]}


def _create(database: Database, name: str) -> str:
    dataset_id = new_id(DATASET)
    with database.write() as session:
        create_dataset(session, dataset_id, NewDataset(name, "key", "sha", 7, SUMMARY))
    return dataset_id


def test_what_is_created_is_there(database: Database) -> None:
    dataset_id = _create(database, "Katzen & Hunde")
    with database.read() as session:
        dataset = get_dataset(session, dataset_id)
    assert (dataset.id, dataset.name) == (dataset_id, "Katzen & Hunde")
    assert (dataset.key, dataset.sha256, dataset.bytes) == ("key", "sha", 7)
    assert dataset.summary == SUMMARY


@pytest.mark.parametrize("dataset_id", ["dst_" + "a" * 22, "job_" + "a" * 22, "nul\x00"])
def test_no_such_dataset(database: Database, dataset_id: str) -> None:
    with database.read() as session, pytest.raises(NotFound):
        get_dataset(session, dataset_id)


def test_pages_show_each_once(database: Database) -> None:
    made = {_create(database, str(n)) for n in range(3)}
    with database.read() as session:
        first = list_datasets(session, 2, None)
        second = list_datasets(session, 2, first.next)
    assert {dataset.id for dataset in first.items + second.items} == made
    assert second.next is None
