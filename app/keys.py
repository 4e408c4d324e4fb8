"""API keys: `python -m app.keys [--json] create|renew|list|revoke`, on the settings' database."""

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import NoReturn, cast

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.api_keys import (
    KeyRecord,
    create_key,
    get_key,
    list_keys,
    renew_key,
    revoke_key,
)
from app.database import Database
from app.exit_code import WrongUsage, exit_code
from app.problems import StillhouseError
from app.settings import Settings
from app.visitor import SCOPES, Scope

_UNUSABLE = (StillhouseError, ValueError, ImportError, OSError, SQLAlchemyError)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")
_DAYS = re.compile(r"(\d{1,5})d")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise WrongUsage(message)


def main() -> None:
    """Does what the arguments say; ends with a clear line when it can't."""
    try:
        wanted = _parser().parse_args()
        database = Database(Settings.from_environment(os.environ).database_url)
        database.check()
        sys.stdout.write(_done(database, wanted))
    except _UNUSABLE as error:
        said = f"stillhouse keys: {error}".replace("\n", " ").strip()
        sys.stderr.write(f"{said}\n")
        sys.exit(exit_code(error))
    database.close()


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="stillhouse keys")
    parser.add_argument("--json", action="store_true")
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create")
    create.add_argument("--name", required=True, type=_name)
    create.add_argument("--scopes", default=("read", "submit"), type=_scopes)
    create.add_argument("--expires", type=_expiry)
    renew = commands.add_parser("renew")
    renew.add_argument("key")
    renew.add_argument("--expires", type=_expiry)
    commands.add_parser("list")
    commands.add_parser("revoke").add_argument("key")
    return parser


def _done(database: Database, wanted: argparse.Namespace) -> str:
    """Returns what is said of a command that was carried out."""
    if wanted.command == "list":
        with database.read() as session:
            keys = list_keys(session)
        return "".join(map(_json_line, keys)) if wanted.json else table(keys)
    named = wanted.name if wanted.command == "create" else wanted.key
    with database.write() as session:
        made = _made(session, wanted)
        if wanted.json:
            return _json_line(get_key(session, named), made)
    return f"{named} opens nothing any more\n" if made is None else f"{made}\n"


def _made(session: Session, wanted: argparse.Namespace) -> str | None:
    """Makes, renews or revokes a key; returns what opens then, of the first two."""
    if wanted.command == "create":
        return create_key(session, wanted.name, wanted.scopes, wanted.expires)
    if wanted.command == "renew":
        return renew_key(session, wanted.key, wanted.expires)
    revoke_key(session, wanted.key)
    return None


def _json_line(key: KeyRecord, made: str | None = None) -> str:
    """Returns a key's document on a line; `key` is what opens, of one that was made just now."""
    told = asdict(key) | ({} if made is None else {"key": made})
    return json.dumps(told, default=datetime.isoformat) + "\n"


def table(keys: Sequence[KeyRecord]) -> str:
    """Returns lines that show the keys: name, id, scopes, how long they last, when last used."""
    if not keys:
        return "there is no key\n"
    rows = [("name", "id", "scopes", "valid", "last used")]
    rows += [
        (key.name, key.id, ",".join(key.scopes), _validity(key), _moment(key.last_used_at))
        for key in keys
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)


def _validity(key: KeyRecord) -> str:
    if key.revoked_at is not None:
        return f"revoked {_moment(key.revoked_at)}"
    if key.expires_at is None:
        return "until revoked"
    return f"{'until' if key.is_valid else 'expired'} {_moment(key.expires_at)}"


def _moment(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M}Z"


def _name(text: str) -> str:
    if not _NAME.fullmatch(text) or text.startswith("key_"):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name: a hundred letters, digits and . _ @ + - are, not as an id begins"
        )
    return text


def _scopes(text: str) -> tuple[Scope, ...]:
    named = [name.strip() for name in text.split(",")]
    unknown = [name for name in named if name not in SCOPES]
    if unknown:
        raise argparse.ArgumentTypeError(
            f"{unknown[0]!r} is no scope: {', '.join(SCOPES)} are, comma separated"
        )
    return cast("tuple[Scope, ...]", tuple(scope for scope in SCOPES if scope in named))


def _expiry(text: str) -> datetime:
    """Returns the moment that `90d`, or a date's end in UTC, means."""
    now = datetime.now(UTC)
    days = _DAYS.fullmatch(text)
    try:
        if days:
            moment = now + timedelta(days=int(days[1]))
        else:
            moment = datetime.combine(date.fromisoformat(text), time.max, UTC)
    except (ValueError, OverflowError) as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no expiry: days from now (`90d`) or a date (`2027-12-31`) are"
        ) from error
    if moment <= now:
        raise argparse.ArgumentTypeError(f"{text!r} is over already")
    return moment


if __name__ == "__main__":
    main()
