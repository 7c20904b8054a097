"""The fit finds the factors that made the runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stroke_map.calibration.drives import GROUPS, Drives
from stroke_map.calibration.fit import LEAST_FACTOR, MOST_FACTOR, fit_factors, measure, ratio_range

PERIODS = 2
SHAPE = PERIODS, len(GROUPS)
TRUE = np.array([[1.0, 1.2, 0.9, 1.1], [1.5, 1.9, 1.3, 1.0]])


def simulate(rng, count, factors=TRUE, noise=0.1, outliers=0.0):
    """Runs of 5 to 40 minutes over a mixture of roads; outliers took two to five times as long."""
    period = rng.integers(0, PERIODS, count)
    group_s = rng.dirichlet([1.0] * len(GROUPS), count) * rng.uniform(300, 2400, (count, 1))
    fixed_s = rng.uniform(10, 90, count)
    exact = Drives(period, group_s, fixed_s, np.ones(count)).predicted_s(factors)
    actual = exact * np.exp(rng.normal(0, noise, count))
    actual[rng.random(count) < outliers] *= rng.uniform(2, 5)
    return Drives(period, group_s, fixed_s, actual)


def test_known_factors_are_found_through_noise_and_outliers():
    drives = simulate(np.random.default_rng(1), 4000, noise=0.15, outliers=0.1)
    np.testing.assert_allclose(fit_factors(drives, PERIODS), TRUE, atol=0.08)


def test_plain_least_squares_would_be_led_astray():
    """The oracle without weights: what the robust fit is there for."""
    drives = simulate(np.random.default_rng(1), 4000, noise=0.15, outliers=0.1)
    off = []
    for p in range(PERIODS):
        some = drives.take(drives.period == p)
        share = some.group_s / some.predicted_s()[:, None]
        wanted = (some.actual_s - some.fixed_s) / some.predicted_s()
        off.append(np.linalg.lstsq(share, wanted, rcond=None)[0])
    plain = np.abs(np.array(off) - TRUE).mean()
    assert np.abs(fit_factors(drives, PERIODS) - TRUE).mean() < plain / 3


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(0.6, 2.5), min_size=PERIODS * len(GROUPS), max_size=PERIODS * len(GROUPS)),
    st.integers(0, 2**32 - 1),
)
def test_exact_runs_give_exact_factors(factors, seed):
    true = np.array(factors).reshape(SHAPE)
    drives = simulate(np.random.default_rng(seed), 400, true, noise=0.0)
    found = fit_factors(drives, PERIODS)
    np.testing.assert_allclose(found, true, atol=0.02)
    assert measure(drives.predicted_s(found), drives.actual_s).mean_error_min < 0.2


@settings(max_examples=30, deadline=None)
@given(st.integers(20, 60), st.floats(0.0, 2.0), st.integers(0, 2**32 - 1))
def test_factors_stay_within_bounds_whatever_the_runs(count, noise, seed):
    found = fit_factors(simulate(np.random.default_rng(seed), count, noise=noise, outliers=0.3), PERIODS)
    assert found.shape == SHAPE
    assert ((found >= LEAST_FACTOR) & (found <= MOST_FACTOR)).all()


def test_what_no_run_drove_stays_as_it_is():
    drives = simulate(np.random.default_rng(2), 500)
    drives.group_s[:, 2] = 0
    drives = drives.take(drives.period == 1)
    found = fit_factors(drives, PERIODS)
    np.testing.assert_allclose(found[0], 1, atol=1e-9)
    assert found[1, 2] == pytest.approx(1, abs=1e-9)


def test_few_runs_move_a_factor_less_than_many():
    few, many = (
        fit_factors(simulate(np.random.default_rng(3), n, np.full(SHAPE, 2.0), noise=0.4), PERIODS) for n in (20, 4000)
    )
    assert (few < 1.95).any()
    np.testing.assert_allclose(many, 2.0, atol=0.25)


def test_the_measures_are_what_they_say():
    predicted, actual = np.array([600.0, 600, 600, 600]), np.array([600.0, 660, 780, 1200])
    assert measure(predicted, actual) == (-3.5, 3.5, 0.5, 0.75)
    assert ratio_range(np.ones(11), np.arange(1.0, 12.0)) == (2.0, 10.0)
