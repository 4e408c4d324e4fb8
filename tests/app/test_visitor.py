import pytest

from app.visitor import ANYBODY, SCOPES, Scope, Visitor


@pytest.mark.parametrize(
    ("scopes", "may", "sees_all"),
    [
        ({"read"}, {"read"}, False),
        ({"submit"}, {"submit"}, False),
        ({"read", "submit"}, {"read", "submit"}, False),
        ({"admin"}, {"read", "submit", "admin"}, True),
        (set(), set(), False),
    ],
)
def test_a_scope_allows_what_it_says_and_admin_all(
    scopes: set[Scope], may: set[str], sees_all: bool
) -> None:
    visitor = Visitor("key_1", "name", frozenset(scopes))
    assert {scope for scope in SCOPES if visitor.may(scope)} == may
    assert visitor.sees_all is sees_all


def test_without_keys_anybody_does_all_and_owns_nothing() -> None:
    assert all(map(ANYBODY.may, SCOPES))
    assert ANYBODY.key_id is None
