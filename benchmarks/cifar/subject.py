"""What all jobs of one comparison are given: the images in an archive, and a trained teacher."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.inherit.subject import cifar_dataset, job_data, make_teacher
from workers.data import Dataset, TrainingData

# On the scales of the teacher's batch norms, by which AdaPruner tells what matters; without it they
# hardly differ. As in `benchmarks.adapruner`.
GAMMA_L1 = 1e-3
PACKAGES = ("app", "embedding", "networks", "stillhouse", "workers")
REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Subject:
    """What is uploaded.

    Attributes:
        archive: npz of the images.
        content: hash of them.
        teacher: safetensors of its weights.
        architecture: JSON of it.
        data: the training and validation splits that a job makes of the archive.
    """

    archive: Path
    content: str
    teacher: Path
    architecture: str
    data: TrainingData

    def setting(self, *settings: object) -> str:
        """Returns a short hash of the images, the teacher and some settings."""
        teacher = hashlib.sha256(self.teacher.read_bytes()).hexdigest()
        return hashlib.sha256(repr((self.content, teacher, *settings)).encode()).hexdigest()[:12]


def make_subject(cifar: Path, folder: Path, teacher: Path, sizes: Sequence[int]) -> Subject:
    """Returns the subject, its teacher trained if there is no such file.

    The teacher learns from the jobs' training split alone, so that their validation images are as
    new to it as to its students.

    Args:
        cifar: a folder with CIFAR-10.
        folder: where the archive is written.
        teacher: the file of its weights.
        sizes: how many training images, and for how many epochs the teacher is trained.

    Raises:
        FileNotFoundError: the images aren't there.
    """
    images, epochs = sizes
    dataset = cifar_dataset(cifar, images)
    data = job_data(dataset)
    threads = torch.get_num_threads()  # the training chooses its own
    architecture = make_teacher(data, teacher, epochs, GAMMA_L1)
    torch.set_num_threads(threads)
    archive = write_archive(dataset, folder / "cifar-10.npz")
    return Subject(archive, dataset.content, teacher, architecture, data)


def write_archive(dataset: Dataset, file: Path) -> Path:
    """Writes a dataset with a test split as an npz to upload; returns the file."""
    images, rest = dataset.images.transpose(0, 2, 3, 1), len(dataset.labels) - dataset.given_test
    np.savez(
        file,
        images=images[:rest],
        labels=dataset.labels[:rest],
        test_images=images[rest:],
        test_labels=dataset.labels[rest:],
    )
    return file


def code_hash() -> str:
    """Returns the start of the SHA-256 of the project's code, which tells versions apart."""
    digest = hashlib.sha256()
    for file in sorted(x for package in PACKAGES for x in (REPOSITORY / package).rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]
