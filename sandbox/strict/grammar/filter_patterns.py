"""The grammar of filter patterns of CloudWatch Logs.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<and_or>&&|\|\|) | (?P<opening>\() | (?P<closing>\)) | (?P<sign>!=|<=|>=|=|<|>)
      | (?P<selector>\$(?:\.[^\s=!<>()&|.\[\]]+|\[(?:\d+|\*|'[^']*'|"[^"]*")\])+)
      | (?P<text>"(?:[^"\\]|\\.)*"|%(?:[^%\\]|\\.)+%) | (?P<word>[^\s=!<>()&|"%$]+)
    )""",
    re.VERBOSE,
)
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
_EXPRESSION: Final = re.compile(r"%(?:[^%\\]|\\.)+%")
_MOST_EXPRESSIONS: Final = 2
_STATES: Final = ("NULL", "TRUE", "FALSE")
_MALFORMED: Final = "Invalid metric filter pattern"


def faults(pattern: str) -> Iterator[str]:
    """What is wrong with a pattern of terms, of JSON `{...}` or of fields between spaces `[...]`."""
    text = pattern.strip()
    quoted = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    bare = _EXPRESSION.sub("", quoted)
    if '"' in bare or any(bare.count(a) != bare.count(b) for a, b in ("{}", "[]", "()")):
        yield _MALFORMED
    elif len(_EXPRESSION.findall(quoted)) > _MOST_EXPRESSIONS:
        yield f"{_MALFORMED}: at most {_MOST_EXPRESSIONS} regular expressions"
    elif text.startswith("{"):
        if not text.endswith("}") or not _is_condition(text[1:-1]):
            yield f'{_MALFORMED}: a JSON pattern compares fields, such as {{ $.level = "ERROR" }}'
    elif text.startswith("["):
        fields = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text[1:-1]).split(",")
        if not text.endswith("]") or not all(field.strip() for field in fields):
            yield f"{_MALFORMED}: each field between spaces has a name"


def _is_condition(text: str) -> bool:
    """Whether this is comparisons, joined by && and || and grouped by brackets."""
    tokens = _tokens(text)
    if tokens is None:
        return False
    rest = _conditions(tokens)
    return rest == []


def _tokens(text: str) -> list[tuple[str, str]] | None:
    """Kind and text of each token; None where there is something else."""
    position, tokens = 0, []
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            return None
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


def _conditions(tokens: list[tuple[str, str]]) -> list[tuple[str, str]] | None:
    """What is left after a row of conditions; None where there is none."""
    rest = _condition(tokens)
    while rest and rest[0][0] == "and_or":
        rest = _condition(rest[1:])
    return rest


def _condition(tokens: list[tuple[str, str]]) -> list[tuple[str, str]] | None:
    kinds = [kind for kind, _text in tokens[:3]]
    if kinds[:1] == ["opening"]:
        rest = _conditions(tokens[1:])
        return rest[1:] if rest and rest[0][0] == "closing" else None
    if len(tokens) < 3 or kinds[0] != "selector":
        return None
    (_, first), (kind, last) = tokens[1], tokens[2]
    if kinds[1] == "sign":
        ordered = first in ("<", ">", "<=", ">=")
        fits = bool(_NUMBER.fullmatch(last)) if ordered else kind in ("text", "word")
    else:
        fits = (first.upper() == "IS" and last.upper() in _STATES) or (first.upper(), last.upper()) == ("NOT", "EXISTS")
    return tokens[3:] if fits else None
