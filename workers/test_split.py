"""`python -m workers.test_split JOB_ID PATH`: a job's test images, as students take them."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import torch

from app.artifacts import Artifacts
from app.database import Database
from app.ids import random_name
from app.jobs import get_job
from app.problems import Conflict, StillhouseError
from app.settings import Settings
from workers.loading import load_dataset
from workers.measuring import as_tensor
from workers.preprocessing import Preprocessing
from workers.shelf import Shelf
from workers.splits import Splits


def write_test_split(
    database: Database, artifacts: Artifacts, shelf: Shelf, job_id: str, path: Path
) -> int:
    """Writes `{x: float32 n x C x H x W, y: int64 n}`, preprocessed, whole or not at all.

    The file loads with `torch.load(path, weights_only=True)`.

    Returns:
        The number of images.

    Raises:
        StillhouseError: there is no such job, it has no teacher yet, or its dataset is gone.
    """
    with database.read() as session:
        job = get_job(session, job_id)
    if job.teacher is None:
        raise Conflict(f"{job_id} has no teacher yet, so its splits are not made")
    dataset = load_dataset(database, artifacts, shelf, job.request.dataset)
    splits = Splits.from_bytes(artifacts.read_bytes(job.teacher.splits_key))
    test = dataset.select(splits.test)
    x = Preprocessing.from_json(job.teacher.preprocessing).apply(as_tensor(test.images))
    aside = path.with_name(f"{path.name}.{random_name()}.part")
    try:
        torch.save({"x": x, "y": as_tensor(test.labels)}, aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    return len(test)


def main(arguments: list[str]) -> int:
    """Runs the command; returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m workers.test_split", description=__doc__)
    parser.add_argument("job", help="the job's id")
    parser.add_argument("path", type=Path, help="the file to write")
    options = parser.parse_args(arguments)
    settings = Settings.from_environment(os.environ)
    database = Database(settings.database_url)
    try:
        artifacts, shelf = Artifacts(settings.artifacts_url), Shelf.of(settings)
        write_test_split(database, artifacts, shelf, options.job, options.path)
    except StillhouseError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 1
    finally:
        database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
