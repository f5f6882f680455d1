"""Snapshots of the committed stacks, and of the same with something changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from batchctl import project as projects
from batchctl.commands.preview import garbage_collection_off
from batchctl.preview.recording import record
from batchctl.preview.snapshot import Snapshot, of_recording
from tests.programs import ROOT, recording

REFERENCES = Path(__file__).parent / "references"


@cache
def committed(stack: str) -> Snapshot:
    return of_recording(recording(stack, "resolved"), "batch-platform")


def with_settings(stack: str, sections: Mapping[str, Mapping[str, Any]]) -> Snapshot:
    """The stack with sections of its settings changed."""
    project = projects.load(ROOT)
    config = dict(project.stack(stack).config)
    for section, values in sections.items():
        key = f"batch-platform:{section}"
        config[key] = {**config.get(key, {}), **values}
    with garbage_collection_off():
        changed = record(ROOT, project=project.name, stack=stack, config=config, mode="resolved")
    return of_recording(changed, project.name, tuple(config["batch-platform:platform"].get("acknowledge", ())))


def reference(name: str, text: str) -> str:
    """The text that a person has read; with RENEW_REFERENCES set, `text` becomes it."""
    file = REFERENCES / name
    if os.environ.get("RENEW_REFERENCES"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return file.read_text() if file.is_file() else ""
