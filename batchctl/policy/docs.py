"""docs/policy/policies.md, from the rules' own metadata, and the list of taggable types, from the provider's SDK."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from policy.rules import ALL_RULES, Kind, Rule
from policy.rules.levels import reason
from policy.rules.settings import schema

_HEAD: Final = """# Policies

Made by `batchctl policy docs` from the rules themselves: change a rule, not this page.

Run them with `pulumi preview --policy-pack policy`, or without cloud and CLI with `batchctl preview`; both read the
settings and exemptions in `policy/config.json`. A *resource* rule checks one resource's inputs; a *stack* rule sees the
whole stack with its dependencies. A rule that needs a value which is not known yet is *undecided*, never passed;
`undecided-rules-reported` lists those. A green pack shows that these constraints hold. It does not show that AWS will
accept the stack.

What no pack can see (`retainOnDelete`, `deletedWith`, entry points) is checked by `batchctl policy check-state` over an
exported state, by the tests over recorded registrations, and refused by the program itself.

An exemption stands in `policy/config.json` under its rule and is itself checked by `exemptions-are-current`:

```json
{"bucket-tls-only": {"enforcementLevel": "mandatory", "exemptions": [
  {"finding": "1a2b3c4d", "reason": "the old loader speaks HTTP until March", "owner": "data team",
   "expires": "2027-03-31"}]}}
```

Remediations (marked so) are off; set a rule's `enforcementLevel` to `remediate` to let it correct what it finds.
"""


def policies_markdown() -> str:
    """The whole page."""
    lines = [_HEAD, f"{len(ALL_RULES)} rules.", "", "| rule | sees | level | severity |", "|---|---|---|---|"]
    lines += [f"| [{r.name}](#{r.name}) | {r.kind} | {r.level} | {r.severity} |" for r in ALL_RULES]
    for rule in ALL_RULES:
        lines += ["", *_rule(rule)]
    return "\n".join(lines) + "\n"


def _rule(rule: Rule) -> Iterator[str]:
    yield f"## {rule.name}"
    yield ""
    yield rule.description
    yield ""
    yield f"{rule.fix}. [Why]({rule.url})"
    yield ""
    about = "every AWS resource" if rule.types == ("aws:*",) else ", ".join(f"`{token}`" for token in rule.types)
    yield f"- {'one resource' if rule.kind is Kind.RESOURCE else 'the stack'}: {about or 'as a whole'}"
    yield f"- {rule.level}, {rule.severity}; {', '.join(rule.tags)}" + ("; remediation offered" if rule.remedy else "")
    yield f"- {reason(rule.name)}"
    if rule.frameworks:
        yield f"- also required by {', '.join(rule.frameworks)}"
    for name, described in schema(rule.settings).items():
        if name != "exemptions":
            yield f"- setting `{name}`: {described['description']}. Default `{described['default']}`"


def taggable_types() -> str:
    """Tokens of all types of the installed pulumi-aws that take tags, one a line."""
    spec = find_spec("pulumi_aws")
    assert spec is not None and spec.submodule_search_locations, "pulumi_aws is a dependency of the project"
    tokens = set()
    for path in Path(spec.submodule_search_locations[0]).rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        token = re.search(r"super\(\w+, __self__\)\.__init__\(\s*'(aws:[^']+)'", source)
        if token and re.search(r'__props__\.__dict__\["tags"\] = tags\b', source):
            tokens.add(token[1])
    return "".join(f"{token}\n" for token in sorted(tokens))


def regenerate(root: Path) -> list[Path]:
    """Writes both files; returns those that changed."""
    pages = {
        root / "docs" / "policy" / "policies.md": policies_markdown(),
        root / "policy" / "rules" / "tables" / "taggable.txt": taggable_types(),
    }
    changed = [path for path, text in pages.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path in changed:
        path.write_text(pages[path], encoding="utf-8")
    return changed
