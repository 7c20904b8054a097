"""How everything grows with the size of a region, its hospitals and its callers; run by `scale.py`."""
