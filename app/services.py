"""What the routes work with: one of each a process, handed to every request."""

from copy import copy
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends
from starlette.requests import Request

from app.artifacts import Artifacts
from app.crew import Crew
from app.database import Database
from app.home import make_home
from app.places import Places
from app.pulses import read_pulses
from app.settings import Settings
from app.storage import Storage
from app.submission import JobLimits
from app.visitor import Visitor
from app.watch import Watch

# By all processes of an API, but at least one by each: a check may take a core and gigabytes.
_CHECKS_AT_ONCE = 2
_LEAST_THREADS = 4


@dataclass(frozen=True)
class Services:
    """The process's database, artifacts and settings.

    Attributes:
        crew: those who serve with this process, with whom it shares what the machine can take.
    """

    settings: Settings
    database: Database
    artifacts: Artifacts
    crew: Crew | None = None

    @classmethod
    def open(cls, settings: Settings, crew: Crew | None = None) -> "Services":
        """Returns the services that the settings name."""
        make_home(settings.home)
        database, artifacts = Database(settings.database_url), Artifacts(settings.artifacts_url)
        return cls(settings, database, artifacts, crew)

    @cached_property
    def storage(self) -> Storage:
        """Tells whether there is room for more."""
        return Storage(self.settings, self.artifacts)

    @cached_property
    def job_limits(self) -> JobLimits:
        """How many jobs there may be."""
        return JobLimits(self.settings.max_jobs, self.settings.max_waiting_jobs_per_key)

    @cached_property
    def checks(self) -> CapacityLimiter:
        """Holds back dataset checks, so that they leave the other requests their threads."""
        return CapacityLimiter(self._share(_CHECKS_AT_ONCE))

    @property
    def threads(self) -> int:
        """How many requests this process works on at once: a database has so many connections."""
        return max(_LEAST_THREADS, self._share(self.database.threads))

    @cached_property
    def uploading(self) -> Places:
        """The places of uploads under way: each takes memory, a file and maybe a check."""
        return Places(self._share(self.settings.max_uploads), "uploads come in")

    @cached_property
    def watch(self) -> Watch:
        """Tells those who follow jobs, or wait for something, when it has changed."""
        return Watch(partial(read_pulses, self.database), self.settings.max_streams)

    def seen_by(self, visitor: Visitor) -> "Services":
        """Returns the services in which other owners' rows are not there; the rest is shared."""
        for name in _MADE_ONCE:
            getattr(self, name)
        seen = copy(self)
        seen.__dict__["database"] = self.database.seen_by(visitor)
        return seen

    @property
    def uploads(self) -> Path:
        """The folder whose disk takes uploads while they come in."""
        return self.settings.home / "uploads"

    def _share(self, total: int) -> int:
        return total if self.crew is None else self.crew.share(total)


_MADE_ONCE = [name for name, made in vars(Services).items() if isinstance(made, cached_property)]


async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services.seen_by(request.state.visitor)  # as `app.door` found out


Used = Annotated[Services, Depends(_services)]
