"""The settings, from environment variables that start with `STILLHOUSE_`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.logs import FORMATS, Format

PREFIX = "STILLHOUSE_"
_MIB = 2**20
_MOST_PROCESSES = 64
_DATABASES = ("sqlite:///", "postgresql://", "postgres://", "postgresql+psycopg://")
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")


class SettingsError(ValueError):
    """Raised when a setting's value can't be used; the message names the variable."""


@dataclass(frozen=True)
class Settings:
    """What the processes need to know of their surroundings.

    Attributes:
        home: folder of everything that is kept on this machine.
        database_url: SQLAlchemy's URL; `postgresql://` means the psycopg driver.
        artifacts_url: an fsspec URL, such as `file:///data` or `s3://bucket/prefix`.
        host: address that the API listens on.
        port: port that the API listens on; 0 takes any free one.
        api_processes: how many processes answer there.
        allowed_hosts: names, in lower case, under which the API answers besides its own address.
        ray_address: `host:port` of the Ray cluster, for coordinators.
        lease_s: how long a coordinator holds a job without renewing.
        max_json_bytes: largest JSON body.
        max_upload_bytes: largest uploaded body.
        max_unpacked_bytes: largest size that an uploaded archive may unpack to.
        max_teacher_bytes: largest uploaded teacher, all of its files together.
        max_uploads: most uploads at once, shared out between the API's processes.
        min_body_bytes_per_s: slowest that a request's body may come, on average.
        max_streams: most that follow jobs or wait for a change at once, by each API process.
        max_jobs: most jobs that wait or are worked on at once; and estimates.
        max_waiting_jobs_per_key: most jobs of one API key that wait at once, and most estimates; 0:
            any.
        max_running_jobs_per_key: most jobs of one API key that are worked on at once; 0: any.
        max_requests_per_s: most requests a second of one API key in the long run, to each API
            process; 0: any.
        max_uploaded_bytes_per_key: most that the uploads of one API key may take; 0: any.
        max_artifacts_bytes: most that the artifacts may take before more is refused; 0: any.
        min_free_bytes: what has to stay free on the disks of the home and the artifacts.
        check_memory_bytes: what the check of an upload, or an estimate, may take of memory.
        check_s: how long the check of an upload, or an estimate, may take.
        access_log: whether the API logs every request.
        log_format: `text` for people, or `json`.
        metrics_host: address that a coordinator tells its metrics at.
        metrics_port: port that it tells them at; 0: nowhere.
        datasets: folder of datasets that jobs may name, on the coordinators' machines.
        datasets_download: whether those that torchvision knows may be downloaded into it.
    """

    home: Path
    database_url: str
    artifacts_url: str
    host: str = "127.0.0.1"
    port: int = 8000
    api_processes: int = 2
    allowed_hosts: frozenset[str] = frozenset()
    ray_address: str | None = None
    lease_s: float = 30.0
    max_json_bytes: int = 1 * _MIB
    max_upload_bytes: int = 2048 * _MIB
    max_unpacked_bytes: int = 4096 * _MIB
    max_teacher_bytes: int = 2048 * _MIB
    max_uploads: int = 8
    min_body_bytes_per_s: int = 8 * 1024
    max_streams: int = 1000
    max_jobs: int = 1000
    max_waiting_jobs_per_key: int = 100
    max_running_jobs_per_key: int = 0
    max_requests_per_s: int = 50
    max_uploaded_bytes_per_key: int = 0
    max_artifacts_bytes: int = 0
    min_free_bytes: int = 64 * _MIB
    check_memory_bytes: int = 4096 * _MIB
    check_s: int = 300
    access_log: bool = False
    log_format: Format = "text"
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    datasets: Path | None = None
    datasets_download: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Returns the settings that `environ` holds, with the defaults of one machine.

        `RAY_ADDRESS` is read too, where `STILLHOUSE_RAY_ADDRESS` is not set.

        Raises:
            SettingsError: a value is not a number, out of range, or no name of what it names.
        """
        home = Path(environ.get(f"{PREFIX}HOME") or "~/.stillhouse").expanduser().absolute()
        return cls(
            home=home,
            database_url=_database_url(environ, home),
            artifacts_url=environ.get(f"{PREFIX}ARTIFACTS_URL") or f"file://{home}/artifacts",
            host=environ.get(f"{PREFIX}HOST") or cls.host,
            port=_whole(environ, "PORT", cls.port, lowest=0, highest=65535),
            api_processes=_whole(
                environ, "API_PROCESSES", cls.api_processes, highest=_MOST_PROCESSES
            ),
            allowed_hosts=_hosts(environ),
            ray_address=environ.get(f"{PREFIX}RAY_ADDRESS") or environ.get("RAY_ADDRESS") or None,
            lease_s=_whole(environ, "LEASE_S", int(cls.lease_s), lowest=1, highest=86_400),
            max_json_bytes=_whole(environ, "MAX_JSON_BYTES", cls.max_json_bytes),
            max_upload_bytes=_whole(environ, "MAX_UPLOAD_BYTES", cls.max_upload_bytes),
            max_unpacked_bytes=_whole(environ, "MAX_UNPACKED_BYTES", cls.max_unpacked_bytes),
            max_teacher_bytes=_whole(environ, "MAX_TEACHER_BYTES", cls.max_teacher_bytes),
            max_uploads=_whole(environ, "MAX_UPLOADS", cls.max_uploads),
            min_body_bytes_per_s=_whole(
                environ, "MIN_BODY_BYTES_PER_S", cls.min_body_bytes_per_s, lowest=0
            ),
            max_streams=_whole(environ, "MAX_STREAMS", cls.max_streams),
            max_jobs=_whole(environ, "MAX_JOBS", cls.max_jobs),
            max_waiting_jobs_per_key=_whole(
                environ, "MAX_WAITING_JOBS_PER_KEY", cls.max_waiting_jobs_per_key, lowest=0
            ),
            max_running_jobs_per_key=_whole(
                environ, "MAX_RUNNING_JOBS_PER_KEY", cls.max_running_jobs_per_key, lowest=0
            ),
            max_requests_per_s=_whole(
                environ, "MAX_REQUESTS_PER_S", cls.max_requests_per_s, lowest=0
            ),
            max_uploaded_bytes_per_key=_whole(
                environ, "MAX_UPLOADED_BYTES_PER_KEY", cls.max_uploaded_bytes_per_key, lowest=0
            ),
            max_artifacts_bytes=_whole(
                environ, "MAX_ARTIFACTS_BYTES", cls.max_artifacts_bytes, lowest=0
            ),
            min_free_bytes=_whole(environ, "MIN_FREE_BYTES", cls.min_free_bytes, lowest=0),
            check_memory_bytes=_whole(
                environ, "CHECK_MEMORY_BYTES", cls.check_memory_bytes, lowest=1024 * _MIB
            ),
            check_s=_whole(environ, "CHECK_S", cls.check_s, lowest=1, highest=86_400),
            access_log=_yes(environ, "ACCESS_LOG"),
            log_format=_log_format(environ),
            metrics_host=environ.get(f"{PREFIX}METRICS_HOST") or cls.metrics_host,
            metrics_port=_whole(environ, "METRICS_PORT", cls.metrics_port, lowest=0, highest=65535),
            datasets=_folder(environ, "DATASETS"),
            datasets_download=_yes(environ, "DATASETS_DOWNLOAD"),
        )


