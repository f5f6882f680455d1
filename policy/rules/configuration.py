"""The committed configuration of the pack: `policy/config.json`, in CrossGuard's own format.

The pack on the engine and the offline evaluation both read it here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

Config: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Rule name to `enforcementLevel`, settings and `exemptions`."""

COMMITTED = Path(__file__).resolve().parent.parent / "config.json"


class ConfigurationError(ValueError):
    """The configuration file cannot be used; the text says what to mend."""


def committed(path: Path = COMMITTED) -> Config:
    """The configuration in the repository. Raises ConfigurationError."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path}: cannot be read as JSON ({error})") from error
    if not isinstance(result, dict) or not all(isinstance(entry, dict) for entry in result.values()):
        raise ConfigurationError(
            f'{path}: must map rule names to objects, for example {{"services-start-empty": {{"imagesPublished": []}}}}'
        )
    return result


def overlay(base: Config, over: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """`base` with `over` on top, rule by rule; what `over` says under `all` or at its top level is for every rule."""
    common = {**over.get("all", {}), **{key: entry for key, entry in over.items() if not isinstance(entry, Mapping)}}
    per_rule = {key: entry for key, entry in over.items() if isinstance(entry, Mapping) and key != "all"}
    result = {name: {**common, **base.get(name, {}), **per_rule.get(name, {})} for name in {*base, *per_rule}}
    return result | {"all": common}
