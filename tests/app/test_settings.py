from pathlib import Path

import pytest

from app.settings import Settings, SettingsError


def test_one_machine_is_the_default() -> None:
    settings = Settings.from_environment({"STILLHOUSE_HOME": "/srv/still"})
    assert settings.home == Path("/srv/still")
    assert settings.database_url == "sqlite:////srv/still/stillhouse.db"
    assert settings.artifacts_url == "file:///srv/still/artifacts"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.ray_address is None
    assert not settings.access_log
    assert (settings.log_format, settings.metrics_host, settings.metrics_port) == (
        "text", "127.0.0.1", 0,
    )  # fmt: skip
    assert (settings.datasets, settings.datasets_download) == (None, False)


def test_home_is_under_the_users_own() -> None:
    assert Settings.from_environment({}).home == Path("~/.stillhouse").expanduser()


def test_every_setting_is_read() -> None:
    settings = Settings.from_environment(
        {
            "STILLHOUSE_DATABASE_URL": "postgresql://db/s",
            "STILLHOUSE_ARTIFACTS_URL": "s3://bucket/s",
            "STILLHOUSE_HOST": "0.0.0.0",
            "STILLHOUSE_PORT": "9000",
            "STILLHOUSE_API_PROCESSES": "3",
            "STILLHOUSE_ALLOWED_HOSTS": "Still.example, [fd00::7],",
            "STILLHOUSE_RAY_ADDRESS": "ray:6379",
            "RAY_ADDRESS": "other:6379",
            "STILLHOUSE_LEASE_S": "7",
            "STILLHOUSE_MAX_JSON_BYTES": "10",
            "STILLHOUSE_MAX_UPLOAD_BYTES": "20",
            "STILLHOUSE_MAX_UNPACKED_BYTES": "30",
            "STILLHOUSE_MAX_TEACHER_BYTES": "40",
            "STILLHOUSE_MAX_UPLOADS": "3",
            "STILLHOUSE_MAX_JOBS": "4",
            "STILLHOUSE_MAX_WAITING_JOBS_PER_KEY": "5",
            "STILLHOUSE_MAX_RUNNING_JOBS_PER_KEY": "6",
            "STILLHOUSE_MAX_REQUESTS_PER_S": "7",
            "STILLHOUSE_MAX_UPLOADED_BYTES_PER_KEY": "8",
            "STILLHOUSE_MAX_ARTIFACTS_BYTES": "60",
            "STILLHOUSE_MIN_FREE_BYTES": "70",
            "STILLHOUSE_CHECK_MEMORY_BYTES": "2000000000",
            "STILLHOUSE_CHECK_S": "50",
            "STILLHOUSE_ACCESS_LOG": "1",
            "STILLHOUSE_LOG_FORMAT": "json",
            "STILLHOUSE_METRICS_HOST": "::1",
            "STILLHOUSE_METRICS_PORT": "9001",
            "STILLHOUSE_DATASETS": "/srv/sets",
            "STILLHOUSE_DATASETS_DOWNLOAD": "1",
        }
    )
    assert settings.database_url == "postgresql://db/s"
    assert settings.artifacts_url == "s3://bucket/s"
    assert (settings.host, settings.port) == ("0.0.0.0", 9000)
    assert settings.api_processes == 3
    assert (settings.metrics_host, settings.metrics_port) == ("::1", 9001)
    assert settings.log_format == "json"
    assert settings.allowed_hosts == {"still.example", "[fd00::7]"}
    assert settings.ray_address == "ray:6379"
    assert settings.lease_s == 7
    assert (settings.max_json_bytes, settings.max_upload_bytes) == (10, 20)
    assert settings.max_unpacked_bytes == 30
    assert settings.max_teacher_bytes == 40
    assert (settings.max_uploads, settings.max_jobs) == (3, 4)
    assert (settings.max_waiting_jobs_per_key, settings.max_running_jobs_per_key) == (5, 6)
    assert (settings.max_requests_per_s, settings.max_uploaded_bytes_per_key) == (7, 8)
    assert (settings.max_artifacts_bytes, settings.min_free_bytes) == (60, 70)
    assert (settings.check_memory_bytes, settings.check_s) == (2_000_000_000, 50)
    assert settings.access_log
    assert (settings.datasets, settings.datasets_download) == (Path("/srv/sets"), True)


def test_rays_own_variable_is_read_too() -> None:
    assert Settings.from_environment({"RAY_ADDRESS": "ray:6379"}).ray_address == "ray:6379"


@pytest.mark.parametrize("value", ["eighty", "-1", "65536", "8.5", "٣"])
def test_a_bad_number_is_refused_by_its_name(value: str) -> None:
    with pytest.raises(SettingsError, match=r"STILLHOUSE_PORT.*0 to 65535"):
        Settings.from_environment({"STILLHOUSE_PORT": value})


@pytest.mark.parametrize("value", ["0", "65", "two", "-1"])
def test_there_is_at_least_one_process_and_no_more_than_any_machine_needs(value: str) -> None:
    with pytest.raises(SettingsError, match=r"STILLHOUSE_API_PROCESSES.*1 to 64"):
        Settings.from_environment({"STILLHOUSE_API_PROCESSES": value})


@pytest.mark.parametrize("value", ["still.example:8000", "http://a", "fd00::7", "a b", "*"])
def test_what_is_no_name_of_a_host_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match=r"STILLHOUSE_ALLOWED_HOSTS.*without a port"):
        Settings.from_environment({"STILLHOUSE_ALLOWED_HOSTS": f"fine.example,{value}"})


@pytest.mark.parametrize("value", ["garbage", "mysql://x/y", "sqlite://", "/a/file.db"])
def test_another_database_than_those_two_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match=r"STILLHOUSE_DATABASE_URL is .*sqlite:////FILE.*postg"):
        Settings.from_environment({"STILLHOUSE_DATABASE_URL": value})


def test_a_databases_password_is_told_to_nobody() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({"STILLHOUSE_DATABASE_URL": "mysql://a:secret@b/c"})
    assert "secret" not in str(refused.value)


def test_an_unknown_way_of_writing_logs_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"LOG_FORMAT is 'xml', but one of text, json"):
        Settings.from_environment({"STILLHOUSE_LOG_FORMAT": "xml"})
