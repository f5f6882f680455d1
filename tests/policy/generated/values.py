"""Other values for a value: its neighbours, and what it would be in another environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any, Final

OTHER_ENVIRONMENT: Final = {"dev": "prod", "prod": "dev"}

_RANGE: Final = re.compile(r"\d+\.\d+\.\d+\.\d+/\d+")
_ACCOUNT: Final = re.compile(r"(?<!\d)\d{12}(?!\d)")
_REGION: Final = re.compile(r"\b[a-z]{2}-[a-z]+-\d\b")


def in_other_environment(text: str, stack: str) -> str:
    """`text` with the stack's name, as a word, replaced by another stack's."""
    return re.sub(rf"(?<![A-Za-z0-9]){stack}(?![A-Za-z0-9])", OTHER_ENVIRONMENT[stack], text)


def neighbours(value: Any) -> Iterator[tuple[str, Any]]:
    """What somebody might type instead, with the kind of slip."""
    if isinstance(value, bool):
        yield "flipped", not value
    elif isinstance(value, int | float):
        yield from (("more", value + 1), ("less", value - 1), ("tenfold", value * 10 or 10))
    elif isinstance(value, str):
        yield from _texts(value)


def _texts(value: str) -> Iterator[tuple[str, str]]:
    if "{%" in value or len(value) > 300:
        return  # an expression or a document; its names are mutated as references and environments
    if value.isdigit() and len(value) < 12:
        yield from (("more", str(int(value) + 1)), ("less", str(int(value) - 1)), ("tenfold", value + "0"))
        return
    if _RANGE.fullmatch(value):
        yield from _ranges(value)
        return
    yield "misspelt", misspelt(value)
    if _ACCOUNT.search(value):
        yield "account", _ACCOUNT.sub("999999999999", value)
    if _REGION.search(value):
        yield "region", _REGION.sub("eu-west-3", value)
    if re.fullmatch(r"[a-z0-9-]+:[A-Za-z]+\*?", value):
        yield "widened", value.partition(":")[0] + ":*"
        yield "widened", "*"
    elif value.startswith("arn:"):
        yield "widened", "*"
    if value.startswith(("cron(", "rate(")) and (numbers := re.search(r"\d+", value)):
        yield "more", f"{value[: numbers.start()]}99{value[numbers.end() :]}"


def _ranges(value: str) -> Iterator[tuple[str, str]]:
    yield "widened", "0.0.0.0/0"
    network = ip_network(value)
    yield "next", str(ip_network((int(network.network_address) + network.num_addresses, network.prefixlen)))
    yield "next", "192.168.0.0/20"
    if network.prefixlen < 28:
        yield "narrowed", f"{network.network_address}/{network.prefixlen + 1}"


def misspelt(value: str) -> str:
    """`value` with its last letter before the environment's suffix, or before the end, exchanged."""
    end = re.search(r"[A-Za-z0-9](?=[-/](?:dev|prod)$)|[A-Za-z0-9](?=[^A-Za-z0-9]*$)", value)
    if end is None:
        return value + "x"
    old = value[end.start()]
    new = "1" if old == "0" else "0" if old.isdigit() else ("y" if old in "xX" else "x")
    return value[: end.start()] + (new.upper() if old.isupper() else new) + value[end.end() :]
