"""When and on what a measurement ran, for the pages that report it."""

import os
import platform
from datetime import date
from pathlib import Path


def machine() -> str:
    """Processor, cores, system and Python."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.is_file() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{model or platform.processor()}, {os.cpu_count()} cores, {system}"


def measured_on() -> str:
    """The day, the machine and how busy it was."""
    load = os.getloadavg()[1]
    return f"On {date.today().isoformat()}: {machine()}; load average of the last five minutes {load:.1f}."