def _database_url(environ: Mapping[str, str], home: Path) -> str:
    url = environ.get(f"{PREFIX}DATABASE_URL") or f"sqlite:///{home}/stillhouse.db"
    if not url.startswith(_DATABASES):
        scheme = url.partition("://")[0] if "://" in url else "no address"
        raise SettingsError(
            f"{PREFIX}DATABASE_URL is {scheme}, but `sqlite:////FILE` or"
            " `postgresql://USER:PASSWORD@HOST/NAME` is wanted"
        )
    return url


def _hosts(environ: Mapping[str, str]) -> frozenset[str]:
    text = environ.get(f"{PREFIX}ALLOWED_HOSTS", "")
    names = frozenset(name.strip().lower() for name in text.split(",")) - {""}
    for name in sorted(names):
        if not _HOST.fullmatch(name):
            raise SettingsError(
                f"{PREFIX}ALLOWED_HOSTS has {name!r}, but names or addresses without a port are"
                " wanted, as in `stillhouse.example, 192.168.0.7, [fd00::7]`"
            )
    return names


def _log_format(environ: Mapping[str, str]) -> Format:
    text = environ.get(f"{PREFIX}LOG_FORMAT") or FORMATS[0]
    for form in FORMATS:
        if text == form:
            return form
    raise SettingsError(
        f"{PREFIX}LOG_FORMAT is {text!r}, but one of {', '.join(FORMATS)} is wanted"
    )


def _folder(environ: Mapping[str, str], name: str) -> Path | None:
    text = environ.get(PREFIX + name)
    return Path(text).expanduser().absolute() if text else None


def _yes(environ: Mapping[str, str], name: str) -> bool:
    return bool(_whole(environ, name, 0, lowest=0, highest=1))


def _whole(
    environ: Mapping[str, str], name: str, default: int, lowest: int = 1, highest: int = 2**50
) -> int:
    text = environ.get(PREFIX + name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
        raise SettingsError(
            f"{PREFIX}{name} is {text!r}, but a whole number from {lowest} to {highest} is wanted"
        )
    return int(text)
