from embedding import Objective, SearchSettings, StudentSpace
from embedding.random_proposer import RandomProposer


def test_proposals_depend_on_the_seed_and_the_number_alone(
    students: StudentSpace, objective: Objective
) -> None:
    settings = SearchSettings(kernels=1, seed=4)
    proposer = RandomProposer(students, objective, settings)
    asked = proposer.ask(5)
    again = RandomProposer(students, objective, settings)
    again.tell([], asked[:3])
    assert again.ask(2) == asked[3:]
    assert proposer.state() == b""
