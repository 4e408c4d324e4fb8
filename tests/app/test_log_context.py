from app.log_context import about, log_fields, request_id, while_about


def test_what_a_line_is_about_ends_with_its_block() -> None:
    with while_about(request_id="r", job_id="j"):
        with while_about(job_id="k", trial=None):
            assert log_fields() == {"request_id": "r", "job_id": "k"}
            assert request_id() == "r"
        about(trial=1)
        assert log_fields() == {"request_id": "r", "job_id": "j", "trial": 1}
    assert (dict(log_fields()), request_id()) == ({}, None)
