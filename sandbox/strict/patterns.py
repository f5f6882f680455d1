r"""The patterns of AWS's service models, as Python understands them.

The models are written for Java. Four things differ from the `regex` package: `\w`, `\d` and `\s` are ASCII in Java
(https://docs.oracle.com/javase/8/docs/api/java/util/regex/Pattern.html), a code point beyond the basic plane is written
as a surrogate pair, `\x{..}` names a code point, and `&&` intersects two classes.
"""

from __future__ import annotations

import functools

import regex  # type: ignore[import-untyped]

UNUSABLE: dict[str, str] = {
    r"^(\p{LD}|\p{Punct}| )+$": "ds: `LD` is a property of Java's alone",
    r"[\p{all}]*": "dlm: `all` is a property of Java's alone, and admits everything",
    r"^arn:\S+:rbin:[a-z\-0-9]{0,63}:[0-9]{12}:rule/[0-9a-zA-Z]{11}{0,1011}$": "rbin: two repeats in a row",
}
"""Patterns of the models that cannot be used, each with its service and the reason; a value is not held against them."""

_SURROGATES = regex.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_CODE_POINT = regex.compile(r"\\x\{([0-9a-fA-F]+)\}")
_ASCII = {"\\w": "a-zA-Z0-9_", "\\d": "0-9", "\\s": r" \t\n\x0b\f\r"}


def matches(pattern: str, value: str) -> bool:
    """Whether AWS takes `value` under `pattern`: the whole of it, unless the pattern sets an anchor of its own."""
    compiled = translated(pattern)
    if compiled is None:
        return True
    anchored = pattern.startswith("^") or pattern.endswith("$")
    return (compiled.search(value) if anchored else compiled.fullmatch(value)) is not None


@functools.cache
def translated(pattern: str) -> regex.Pattern[str] | None:
    """The pattern compiled for Python; None for one of `UNUSABLE`."""
    if pattern in UNUSABLE:
        return None
    text = _SURROGATES.sub(lambda pair: f"\\U{_code_point(pair[1], pair[2]):08X}", pattern)
    text = _CODE_POINT.sub(lambda point: f"\\U{int(point[1], 16):08X}", text)
    return regex.compile(_with_ascii_classes(text), regex.V1 if "&&" in text else regex.V0)


def _code_point(high: str, low: str) -> int:
    return 0x10000 + ((int(high, 16) - 0xD800) << 10) + (int(low, 16) - 0xDC00)


def _with_ascii_classes(pattern: str) -> str:
    """Writes `\\w`, `\\d` and `\\s` out, as members of the class that they stand in or as a class of their own."""
    written: list[str] = []
    inside = False
    position = 0
    while position < len(pattern):
        token = pattern[position : position + 2] if pattern[position] == "\\" else pattern[position]
        if token in _ASCII:
            written.append(_ASCII[token] if inside else f"[{_ASCII[token]}]")
        else:
            inside = (inside or token == "[") and token != "]"
            written.append(token)
        position += len(token)
    return "".join(written)
