"""A made-up city, written as a real OpenStreetMap file and a real hospital sheet, for a first run without any data."""

from stroke_map.demo.write import DEFAULT_SEED, DemoFiles, write_demo

__all__ = ["DEFAULT_SEED", "DemoFiles", "write_demo"]
