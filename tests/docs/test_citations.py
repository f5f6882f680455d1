"""Documents, docstrings and comments cite files, anchors and tests; each of them exists, and is in this repository."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import PurePosixPath

from .repository import ROOT, anchors, files, prose

READ = sorted(name for name in files() if name.endswith((".py", ".md", ".yml", ".yaml")) or name == "Makefile")
FOLDERS = sorted({name.partition("/")[0] for name in files() if "/" in name})
PATH = re.compile(
    rf"(?<!\]\()(?<![\w./<>{{}}*-])"
    rf"((?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*\.(?:py|md|yml|yaml|json|txt|sh|sha256))"
    r"(?:#([\w-]+))?(?![\w<*{])"
)
BARE = re.compile(r"`([\w-]+\.(?:py|md))`")
TEST = re.compile(r"`(?:([\w/]+\.py)::)?(?:(Test\w+)(?:::(test_\w+))?|(test_\w+))`")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([\w-]+))?\)")
OUTSIDE = re.compile(
    r"facts-aws|requirements\.md|(?<![\w/])shared/[\w-]+\.md|\.\./shared|\bfinding [A-Z]\d|\bissue \d+\b"
    r"|\b[Cc]atalogue\b|\bproduct request\b"
)
FACTS = "docs/aws-facts.md"


def citations(name: str) -> Iterator[tuple[str, str]]:
    """What `name` cites: a file and an anchor in it, or an empty string for the file as a whole."""
    text = prose(name)
    for path, anchor in PATH.findall(text):
        yield path, anchor
    if name.endswith(".md"):
        for target, anchor in LINK.findall(text):
            yield _resolved(name, target) if target else name, anchor


def _resolved(document: str, target: str) -> str:
    whole = (ROOT / document).parent.joinpath(target).resolve()
    return whole.relative_to(ROOT).as_posix() if whole.is_relative_to(ROOT) else target


def test_what_is_cited_exists() -> None:
    missing = [
        f"{name} cites {path}#{anchor}"
        for name in READ
        for path, anchor in citations(name)
        if not (ROOT / path).exists() or (anchor and anchor not in anchors(path))
    ]
    assert missing == [], "no such file, or no heading that makes this anchor"


def test_a_file_without_a_path_is_on_top_or_beside() -> None:
    beside: dict[str, set[str]] = defaultdict(set)
    for path in map(PurePosixPath, files()):
        for folder in path.parents:
            beside[folder.as_posix()].add(path.name)
    top = {file for file in files() if "/" not in file}
    missing = [
        f"{name} speaks of {bare}"
        for name in READ
        for bare in BARE.findall(prose(name))
        if bare not in top | (beside[_folder(name)] if "/" in name else set())
    ]
    assert missing == [], "no such file on top or in its own folder: give the whole path"


def _folder(name: str) -> str:
    return PurePosixPath(name).parent.as_posix()


def test_cited_tests_exist() -> None:
    """By themselves, after their class, or after file and class; the file with or without its folder."""
    sources = {
        name: (ROOT / name).read_text() for name in files() if name.startswith("tests/") and name.endswith(".py")
    }
    modules = {PurePosixPath(name).stem for name in sources}
    for name in READ:
        for file, group, in_group, alone in TEST.findall(prose(name)):
            definitions = [f"class {group}" if group else "", f"def {in_group or alone}" if in_group or alone else ""]
            places = [source for path, source in sources.items() if f"/{path}".endswith(f"/{file}" if file else "")]
            defined = any(all(re.search(rf"{want}\b", source) for want in definitions) for source in places)
            assert defined or alone in modules, f"{name} names {file} {group} {in_group or alone}, which does not exist"


def test_nothing_outside_the_repository_is_cited() -> None:
    for name in READ:
        if name != "tests/docs/test_citations.py":
            outside = OUTSIDE.search(prose(name))
            assert outside is None, f"{name} cites {outside and outside.group()}, which readers do not have"


def test_every_fact_is_cited_and_has_a_source_and_a_date() -> None:
    cited = {anchor for name in READ for path, anchor in citations(name) if path == FACTS and anchor}
    entries = re.split(r"^### ", (ROOT / FACTS).read_text(), flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        title = entry.partition("\n")[0]
        assert title.lower().replace(" ", "-") in cited, f"nobody relies on {title!r}: delete it, or cite it"
        assert re.search(r"Source: <https://\S+>", entry), title
        assert re.search(r"\b20\d\d-\d\d-\d\d\b", entry), f"{title!r} has no day on which its source was read"
        assert not re.search(r"\b20\d\d-\d\d(?!-?\d)", entry), f"{title!r} has a date without a day"
