import torch

from embedding.seeds import derive_seed, generator


def test_a_seed_is_the_same_everywhere() -> None:
    # The first 63 bits of the SHA-256 of "0/propose/1".
    assert derive_seed(0, "propose", 1) == 3330415548363051253


def test_every_part_makes_another_seed() -> None:
    seeds = {
        derive_seed(job, purpose, number)
        for job in (0, 1, 10)
        for purpose in ("propose", "half 1")
        for number in (0, 1, 10)
    }
    assert len(seeds) == 18
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_generator_starts_at_its_seed() -> None:
    first, second = (torch.rand(3, generator=generator(3, "x", 4)) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, torch.rand(3, generator=generator(3, "x", 5)))
