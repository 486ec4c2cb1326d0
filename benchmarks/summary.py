"""Many numbers as one."""

import math
from collections.abc import Sequence
from statistics import fmean, median

__all__ = ["fmean", "median", "quantile", "slope"]


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed (nearest rank).

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values to take a quantile of")
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


def slope(points: Sequence[tuple[float, float]]) -> float:
    """How much y grows per x, by least squares; 0 for fewer than two different x."""
    if not points:
        return 0.0
    middle_x, middle_y = fmean(x for x, _ in points), fmean(y for _, y in points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0
