"""Robust least squares: how many times as long each kind of road takes at each time of the week."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from stroke_map.calibration.drives import Drives

#: Residuals beyond so many standard deviations count less, in proportion (P. J. Huber 1964, 95 % efficient for a normal law).
HUBER: Final = 1.345
#: Standard deviation of a normal law by median absolute deviation.
MAD_TO_SD: Final = 1.4826
#: How far from 1 factors are expected before any run is seen; without data they stay at 1.
EXPECTED_SPREAD: Final = 0.3
LEAST_FACTOR: Final = 0.25
MOST_FACTOR: Final = 4.0
#: Of the predicted time: even perfect runs are noted to the half minute.
_LEAST_SD: Final = 0.01
_ROUNDS: Final = 50


class Measures(NamedTuple):
    """How near predictions come.

    Attributes
    ----------
    bias_min, mean_error_min
        Mean, and mean absolute, predicted less actual time, in minutes.
    within_2_min, within_5_min
        Shares of runs, 0 to 1.
    """

    bias_min: float
    mean_error_min: float
    within_2_min: float
    within_5_min: float


def measure(predicted_s: np.ndarray, actual_s: np.ndarray) -> Measures:
    """Compare float64[n] seconds with float64[n] seconds."""
    off_min = (predicted_s - actual_s) / 60
    away = np.abs(off_min)
    return Measures(
        *(round(float(value), 3) for value in (off_min.mean(), away.mean(), (away <= 2).mean(), (away <= 5).mean()))
    )


def fit_factors(drives: Drives, periods: int) -> np.ndarray:
    """float64[P, G]: the factors by period and group that explain the runs best.

    Every run counts by its relative error, for long runs err by more minutes. Huber's weights by iteration hold outliers down,
    and a ridge towards 1, as strong as the noise is large, holds what little data says little about.
    """
    groups = drives.group_s.shape[1]
    predicted_s = drives.predicted_s()
    shares = np.zeros((len(drives), periods, groups))
    shares[np.arange(len(drives)), drives.period] = drives.group_s / predicted_s[:, None]
    design = shares.reshape(len(drives), periods * groups)
    # In deviations from 1: the ridge then pulls towards what the edition says already.
    wanted = drives.actual_s / predicted_s - 1
    off = np.full(periods * groups, np.median(wanted))
    for _ in range(_ROUNDS):
        residual = wanted - design @ off
        sd = max(MAD_TO_SD * float(np.median(np.abs(residual))), _LEAST_SD)
        weight = np.minimum(1.0, HUBER * sd / np.maximum(np.abs(residual), 1e-12))
        ridge = (sd / EXPECTED_SPREAD) ** 2
        normal = design.T @ (design * weight[:, None]) + ridge * np.eye(len(off))
        before, off = off, np.linalg.solve(normal, design.T @ (weight * wanted))
        if np.abs(off - before).max() < 1e-7:
            break
    return np.clip(1 + off, LEAST_FACTOR, MOST_FACTOR).reshape(periods, groups)


def ratio_range(predicted_s: np.ndarray, actual_s: np.ndarray) -> tuple[float, float]:
    """10th and 90th percentile of actual by predicted time."""
    low, high = np.percentile(actual_s / predicted_s, [10, 90])
    return round(float(low), 3), round(float(high), 3)
