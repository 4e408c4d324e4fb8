"""Looks at the API's side of an installation: `python -m app.doctor`, a line of JSON a finding."""

import os
import sys
from functools import partial

from app.checks import home, settings, stores, surroundings
from app.checks.findings import Check, carry_out, write
from app.settings import Settings


def main() -> None:
    """Writes what is found; nothing is changed."""
    wrong = settings.wrong_settings(os.environ)
    write(carry_out([Check("settings", partial(settings.look, os.environ))]))
    if not wrong:
        write(carry_out(checks(Settings.from_environment(os.environ))))
    sys.stdout.flush()
    os._exit(0)  # a check that hangs would be waited for


def checks(given: Settings) -> list[Check]:
    """Returns what is looked at once the settings can be read."""
    database = "see whether it runs and can be reached: STILLHOUSE_DATABASE_URL"
    artifacts = "see to STILLHOUSE_ARTIFACTS_URL, its rights and its driver (`pip install s3fs`)"
    return [
        Check("home", partial(home.look_at_home, given)),
        Check("disk", partial(home.look_at_disk, given)),
        Check("database", partial(stores.look_at_database, given), database),
        Check("artifacts", partial(stores.look_at_artifacts, given), artifacts),
        Check("port", partial(surroundings.look_at_port, given)),
        Check("API keys", partial(surroundings.look_at_keys, given), database),
        Check("datasets", partial(surroundings.look_at_datasets, given)),
    ]


if __name__ == "__main__":
    main()
