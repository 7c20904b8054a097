"""The screens under load, in a real Chromium: how soon an answer stands there, an alert is heard, a lost connection is told."""
