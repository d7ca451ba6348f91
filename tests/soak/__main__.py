"""Soak test: every transport against misbehaving servers, directly and through proxies.

    SOAK_SECONDS=3600 python -m tests.soak

Prints a table and a line of JSON. Fails if a call got the response to another call, if resources
leaked or if a deadline was missed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from tests.soak.client import NAMES, STRICT

SECONDS = float(os.environ.get("SOAK_SECONDS", "60"))
# Transports guarantee 0.1 s, beyond what the event loop itself is late; the rest is for a busy
# machine.
OVERSHOOT_LIMIT = 0.25
MEMORY_LIMIT_MIB = 30

Report = dict[str, Any]


def soak() -> dict[str, Report]:
    """Use all clients at the same time, and return the report of each."""
    warnings = [argument for option in sys.warnoptions for argument in ("-W", option)]
    client = [sys.executable, *warnings, "-m", "tests.soak.client"]
    processes = {
        name: subprocess.Popen([*client, name, str(SECONDS)], stdout=subprocess.PIPE, text=True)
        for name in NAMES
    }
    outputs = {name: process.communicate()[0] for name, process in processes.items()}
    for name, process in processes.items():
        if process.returncode:
            sys.exit(f"soak: {name} ended with the status {process.returncode}")
    return {name: json.loads(output) for name, output in outputs.items()}


def failures(name: str, report: Report) -> list[str]:
    """Return the failures in the report of a client."""
    before, after = report["before"], report["after"]
    return [
        f"{name}: {failure}"
        for failure, has_occurred in {
            "a call got the response to another call": report["mismatches"],
            "an undocumented error": report["undocumented"],
            "a deadline was missed": name in STRICT
            and report["largest_overshoot_seconds"] > OVERSHOOT_LIMIT,
            "nothing succeeded in one way": not all(report["ok"].values()),
            "tasks are left": report["tasks_left"],
            "descriptors leak": after["descriptors"] > before["descriptors"],
            "threads leak": after["threads"] > before["threads"],
            "memory grows": after["resident_mib"] > before["resident_mib"] + MEMORY_LIMIT_MIB,
        }.items()
        if has_occurred
    ]


def main() -> int:
    reports = soak()
    for name, report in reports.items():
        for key, value in report.items():
            print(f"{name:18} {key:26} {value}")
    print(json.dumps(reports))
    messages = [message for name, report in reports.items() for message in failures(name, report)]
    print("soak:", "; ".join(messages) or "no leak, and every call got its own response")
    return 1 if messages else 0


if __name__ == "__main__":
    sys.exit(main())
