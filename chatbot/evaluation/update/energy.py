"""How much energy the processor took, where the machine says so: RAPL's counters, as Linux shows them.

Each package of a processor counts microjoules up to `max_energy_range_uj` and begins anew
(https://www.kernel.org/doc/html/latest/power/powercap/powercap.html). Most systems let nobody but root read them.
"""

from __future__ import annotations

from pathlib import Path

POWERCAP = Path("/sys/class/powercap")


class EnergyMeter:
    """Counts from when it is made.

    Args:
        root: the folder of the counters. Those of whole packages are read; their parts are in them.
    """

    def __init__(self, root: Path = POWERCAP) -> None:
        packages = [folder for folder in root.glob("*-rapl:*") if folder.name.count(":") == 1]
        self._counters = [folder / "energy_uj" for folder in sorted(packages)]
        self._used = 0
        self._last = self._read()

    def joules(self) -> float | None:
        """The energy since the beginning; None where it cannot be read. Ask now and then: a counter begins anew."""
        now = self._read()
        if now is None or self._last is None:
            return None
        for counter, before, after in zip(self._counters, self._last, now, strict=True):
            self._used += after - before if after >= before else after - before + _range(counter)
        self._last = now
        return self._used / 1e6

    def _read(self) -> list[int] | None:
        try:
            return [int(counter.read_text()) for counter in self._counters] or None
        except (OSError, ValueError):
            return None


def _range(counter: Path) -> int:
    return int((counter.parent / "max_energy_range_uj").read_text())
