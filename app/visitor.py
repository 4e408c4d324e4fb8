"""Who a request comes from, and what it may do."""

from dataclasses import dataclass
from typing import Literal, get_args

Scope = Literal["read", "submit", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True)
class Visitor:
    """An API key's holder, as far as a request needs to know.

    Attributes:
        key_id: the key's id, which owns what the visitor makes; None while there are no keys.
        name: the key's name.
        scopes: `read` looks, `submit` changes; `admin` does both, to what is everybody's.
    """

    key_id: str | None
    name: str
    scopes: frozenset[Scope]

    @property
    def sees_all(self) -> bool:
        """Whether other owners' rows are there for this visitor too."""
        return "admin" in self.scopes

    def may(self, scope: Scope) -> bool:
        """Returns whether the visitor may do what needs this scope."""
        return self.sees_all or scope in self.scopes


# Who asks a server of which only this machine knows, and for which no key was ever made.
ANYBODY = Visitor(None, "anybody", frozenset({"admin"}))
# Who asks for what is open to all, such as the server's health; owns nothing that there is.
NOBODY = Visitor("", "nobody", frozenset())
