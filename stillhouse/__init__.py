"""Stillhouse from Python: submit a job, follow it, fetch its student.

from stillhouse import Client

job = Client().submit({"dataset": {"name": "digits"}}, teacher=module, example=images)
job.wait().download(Path("student"))
"""

from stillhouse.client import Client
from stillhouse.documents import (
    Best,
    Estimate,
    JobStatus,
    Progress,
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
    NoStudentYet,
    NotAnswered,
    Refused,
    StillhouseError,
    TeacherRejected,
    Unreachable,
    UnusableKey,
    WaitedTooLong,
)
from stillhouse.job import Job
from stillhouse.local_teacher import UnusableTeacher
from stillhouse.student_folder import LoadedStudent, load_student
from stillhouse.students import ParetoSet, ParetoTrial, Student, StudentFile

__all__ = [
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
    "UnusableKey",
    "UnusableTeacher",
    "UploadedTeacher",
    "WaitedTooLong",
    "load_student",
]
