"""The chance of an excellent outcome, to explain a choice; it never makes one.

Holodinsky et al. 2018, JAMA Neurol 75(12):1477-1486, doi:10.1001/jamaneurol.2018.2424, and its supplement: P(mRS 0-1) at 90 days as a
function of the minutes from onset to treatment. Below 270 min a curve; from there to 360 min a plateau, which jumps: a screen says "not
modelled" from 270. Eligibility for the drug is another thing: onset to needle <= 270 min, in the protocol.

The numbers are the published model itself, not thresholds of ours, and change only with another publication.
"""

from __future__ import annotations

from typing import Final, NamedTuple

CURVE_ENDS_MIN: Final = 270.0
MODEL_ENDS_MIN: Final = 360.0
GROUPS: Final = ("lvo", "lams4plus")
#: The scale whose positive patients are the mix below.
SCALE: Final = "LAMS"
SOURCE: Final = "Holodinsky 2018, JAMA Neurol 75(12):1477, P(mRS 0-1)"

#: Who has what, of those with LAMS >= 4, and the outcomes that no time changes.
SHARE_LVO: Final = 0.4538
SHARE_WITHOUT_LVO: Final = 0.1092
SHARE_BLEEDING: Final = 0.3445
SHARE_MIMIC: Final = 0.0924
BLEEDING: Final = 0.24
MIMIC: Final = 0.90


class _Curve(NamedTuple):
    at_onset: float
    per_min: float
    per_min2: float
    plateau: float


_EVT = _Curve(0.3394, -2e-4, 4e-8, 0.129)
_THROMBOLYSIS_LVO = _Curve(0.2359, -4e-4, 2e-7, 0.1328)
_THROMBOLYSIS_WITHOUT_LVO = _Curve(0.6343, -5e-4, -5e-8, 0.4622)


def evt(t_min: float | None) -> float | None:
    """P(mRS 0-1) of a large-vessel occlusion whose thrombectomy begins `t_min` minutes after onset; None where not modelled."""
    return _at(_EVT, t_min)


def thrombolysis_lvo(t_min: float | None) -> float | None:
    """P(mRS 0-1) of a large-vessel occlusion given thrombolysis `t_min` minutes after onset; None where not modelled."""
    return _at(_THROMBOLYSIS_LVO, t_min)


def thrombolysis_without_lvo(t_min: float | None) -> float | None:
    """P(mRS 0-1) of a smaller ischaemic stroke given thrombolysis `t_min` minutes after onset; None where not modelled."""
    return _at(_THROMBOLYSIS_WITHOUT_LVO, t_min)


def holodinsky_good_outcome(
    onset_to_needle_min: float | None, onset_to_puncture_min: float | None, group: str
) -> float | None:
    """P(mRS 0-1) of a patient who gets the drug and, if it is a large-vessel occlusion, thrombectomy as well.

    Parameters
    ----------
    onset_to_needle_min, onset_to_puncture_min
        Minutes from onset.
    group
        `lvo`: known to have a large-vessel occlusion; `lams4plus`: the mix of those who score 4 or 5 on LAMS.

    Returns
    -------
    A probability, or None where the model says nothing: a time below 0, above 360 min or unknown.

    Raises
    ------
    ValueError
        An unknown group.
    """
    if group not in GROUPS:
        raise ValueError(f"group must be one of {', '.join(GROUPS)}")
    drug, thrombectomy = thrombolysis_lvo(onset_to_needle_min), evt(onset_to_puncture_min)
    smaller = thrombolysis_without_lvo(onset_to_needle_min)
    if drug is None or thrombectomy is None or smaller is None:
        return None
    lvo = drug + (1 - drug) * thrombectomy
    if group == "lvo":
        return lvo
    return SHARE_LVO * lvo + SHARE_WITHOUT_LVO * smaller + SHARE_BLEEDING * BLEEDING + SHARE_MIMIC * MIMIC


def _at(curve: _Curve, t_min: float | None) -> float | None:
    if t_min is None or not 0 <= t_min <= MODEL_ENDS_MIN:  # NaN is not modelled either
        return None
    if t_min < CURVE_ENDS_MIN:
        return curve.at_onset + curve.per_min * t_min + curve.per_min2 * t_min * t_min
    return curve.plateau
