"""How hard Hypothesis tries: FUNCGRAD_PROFILE=deep python -m pytest, or `wide`: deep's records and ci's examples."""

import os

from hypothesis import HealthCheck, settings

for name in ("ci", "wide"):
    settings.register_profile(
        name, derandomize=True, max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
settings.register_profile(
    "deep", derandomize=False, max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("FUNCGRAD_PROFILE", "ci"))

#: Where Hypothesis keeps the settings of a test.
KEPT = "_hypothesis_internal_use_settings"


def pytest_collection_modifyitems(items):
    """Remember the settings that each test was written with."""
    for item in items:
        if hasattr(getattr(item, "obj", None), KEPT):
            item.settings_at_first = getattr(item.obj, KEPT)


def pytest_runtest_setup(item):
    """Give them back: Hypothesis puts new ones on top for each case, and after a thousand cases recurses too deep."""
    if hasattr(item, "settings_at_first"):
        setattr(item.obj, KEPT, item.settings_at_first)
