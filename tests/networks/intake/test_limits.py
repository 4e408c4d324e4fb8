from __future__ import annotations

from networks import NetworkError, TeacherFileError, TeacherLimits


def test_the_error_says_which_field_and_what() -> None:
    error = TeacherFileError("weights", "tensor 'a' is missing")
    assert isinstance(error, NetworkError)
    assert (error.where, error.detail) == ("weights", "tensor 'a' is missing")
    assert str(error) == "weights: tensor 'a' is missing"


def test_the_largest_of_torchvisions_convolutional_networks_are_within_the_limits() -> None:
    limits = TeacherLimits()
    assert limits.max_params >= 144_000_000  # VGG-19
    assert limits.max_macs >= 127_000_000_000  # RegNetY-128GF, whose parameters are too many
    assert limits.max_file_bytes >= 4 * limits.max_params
