"""Uploaded teachers for the tests to work on, past the API."""

from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

import networks
from app.artifacts import Artifacts
from app.database import Database
from app.errand_leases import Kind
from app.errand_records import NewTeacher, TeacherKind, UploadedTeacher
from app.ids import TEACHER, new_id
from app.settings import Settings
from app.teachers import create_teacher, get_teacher
from networks import Traced
from workers.errands import Errands

MIB = 2**20


def small_network(channels: int = 1, side: int = 8, classes: int = 2) -> Traced:
    """Returns a network of few layers, whose widths can be chosen."""
    torch.manual_seed(0)
    layers = (
        nn.Conv2d(channels, 32, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )
    module = nn.Sequential(*layers, nn.Linear(32, classes)).eval()
    return networks.trace(module, torch.zeros(2, channels, side, side))


def files_of(traced: Traced) -> dict[str, bytes]:
    """Returns the files of an upload of our own kind."""
    weights = {name: tensor.contiguous() for name, tensor in traced.weights.items()}
    return {"architecture": traced.architecture.to_json().encode(), "weights": save(weights)}


def add_teacher(
    database: Database,
    artifacts: Artifacts,
    files: dict[str, bytes],
    kind: TeacherKind = "architecture",
    preprocessing: dict[str, object] | None = None,
    network: str | None = None,
) -> str:
    """Uploads a teacher, past the API; returns its id."""
    teacher_id = new_id(TEACHER)
    stored = {
        field: artifacts.put_bytes(f"teachers/{teacher_id}/{field}", data)
        for field, data in files.items()
    }
    teacher = NewTeacher("mine", kind, network, stored, None, preprocessing)
    with database.write() as session:
        create_teacher(session, teacher_id, teacher)
    return teacher_id


def read_teacher(database: Database, teacher_id: str) -> UploadedTeacher:
    with database.read() as session:
        return get_teacher(session, teacher_id)


def errands(
    database: Database,
    artifacts: Artifacts,
    home: Path,
    kind: Kind = "teacher",
    /,
    **settings: object,
) -> Errands:
    """Returns what a coordinator's thread does, to be run here."""
    read = Settings.from_environment({"STILLHOUSE_HOME": str(home)})
    changed = {"lease_s": 30.0, "check_memory_bytes": 2048 * MIB} | settings
    return Errands(database, artifacts, type(read)(**(vars(read) | changed)), "coordinator", kind)
