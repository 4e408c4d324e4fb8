import json

from app.lost_attempts import LostAttempt


def test_an_attempt_is_read_as_it_was_written() -> None:
    lost = LostAttempt(2, "died", "signal 9")
    assert LostAttempt.from_json(json.loads(json.dumps(lost.to_json()))) == lost
