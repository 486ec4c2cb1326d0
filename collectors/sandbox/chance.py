"""Chance without a state: the same numbers in always give the same draw out.

Nothing is drawn in advance and kept; whatever is asked for is worked out from its place in the world.
"""

import random

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def keys(numbers: Ints, salt: int) -> Keys:
    """64 well-mixed bits for each number (splitmix64, Steele et al. 2014)."""
    mixed = numbers.astype(np.uint64) + np.uint64((salt * 0x9E3779B97F4A7C15) % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def units(numbers: Ints, salt: int) -> Floats:
    """One draw in [0, 1) for each number."""
    return (keys(numbers, salt) >> np.uint64(11)).astype(np.float64) / 2.0**53


def dice(number: int, salt: int) -> random.Random:
    """As many draws as wanted about one number."""
    return random.Random((number << 64) ^ salt)


def base36(number: int) -> str:
    """Reddit's way to write ids."""
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
        if not number:
            return text
