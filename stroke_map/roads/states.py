"""Segments and bans -> the final turn graph, in which a shortest path obeys rules that look further back than one turn.

Two kinds of rule do: a banned manoeuvre over via ways, and "this street only to reach or leave a place on it". Both are
put into the graph itself by giving a segment several **copies** that differ in how one came to be on it; the
search then needs to know nothing of rules.

* A *restricted* segment has a head copy (the trip began in this restricted area; one may leave it freely) and a tail copy
  (entered from a free road: the trip is meant to end here; leaving it again costs the profile's `restricted_pass_cost_s`).
  To end there costs as much when places are compared that are equally near, so that a free street beside it is preferred.
* A segment inside a banned manoeuvre has a copy for every prefix of a ban with which one may have come to it.

The first B copies are the segments themselves: that is where a trip may start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from stroke_map.roads.restrictions import Bans, Chain
    from stroke_map.roads.segments import Segments
    from stroke_map.roads.turns import Turns


@dataclass(slots=True)
class States:
    """S copies of B segments.

    Attributes
    ----------
    base
        int32[S] the segment each copy stands for; the identity for the first B.
    entered
        bool[S]: a restricted segment on which one has come from a free road.
    first, to, cost_ms
        int64[S + 1], int32[T], int32[T]: turns between copies.
    passes
        bool[T]: the turn leaves a restricted street that was entered from a free one.
    conditional_turn, conditional_rule
        int64[c] turn indices and int32[c] indices into `rules`: banned while the rule holds.
    rules
        Opening-hours expressions.
    """

    base: np.ndarray
    entered: np.ndarray
    first: np.ndarray
    to: np.ndarray
    cost_ms: np.ndarray
    passes: np.ndarray
    conditional_turn: np.ndarray
    conditional_rule: np.ndarray
    rules: list[str]


class _Manoeuvres:
    """Every chain that is banned, always or by the hour, and every prefix of one."""

    def __init__(self, bans: Bans) -> None:
        self.always = {chain for chain in bans.always if len(chain) > 2}
        self.conditional: dict[Chain, list[str]] = {}
        for chain, rule in sorted(bans.conditional):
            self.conditional.setdefault(chain, []).append(rule)
        chains = self.always | {chain for chain in self.conditional if len(chain) > 2}
        self.prefixes = {chain[:n] for chain in chains for n in range(2, len(chain))}

    def suffixes(self, path: Chain) -> list[Chain]:
        """All ends of a path that are at least two long, the longest first."""
        return [path[i:] for i in range(len(path) - 1)]

    def is_banned(self, path: Chain) -> bool:
        """Whether the path ends in a manoeuvre that is always banned."""
        return any(end in self.always for end in self.suffixes(path))

    def rules(self, path: Chain) -> list[str]:
        """The hours during which the path ends in a banned manoeuvre."""
        return [rule for end in self.suffixes(path) for rule in self.conditional.get(end, ())]

    def prefix(self, path: Chain) -> Chain:
        """What must be remembered after this path: its longest end that begins a banned manoeuvre."""
        return next((end for end in self.suffixes(path) if end in self.prefixes), ())


def make_states(segments: Segments, turns: Turns, bans: Bans, pass_cost_ms: int) -> States:
    """Copy what must be copied and connect the copies."""
    manoeuvres = _Manoeuvres(bans)
    size = len(segments)
    tail_copy = np.full(size, -1, dtype=np.int32)
    restricted = np.flatnonzero(segments.restricted)
    tail_copy[restricted] = size + np.arange(len(restricted), dtype=np.int32)

    source = np.repeat(np.arange(size, dtype=np.int32), np.diff(turns.first))
    into_tail = segments.restricted[turns.to]
    # Head copies and free segments, then the tail copies' own rows.
    plain_to = np.where(~segments.restricted[source] & into_tail, tail_copy[turns.to], turns.to)
    again = segments.restricted[source]
    row = np.concatenate([source, tail_copy[source[again]]])
    to = np.concatenate([plain_to, np.where(into_tail[again], tail_copy[turns.to[again]], turns.to[again])])
    passes = np.concatenate([np.zeros(len(source), bool), ~into_tail[again]])
    cost = np.concatenate([turns.cost_ms, turns.cost_ms[again] + np.where(~into_tail[again], pass_cost_ms, 0)])
    base = np.concatenate([np.arange(size, dtype=np.int32), restricted.astype(np.int32)])

    table = _Table(base.tolist(), row, to, cost.astype(np.int32), passes)
    if manoeuvres.prefixes or manoeuvres.conditional:
        table.follow(manoeuvres)
    return table.finish(manoeuvres)


class _Table:
    """Turns as rows that can still grow; only rows near a banned manoeuvre are ever touched one by one."""

    def __init__(self, base: list[int], row: np.ndarray, to: np.ndarray, cost: np.ndarray, passes: np.ndarray) -> None:
        order = np.argsort(row, kind="stable")
        self.base = base
        self.segment_count = max(base) + 1
        self.plain_size = len(base)
        self.first = np.zeros(self.plain_size + 1, dtype=np.int64)
        np.cumsum(np.bincount(row, minlength=self.plain_size), out=self.first[1:])
        self.to, self.cost, self.passes = to[order], cost[order], passes[order]
        self.copy: dict[tuple[int, Chain], int] = {}
        self.plain: list[int] = []
        self.added: list[list[tuple[int, int, bool]]] = []
        self.path: dict[int, Chain] = {}

    def _turns(self, state: int) -> list[tuple[int, int, bool]]:
        at = slice(self.first[state], self.first[state + 1])
        return list(zip(self.to[at].tolist(), self.cost[at].tolist(), self.passes[at].tolist(), strict=True))

    def _reach(self, plain: int, prefix: Chain, queue: list[tuple[int, int]]) -> int:
        """The copy of the plain state `plain` that remembers `prefix`."""
        if not prefix:
            return plain
        key = (plain, prefix)
        if key not in self.copy:
            self.copy[key] = self.plain_size + len(self.added)
            self.base.append(self.base[plain])
            self.path[self.copy[key]] = prefix
            self.added.append([])
            self.plain.append(plain)
            queue.append((self.copy[key], plain))
        return self.copy[key]

    def follow(self, manoeuvres: _Manoeuvres) -> None:
        """Redirect the first step of every manoeuvre into a copy, and give each copy its own row of turns."""
        queue: list[tuple[int, int]] = []
        starts = {prefix[0] for prefix in manoeuvres.prefixes}
        for state in [s for s in range(self.plain_size) if self.base[s] in starts]:
            for at in range(self.first[state], self.first[state + 1]):
                prefix = manoeuvres.prefix((self.base[state], self.base[self.to[at]]))
                self.to[at] = self._reach(int(self.to[at]), prefix, queue)
        while queue:
            state, plain = queue.pop()
            path = self.path[state]
            for to, cost, passes in self._turns(plain):
                # The plain row may already lead into a copy: what counts is the road itself.
                onto = to if to < self.plain_size else self.plain[to - self.plain_size]
                longer = (*path, self.base[onto])
                if not manoeuvres.is_banned(longer):
                    following = self._reach(onto, manoeuvres.prefix(longer), queue)
                    self.added[state - self.plain_size].append((following, cost, passes))

    def finish(self, manoeuvres: _Manoeuvres) -> States:
        """Arrays, with the turns that are banned only at certain hours listed beside them."""
        rows = [turn for row in self.added for turn in row]
        counts = np.concatenate([np.diff(self.first), np.array([len(row) for row in self.added], dtype=np.int64)])
        first = np.zeros(len(counts) + 1, dtype=np.int64)
        np.cumsum(counts, out=first[1:])
        to = np.concatenate([self.to, np.array([turn[0] for turn in rows], dtype=np.int32)]).astype(np.int32)
        cost = np.concatenate([self.cost, np.array([turn[1] for turn in rows], dtype=np.int32)]).astype(np.int32)
        passes = np.concatenate([self.passes, np.array([turn[2] for turn in rows], dtype=bool)])
        turn, rule = self._conditional(manoeuvres, first, to)
        rules = sorted(set(rule))
        plain = np.concatenate([np.arange(self.plain_size), np.array(self.plain, dtype=np.int64)])
        return States(
            np.array(self.base, dtype=np.int32), plain >= self.segment_count, first, to, cost, passes,
            np.array(turn, dtype=np.int64), np.array([rules.index(r) for r in rule], dtype=np.int32), rules,
        )  # fmt: skip

    def _conditional(self, manoeuvres: _Manoeuvres, first: np.ndarray, to: np.ndarray) -> tuple[list[int], list[str]]:
        turns: list[int] = []
        rules: list[str] = []
        ends = {chain[-2] for chain in manoeuvres.conditional}
        for state in [s for s, base in enumerate(self.base) if base in ends]:
            path = self.path.get(state, (self.base[state],))
            for at in range(first[state], first[state + 1]):
                for rule in manoeuvres.rules((*path, self.base[to[at]])):
                    turns.append(int(at))
                    rules.append(rule)
        return turns, rules
