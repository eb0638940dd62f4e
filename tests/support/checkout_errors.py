"""An hour in which checkout errors come, and the run that tells them."""

from __future__ import annotations

from datetime import timedelta

from tests.support.local_google import make_entry
from tests.support.made_traffic import START, Incident, Traffic

ENTRIES = [make_entry(entry) for entry in Traffic(5, 120, incidents=(Incident(10, 30, errors=3),)).entries()]


FIRES = START + timedelta(minutes=12, seconds=30)
"""A run at this time, the first of all, finds checkout errors and tells them."""
