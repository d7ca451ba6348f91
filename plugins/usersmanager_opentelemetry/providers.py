"""Find out whether spans and metrics go anywhere."""

from __future__ import annotations

from opentelemetry.metrics import MeterProvider, get_meter_provider
from opentelemetry.trace import TracerProvider, get_tracer_provider

__all__ = ["Providers"]

# Where the API defines its own providers: those that do nothing, and the proxies of global ones
# that have not been set.
_API = ("opentelemetry.trace", "opentelemetry.metrics")


class Providers:
    """The providers of a plugin.

    Args:
        tracers: replaces the global tracer provider.
        meters: replaces the global meter provider.

    Attributes:
        record: whether one of them was that of an SDK when it was last checked.
    """

    __slots__ = ("_meters", "_tracers", "record")

    def __init__(self, tracers: TracerProvider | None, meters: MeterProvider | None) -> None:
        self._tracers = tracers
        self._meters = meters
        self.record = False

    def check(self) -> bool:
        """Check whether one of them is that of an SDK, and return it.

        A global provider may be set at any time, and stays for good.
        """
        if not self.record:
            tracers = get_tracer_provider() if self._tracers is None else self._tracers
            meters = get_meter_provider() if self._meters is None else self._meters
            self.record = _is_of_sdk(tracers) or _is_of_sdk(meters)
        return self.record


def _is_of_sdk(provider: TracerProvider | MeterProvider) -> bool:
    return not type(provider).__module__.startswith(_API)
