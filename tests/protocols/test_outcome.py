"""The published model's own numbers, and a second model beside it."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction

import pytest

from stroke_map.protocols import outcome

CURVES = (outcome.evt, outcome.thrombolysis_lvo, outcome.thrombolysis_without_lvo)


def exact(at_onset, per_min, per_min2, plateau):
    """A curve in rational numbers, from the text of the paper."""
    a, b, c, p = (Fraction(each) for each in (at_onset, per_min, per_min2, plateau))
    return lambda t: a + b * t + c * t * t if t < 270 else p


EVT = exact(".3394", "-2e-4", "4e-8", ".129")
LVO = exact(".2359", "-4e-4", "2e-7", ".1328")
SMALL = exact(".6343", "-5e-4", "-5e-8", ".4622")


@pytest.mark.parametrize(("curve", "paper"), list(zip(CURVES, (EVT, LVO, SMALL), strict=True)))
def test_the_curves_are_those_of_the_paper_at_every_minute(curve, paper):
    for t in range(361):
        assert curve(t) == pytest.approx(float(paper(t)), abs=1e-6)


@pytest.mark.parametrize(
    ("curve", "at_0", "at_100", "at_269", "at_270"),
    [
        (outcome.evt, 0.3394, 0.3198, 0.28849444, 0.129),
        (outcome.thrombolysis_lvo, 0.2359, 0.1979, 0.1427722, 0.1328),
        (outcome.thrombolysis_without_lvo, 0.6343, 0.5838, 0.49618195, 0.4622),
    ],
)
def test_the_curves_at_their_edges(curve, at_0, at_100, at_269, at_270):
    assert [curve(t) for t in (0, 100, 269)] == pytest.approx([at_0, at_100, at_269], abs=1e-9)
    assert curve(269.999) > curve(270) == curve(271) == curve(360) == at_270
    assert [curve(t) for t in (-0.001, 360.001, math.nan, math.inf, None)] == [None] * 5


def test_both_treatments_and_the_mix():
    a, e, s = float(LVO(100)), float(EVT(150)), float(SMALL(100))
    both = a + (1 - a) * e
    assert outcome.holodinsky_good_outcome(100, 150, "lvo") == pytest.approx(both, abs=1e-6)
    assert outcome.holodinsky_good_outcome(100, 150, "lvo") == pytest.approx(0.44679163, abs=1e-8)
    # The share of mimics is easily lost: it adds .083.
    mix = 0.4538 * both + 0.1092 * s + 0.3445 * 0.24 + 0.0924 * 0.90
    assert outcome.holodinsky_good_outcome(100, 150, "lams4plus") == pytest.approx(mix, abs=1e-6)
    assert pytest.approx(1, abs=1e-4) == 0.4538 + 0.1092 + 0.3445 + 0.0924


@pytest.mark.parametrize(
    ("needle", "puncture"), [(-1, 100), (361, 100), (100, 361), (100, -1), (None, 100), (100, None)]
)
@pytest.mark.parametrize("group", outcome.GROUPS)
def test_what_is_not_modelled_is_none(needle, puncture, group):
    assert outcome.holodinsky_good_outcome(needle, puncture, group) is None


def test_an_unknown_group_is_refused():
    with pytest.raises(ValueError, match="lvo, lams4plus"):
        outcome.holodinsky_good_outcome(100, 150, "everybody")


@pytest.fixture(scope="module")
def second_model():
    """P(mRS 0-1) by minute of treatment from PenCHORD's stroke-outcome, a model with other assumptions."""
    with warnings.catch_warnings():
        # Its source has invalid escape sequences, which an installer that does not compile leaves to the first import.
        warnings.filterwarnings("ignore", "invalid escape sequence")
        import pandas as pd
        from stroke_outcome.continuous_outcome import Continuous_outcome

    def of(stroke_type, treatment, minutes):
        given = [1] * len(minutes)
        never = [0] * len(minutes)
        model = Continuous_outcome()
        model.assign_patients_to_trial(
            pd.DataFrame(
                {
                    "stroke_type_code": [stroke_type] * len(minutes),
                    "onset_to_needle_mins": minutes,
                    "onset_to_puncture_mins": minutes,
                    "ivt_chosen_bool": given if treatment == "ivt" else never,
                    "mt_chosen_bool": given if treatment == "mt" else never,
                }
            )
        )
        *_, everybody = model.calculate_outcomes()
        return everybody["each_patient_mrs_dist_post_stroke"][:, 1].tolist(), model.mrs_distribution_probs

    return of


def test_a_second_model_gives_the_same_chances_to_thrombolysis(second_model):
    """Both rest on Emberson's meta-analysis: they stay within .015 of each other while the drug works."""
    minutes = [float(t) for t in range(0, 270, 10)]
    for curve, stroke_type in ((outcome.thrombolysis_without_lvo, 1), (outcome.thrombolysis_lvo, 2)):
        theirs, untreated = second_model(stroke_type, "ivt", minutes)
        assert [curve(t) for t in minutes] == pytest.approx(theirs, abs=0.015)
        name = "no_treatment_nlvo" if stroke_type == 1 else "no_treatment_lvo"
        assert curve(270) == pytest.approx(untreated[name][1], abs=0.005)


def test_a_second_model_gives_thrombectomy_the_same_fall_and_the_same_floor(second_model):
    """It starts from another trial, .09 higher; both fall with every minute to the chance of the untreated."""
    minutes = [float(t) for t in range(0, 270, 10)]
    theirs, untreated = second_model(2, "mt", minutes)
    ours = [outcome.evt(t) for t in minutes]
    assert ours == sorted(ours, reverse=True)
    assert theirs == sorted(theirs, reverse=True)
    assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) < 0.1
    assert outcome.evt(270) == pytest.approx(untreated["no_treatment_lvo"][1], abs=1e-6)
