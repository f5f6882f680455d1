"""What the product says of the three jobs: CPU units, MiB, and how many tasks of each."""

from __future__ import annotations

JOBS: dict[str, tuple[str, str, int]] = {
    "data-ingestion": ("1024", "2048", 10),
    "risk-calculation": ("2048", "4096", 20),
    "report-generation": ("512", "1024", 5),
}
