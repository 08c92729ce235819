"""How properties are tried: as long as it takes, because a machine that is busy proves nothing."""

from hypothesis import HealthCheck, settings

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
