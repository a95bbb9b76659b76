"""Subsets of many variables, each with some targets and all their candidates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def cover(candidates: Sequence[np.ndarray], size: int, rng: np.random.Generator) -> list[Subset]:
    """Subsets of at most `size` variables in which every variable is a target once or more.

    A subset begins with a random target that no earlier one had and takes in the target that needs the fewest new
    members, as long as there is room: so it holds targets, their candidates, and the candidates of these.

    Args:
        candidates: of each of the d variables, fewer than `size`.
        size: most members of a subset.
        rng: decides with which targets subsets begin, and between equals.
    """
    d = len(candidates)
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


def complete(
    held: Iterable[np.ndarray], causes: np.ndarray, d: int, size: int, rng: np.random.Generator
) -> list[Subset]:
    """Subsets without targets that hold the pairs of a cause and another variable that no other subset holds.

    Each begins with the variable that lacks most others and takes in those that lack most of its members, as long as
    there is room.

    Args:
        held: members of the other subsets.
        causes: [k] the variables that can be causes.
        d: number of variables.
        size: most members of a subset.
        rng: decides between equals.
    """
    lacking = np.zeros((d, d), bool)
    lacking[causes] = True
    lacking |= lacking.T
    np.fill_diagonal(lacking, False)
    for members in held:
        lacking[np.ix_(members, members)] = False
    found = []
    while lacking.any():
        last = lacking.sum(axis=1) + rng.random(d)  # what decides between those that lack as many members
        last[last < 1] = 0.0
        last /= d + 1
        inside, lacks = np.zeros(d, bool), np.zeros(d)
        for _ in range(min(size, d)):
            score = np.where(inside, 0.0, lacks + last)
            new = np.argmax(score)
            if score[new] == 0:
                break
            inside[new] = True
            lacks += lacking[new]
        members = np.flatnonzero(inside)
        lacking[np.ix_(members, members)] = False
        found.append(Subset(members, np.zeros(0, np.int64)))
    return found


def _inverted(groups: list[np.ndarray], d: int) -> list[np.ndarray]:
    """For every variable the numbers of the groups that it is in."""
    owner = np.repeat(np.arange(d), [len(group) for group in groups])
    member = np.concatenate(groups)
    order = np.argsort(member, kind="stable")
    ends = np.cumsum(np.bincount(member, minlength=d))
    return np.split(owner[order], ends[:-1])
