"""Arrival times that real runs confirm: compares an edition's times with driven ones and fits factors to its roads."""

from stroke_map.calibration.calibrate import Calibrated, calibrate
from stroke_map.calibration.plot import draw_plot

__all__ = ["Calibrated", "calibrate", "draw_plot"]
