"""Stillhouse from Python: submit a job, follow it, fetch its student.

from stillhouse import Client

job = Client().submit({"teacher": {"network": "zoo/resnet20"}, "dataset": {"name": "digits"}})
job.wait().download(Path("student"))
"""

from stillhouse.client import Client
from stillhouse.documents import Best, JobStatus, Progress, Student, StudentFile, Teacher, Trial
from stillhouse.errors import (
    CannotServe,
    DownloadDamaged,
    FieldError,
    JobFailed,
    NoStudentYet,
    NotAnswered,
    Refused,
    StillhouseError,
    Unreachable,
    WaitedTooLong,
)
from stillhouse.job import Job

__all__ = [
    "Best",
    "CannotServe",
    "Client",
    "DownloadDamaged",
    "FieldError",
    "Job",
    "JobFailed",
    "JobStatus",
    "NoStudentYet",
    "NotAnswered",
    "Progress",
    "Refused",
    "StillhouseError",
    "Student",
    "StudentFile",
    "Teacher",
    "Trial",
    "Unreachable",
    "WaitedTooLong",
]
