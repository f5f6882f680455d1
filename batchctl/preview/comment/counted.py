"""Components with their resources counted by type: all there is to compare with a base that has no recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from .reading import Components


def tree_changes(now: Components, then: Components) -> Iterator[str]:
    """Lines of a diff: each component that changes, with the types that it has more or fewer of."""
    none: Counter[str] = Counter()
    for path in sorted({*now, *then}):
        after, earlier = now.get(path, none), then.get(path, none)
        more, fewer = after - earlier, earlier - after
        if not more and not fewer:
            continue
        sign = "+" if path not in then else "-" if path not in now else " "
        yield f"{sign} {path}"
        yield from (f"-   {_counted(kind, count)}" for kind, count in sorted(fewer.items()))
        yield from (f"+   {_counted(kind, count)}" for kind, count in sorted(more.items()))


def _counted(kind: str, count: int) -> str:
    return f"{kind} x{count}" if count > 1 else kind
