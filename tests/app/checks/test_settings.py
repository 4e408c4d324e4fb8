from app.checks.settings import look, wrong_settings


def test_each_wrong_variable_is_named() -> None:
    environ = {"STILLHOUSE_PORT": "eighty", "STILLHOUSE_LEASE_S": "0", "STILLHOUSE_HOST": "::1"}
    found = wrong_settings(environ)
    assert [one.found.split()[0] for one in found] == ["STILLHOUSE_LEASE_S", "STILLHOUSE_PORT"]
    assert {one.state for one in look(environ)} == {"wrong"}


def test_an_unknown_variable_is_told_with_what_may_be_meant() -> None:
    environ = {
        "STILLHOUSE_PORRT": "80",
        "STILLHOUSE_XYZZY_PLUGH_1234567": "1",
        "STILLHOUSE_KEY": "sth_secret",
    }
    port, nonsense, last = look(environ)
    assert (port.state, port.remedy) == ("warning", "did you mean STILLHOUSE_PORT?")
    assert (nonsense.state, nonsense.remedy) == ("warning", "docs/settings.md has all there are")
    assert last.state == "ok"
    assert "secret" not in last.found


def test_no_variable_is_fine() -> None:
    (found,) = look({"PATH": "/bin"})
    assert (found.state, found.found[:11]) == ("ok", "none is set")
