"""How important each channel is: a bank of criteria, each of which gives one number a unit.

Which criterion is the best depends on the student: `workers.inheriting` tries all of them. Those of
the data look at a few batches of training images through the teacher. A criterion ranks the units
of each channel group (tied groups are ranked by the sum of their numbers); between groups its
numbers mean nothing.
"""

from __future__ import annotations

from networks.importance.bank import CRITERIA, Criterion, importances
from networks.importance.positions import at_random
from networks.importance.ranking import Importance
from networks.importance.taylor import Batch

__all__ = ["CRITERIA", "Batch", "Criterion", "Importance", "at_random", "importances"]
