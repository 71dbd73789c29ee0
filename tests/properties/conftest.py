"""Hypothesis profiles: a short one for every run, ``LOCALSQS_HYPOTHESIS_PROFILE=thorough`` for a search of its own."""

import os
import pathlib
import sys

from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

HERE = pathlib.Path(__file__).parent
if str(HERE) not in sys.path:  # The model is imported by name, whatever pytest's import mode.
    sys.path.insert(0, str(HERE))

COMMON = {
    "deadline": None,
    "print_blob": True,
    "database": DirectoryBasedExampleDatabase(HERE.parents[1] / "build" / "hypothesis"),
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
}
settings.register_profile("default", max_examples=40, stateful_step_count=40, **COMMON)
settings.register_profile("thorough", max_examples=500, stateful_step_count=80, **COMMON)
settings.load_profile(os.environ.get("LOCALSQS_HYPOTHESIS_PROFILE", "default"))
