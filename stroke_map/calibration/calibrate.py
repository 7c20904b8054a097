"""From runs to the periods of the next edition, with the proof that they are better."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from stroke_map.calibration.drives import GROUPS, Drives, drive_runs
from stroke_map.calibration.fit import Measures, fit_factors, measure, ratio_range
from stroke_map.calibration.runs import LeftOut, read_runs
from stroke_map.dispatch.prepared import prepare
from stroke_map.errors import InvalidRequestError
from stroke_map.roads.classes import CLASS_INDEX
from stroke_map.roads.periods import LEAST_FACTOR, MOST_FACTOR, Calibration, Factor, Period, Periods

if TYPE_CHECKING:
    from pathlib import Path

    from stroke_map.editions import Edition
    from stroke_map.settings import Settings

#: Every so many runs of the shuffled ones is held out, to judge by runs that the factors have not seen.
HOLD_OUT_EVERY: Final = 5
FEWEST_RUNS: Final = 20


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What came of the runs.

    Attributes
    ----------
    edition, profile
        What was compared.
    factors
        float64[P, G]: by period and group of road classes, on top of the edition's own.
    runs
        int64[P, G]: how many runs that were fitted drove there.
    left_out
        Rows that say nothing, and why.
    before, after
        The runs held out, as the edition predicts them and with the factors.
    held_out, before_s, after_s
        Those runs, and both predictions in seconds, float64[n].
    periods
        What the next edition can be built with.
    """

    edition: str
    profile: str
    factors: np.ndarray
    runs: np.ndarray
    fitted: int
    left_out: tuple[LeftOut, ...]
    before: Measures
    after: Measures
    held_out: Drives
    before_s: np.ndarray
    after_s: np.ndarray
    periods: Periods

    def as_json(self) -> dict[str, Any]:
        """Everything a program may want of it; no place of a run is in it."""
        calibration = self.periods.calibration
        return {
            "edition": self.edition,
            "profile": self.profile,
            "runs": {"fitted": self.fitted, "held_out": len(self.held_out), "left_out": len(self.left_out)},
            "held_out": {"before": self.before._asdict(), "after": self.after._asdict()},
            "ratio_range": [calibration.low, calibration.high] if calibration else None,
            "factors": [
                {"period": period, "roads": group, "factor": round(float(self.factors[p, g]), 4), "runs": int(self.runs[p, g])}
                for p, period in enumerate(self.periods.names)
                for g, group in enumerate(GROUPS)
            ],
            "left_out": [one._asdict() for one in self.left_out],
        }  # fmt: skip


def calibrate(
    edition: Edition, path: Path, settings: Settings, *, profile: str = "ambulance", seed: int = 1
) -> Calibrated:
    """Fit factors of time by kind of road and period to runs that were really driven.

    Every run is routed on `edition` with the times of its hour. A part is held out by a shuffle that `seed` fixes; figures before and
    after, and the range of an answer, come from those runs alone.

    Parameters
    ----------
    path
        CSV with the columns lat, lon (degrees), optionally crs, hospital (id), departure (RFC 3339 with offset), minutes.

    Raises
    ------
    InvalidRequestError
        No such file or profile, or fewer than `FEWEST_RUNS` runs can be used.
    """
    edition.arrivals(profile)  # names the profiles there are, where this is none
    runs, left_out = read_runs(path, prepare(edition).column)
    drives, not_driven = drive_runs(edition, profile, runs, settings)
    left_out = sorted([*left_out, *not_driven])
    if len(drives) < FEWEST_RUNS:
        reasons = "; ".join(f"row {row}: {reason}" for row, reason in left_out[:5])
        raise InvalidRequestError(
            f"{len(drives)} runs can be used, and a calibration needs {FEWEST_RUNS}"
            + (f" ({reasons})" if reasons else ""),
            next_step="Collect more runs, or correct the rows named.",
        )
    order = np.random.default_rng(seed).permutation(len(drives))
    held = np.zeros(len(drives), dtype=bool)
    held[order[::HOLD_OUT_EVERY]] = True
    fitted, held_out = drives.take(~held), drives.take(held)
    count = len(edition.info.periods)
    factors = fit_factors(fitted, count)
    seen = np.array([(fitted.group_s[fitted.period == p] > 0).sum(axis=0) for p in range(count)])
    before_s, after_s = held_out.predicted_s(), held_out.predicted_s(factors)
    low, high = ratio_range(after_s, held_out.actual_s)
    name = re.sub(r"[^\w. -]", "_", path.name)[:80]
    source = f"calibrated with {len(fitted)} runs of {name} on edition {edition.info.id}"
    periods = Periods(
        _scaled(edition.periods, profile, factors, seen, source),
        Calibration(profile, low, high, runs=len(fitted), held_out=len(held_out)),
    )
    return Calibrated(
        edition.info.id, profile, factors, seen, len(fitted), tuple(left_out),
        measure(before_s, held_out.actual_s), measure(after_s, held_out.actual_s), held_out, before_s, after_s, periods,
    )  # fmt: skip


def _scaled(periods: Periods, profile: str, factors: np.ndarray, seen: np.ndarray, source: str) -> tuple[Period, ...]:
    """The edition's periods with what was fitted on top, where any run drove."""
    scaled = []
    for p, (period, known) in enumerate(zip(periods.period, periods.factors(profile), strict=True)):
        said = dict(period.factors_of.get(profile, {}))
        for g, names in enumerate(GROUPS.values()):
            if seen[p, g]:
                for name in names:
                    value = float(np.clip(known[CLASS_INDEX[name]] * factors[p, g], LEAST_FACTOR, MOST_FACTOR))
                    said[name] = Factor(round(value, 4), f"{source}; {seen[p, g]} of them on such roads then")
        scaled.append(replace(period, factors_of=period.factors_of | ({profile: said} if said else {})))
    return tuple(scaled)
