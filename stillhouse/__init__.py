"""Stillhouse from Python: a network in, a smaller one out.

from stillhouse import Client

student = Client().compress(
    module, images[:1], dataset="images.npz", constraints={"params_ratio": 0.25}
)
smaller = student.module()
"""

from stillhouse.async_client import AsyncClient
from stillhouse.async_job import AsyncJob
from stillhouse.client import Client
from stillhouse.dataset_source import UnusableDataset
from stillhouse.documents import (
    Best,
    Estimate,
    JobStatus,
    Progress,
    StudentFile,
    Teacher,
    Trial,
    UploadedTeacher,
)
from stillhouse.errors import (
    CannotServe,
    DownloadDamaged,
    EstimateFailed,
    FieldError,
    JobFailed,
    MissingPackage,
    NoStudentYet,
    NotAnswered,
    Refused,
    StillhouseError,
    TeacherRejected,
    Unreachable,
    UnusableAddress,
    UnusableKey,
    WaitedTooLong,
)
from stillhouse.job import Job
from stillhouse.local_teacher import UnusableTeacher
from stillhouse.student_folder import LoadedStudent, load_student
from stillhouse.students import ParetoSet, ParetoTrial, Student

__all__ = [
    "AsyncClient",
    "AsyncJob",
    "Best",
    "CannotServe",
    "Client",
    "DownloadDamaged",
    "Estimate",
    "EstimateFailed",
    "FieldError",
    "Job",
    "JobFailed",
    "JobStatus",
    "LoadedStudent",
    "MissingPackage",
    "NoStudentYet",
    "NotAnswered",
    "ParetoSet",
    "ParetoTrial",
    "Progress",
    "Refused",
    "StillhouseError",
    "Student",
    "StudentFile",
    "Teacher",
    "TeacherRejected",
    "Trial",
    "Unreachable",
    "UnusableAddress",
    "UnusableDataset",
    "UnusableKey",
    "UnusableTeacher",
    "UploadedTeacher",
    "WaitedTooLong",
    "load_student",
]
