"""How a property is looked at whose every example takes seconds: with the named examples, and with made ones when it may take long."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

THOROUGH = settings.default is not None and settings.default.max_examples > 100
"""Whether pytest runs with `--hypothesis-profile=thorough`."""

COSTLY = settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate] if THOROUGH else [Phase.explicit],  # shrinking would take all night
)

FEWER = settings(max_examples=settings.default.max_examples * 3 // 8 if settings.default else 15)
"""For properties of one strategy whose case is costly to play: eight of them see more cases than one did."""
