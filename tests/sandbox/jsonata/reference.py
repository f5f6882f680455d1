"""The reference implementation of JSONata in a node process, and the interpreter's evaluator beside it.

AWS Step Functions evaluates JSONata 2.0.6 (https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html);
`package-lock.json` pins that version. It is installed once into a folder outside of the repository.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonata

HERE = Path(__file__).parent
FIXED = (
    "$millis := function() { 1795136523123 }; $now := function() { '2026-11-20T04:22:03.123Z' }; "
    "$random := function() { 0.25 }; $uuid := function() { '00000000-0000-4000-8000-000000000000' };"
    "$parse := function($text) { $eval($text) };"
)
"""What would differ from one evaluation to the next, and Step Functions' own function."""


def folder() -> Path:
    """The folder with the pinned package, installed with npm at first use."""
    locked = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:12]
    home = Path(os.environ.get("BATCH_JSONATA_FOLDER", Path.home() / ".cache" / "batch-platform" / f"jsonata-{locked}"))
    if not (home / "node_modules" / "jsonata").is_dir():
        home.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, home / name)
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=home, check=True, capture_output=True
        )
    return home


def by_reference(cases: list[tuple[str, Any]]) -> list[dict[str, Any]]:
    """For each expression and its `$states`: `{"value": …}`, `{"nothing": true}` or `{"error": …}`."""
    cases_json = json.dumps([{"expression": f"({FIXED} {text})", "states": states} for text, states in cases])
    done = subprocess.run(
        ["node", str(HERE / "evaluate.mjs")], cwd=folder(), input=cases_json, capture_output=True, text=True, check=True
    )
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def by_interpreter(cases: list[tuple[str, Any]]) -> list[dict[str, Any]]:
    """The same by the evaluator that the sandbox uses."""
    answers: list[dict[str, Any]] = []
    for text, states in cases:
        try:
            value = jsonata.Jsonata(f"({FIXED} {text})").evaluate(None, {"bound": states})
        except Exception as error:  # the library raises errors of several kinds
            answers.append({"error": getattr(error, "error", str(error))})
            continue
        answers.append({"nothing": True} if value is None else {"value": json.loads(json.dumps(value))})
    return answers
