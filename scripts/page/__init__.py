"""What `scripts/measure_page.py` is made of: visits of a real Chromium to the public page, and the figures to reach."""
