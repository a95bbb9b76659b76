"""Subsets of many variables, each with some targets and all their candidates."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Subset(NamedTuple):
    """Variables that the network sees together.

    Attributes:
        members: [m] numbers of the variables, ascending.
        targets: [t] places among the members of those whose candidates are all there.
    """

    members: np.ndarray
    targets: np.ndarray


def cover(candidates: np.ndarray, size: int, rng: np.random.Generator) -> list[Subset]:
    """Subsets of at most `size` variables in which every variable is a target once or more.

    A subset begins with a random target that no earlier one had and takes in the target that needs the fewest new
    members, as long as there is room: so it holds targets, their candidates, and the candidates of these.

    Args:
        candidates: [d, k] of every variable, k < size.
        size: most members of a subset.
        rng: decides with which targets subsets begin, and between equals.
    """
    d, _ = candidates.shape
    groups = [np.unique(np.append(candidates[j], j)) for j in range(d)]
    wanted_by = _inverted(groups, d)
    preference = rng.permutation(d) / d  # between equals
    begun = rng.permutation(d)
    waiting = np.ones(d, bool)
    found = []
    for first in begun:
        if not waiting[first]:
            continue
        inside = np.zeros(d, bool)
        missing = np.array([len(group) for group in groups], np.int32)
        room, target = size, first
        while missing[target] <= room:
            new = groups[target][~inside[groups[target]]]
            inside[new] = True
            room -= len(new)
            for member in new:
                missing[wanted_by[member]] -= 1
            waiting[target] = False
            left = np.flatnonzero(waiting)
            if len(left) == 0:
                break
            target = left[np.argmin(missing[left] + preference[left])]
        members = np.flatnonzero(inside)
        complete = missing[members] == 0
        waiting[members[complete]] = False
        found.append(Subset(members, np.flatnonzero(complete)))
    return found


def _inverted(groups: list[np.ndarray], d: int) -> list[np.ndarray]:
    """For every variable the numbers of the groups that it is in."""
    owner = np.repeat(np.arange(d), [len(group) for group in groups])
    member = np.concatenate(groups)
    order = np.argsort(member, kind="stable")
    ends = np.cumsum(np.bincount(member, minlength=d))
    return np.split(owner[order], ends[:-1])
