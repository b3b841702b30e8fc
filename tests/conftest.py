"""What all tests share: hypothesis without wall-clock verdicts, for a machine may be slow at any moment."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("typedpipes", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("typedpipes")
