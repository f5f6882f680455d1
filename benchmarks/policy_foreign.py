"""What the policy pack says of other people's programs, which were not written for it.

Run: `python -m benchmarks.policy_foreign FOLDER...`, each a Pulumi program in Python, for example those whose names
begin with `aws-py-` in a checkout of https://github.com/pulumi/examples. Each is recorded offline, with values known,
and every finding is printed: a person reads them (docs/policy/foreign-programs.md, of which `--write` renews the table
of how many there are). A program that needs a package
that is not installed, or asks the cloud for something that no preview knows, is named with the reason.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from batchctl.preview import synthetic
from batchctl.preview.recording import record
from policy.rules import Level, Verdict, evaluate

_ID: Final = "0123456789abcdef0"
ANSWERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "aws:ec2/getVpc:getVpc": {"id": f"vpc-{_ID}", "cidrBlock": "172.31.0.0/16", "default": True},
    "aws:ec2/getSubnets:getSubnets": {"id": "us-east-1", "ids": [f"subnet-{_ID}", f"subnet-{_ID[::-1]}"]},
    "aws:ec2/getSubnetIds:getSubnetIds": {"id": "us-east-1", "ids": [f"subnet-{_ID}"]},
    "aws:ec2/getAmi:getAmi": {"id": f"ami-{_ID}"},
    "aws:index/getRegion:getRegion": {"id": "us-east-1", "name": "us-east-1", "region": "us-east-1"},
    "aws:index/getPartition:getPartition": {"id": "aws", "partition": "aws", "dnsSuffix": "amazonaws.com"},
    "aws:iam/getPolicyDocument:getPolicyDocument": {"id": "1", "json": '{"Version":"2012-10-17","Statement":[]}'},
    "aws:iam/getRole:getRole": {"id": "r", "arn": "arn:aws:iam::123456789012:role/r", "name": "r"},
    "aws:route53/getZone:getZone": {"id": "Z1", "zoneId": "Z1", "name": "example.com"},
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": {"id": "x", "userName": "AWS", "password": "x"},
    "aws:ecr/getCredentials:getCredentials": {"id": "x", "authorizationToken": "QVdTOng=", "proxyEndpoint": "x"},
    "aws:index/getArn:getArn": {"id": "x", "account": "123456789012", "region": "us-east-1", "service": "x"},
}
"""What a look-up finds in an account that has a default network and nothing else."""
_DIGEST: Final = f"@sha256:{'0' * 64}"
COMPUTED: Final[Mapping[str, Callable[[str, Mapping[str, Any], str], dict[str, Any]]]] = {
    "index/Image": lambda key, inputs, region: {
        "id": "image",
        "repoDigest": f"{inputs.get('imageName')}{_DIGEST}",
        "ref": f"{next(iter(inputs.get('tags') or ['']))}{_DIGEST}",
    },
}
"""What the providers of Docker images compute: the image by its digest."""
SETTINGS: Final = dict.fromkeys(
    ("slackToken", "redis-password", "sqlUserName", "sqlUserPassword", "langchain_api_key", "open_api_key"), "x"
) | {"targetDomain": "www.example.com", "pathToWebsiteContents": "./www", "mentionMessageTopicName": "mentions"}
"""What the programs ask to be configured with."""


@dataclass(frozen=True, slots=True)
class Read:
    """A program and what the pack says of it."""

    name: str
    resources: int
    findings: tuple[tuple[str, str, str], ...]
    """Level, rule and message."""
    reason: str = ""
    """Why it could not be recorded."""


def read(folder: Path) -> Read:
    """Records the program and asks the rules."""
    for token, answer in ANSWERS.items():
        synthetic._LOOKUPS.setdefault(token, lambda args, region, answer=answer: dict(answer))  # type: ignore[attr-defined]
    for kind, maker in COMPUTED.items():
        synthetic._MAKERS.setdefault(kind, maker)  # type: ignore[attr-defined]
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    config = {"aws:region": "us-east-1", **{f"{folder.name}:{name}": value for name, value in SETTINGS.items()}}
    try:
        recording = record(folder, project=folder.name, stack="dev", config=config, mode="resolved")
    except BaseException as error:  # whatever somebody else's program raises is its reason
        text = str(error).strip().splitlines()
        return Read(folder.name, 0, (), f"{type(error).__name__}: {text[-1] if text else ''}"[:160])
    graph = recording.graph(folder.name)
    failing = [one for one in evaluate(graph, {}) if one.verdict in (Verdict.FAIL, Verdict.CRASH)]
    return Read(
        folder.name,
        sum(one.custom for one in graph),
        tuple((one.level.value, one.rule, one.message) for one in failing),
    )


def _apart(folder: Path) -> Read:
    """Each in a process of its own: a program may end it."""
    with ProcessPoolExecutor(1) as pool:
        try:
            return pool.submit(read, folder).result()
        except BrokenProcessPool:
            return Read(folder.name, 0, (), "the program ends its process")


def shape(message: str) -> str:
    """A message without what differs from resource to resource: its name and numbers."""
    return re.sub(r"\d+", "0", message.partition(": ")[2] or message)


def table(programs: Sequence[Read]) -> str:
    """How many findings there are by program, of how many rules, and of how many shapes."""
    lines = [
        "| program | resources | mandatory | advisory | rules | shapes of messages |",
        "|---|---|---|---|---|---|",
    ]
    for one in programs:
        if one.reason:
            lines.append(f"| {one.name} | not recorded: {one.reason} | | | | |")
            continue
        lines.append(_row(one.name, one.resources, one.findings))
    read_ones = [one for one in programs if not one.reason]
    findings = [finding for one in read_ones for finding in one.findings]
    return "\n".join([*lines, _row("all", sum(one.resources for one in read_ones), findings)])


def _row(name: str, resources: int, findings: Sequence[tuple[str, str, str]]) -> str:
    levels = Counter(level for level, _, _ in findings)
    rules, shapes = {rule for _, rule, _ in findings}, {(rule, shape(message)) for _, rule, message in findings}
    mandatory, advisory = levels[Level.MANDATORY.value], levels[Level.ADVISORY.value]
    return f"| {name} | {resources} | {mandatory} | {advisory} | {len(rules)} | {len(shapes)} |"


def main() -> int:
    """Prints every finding, and a table of how many by program; 1 when a rule crashed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--counts", action="store_true", help="only the table")
    parser.add_argument("--write", type=Path, help="renew the table in this page: docs/policy/foreign-programs.md")
    chosen = parser.parse_args()
    programs = [_apart(folder.resolve()) for folder in chosen.folders]
    for one in programs if not chosen.counts else ():
        print(f"\n## {one.name}: {one.reason or f'{one.resources} resources'}")
        for level, rule, message in one.findings:
            print(f"{level:9} {rule:32} {message}")
    counts = table(programs)
    print(f"\n{counts}")
    if chosen.write:
        before, heading, after = chosen.write.read_text(encoding="utf-8").partition("| program | resources |")
        rest = after.partition("\n\n")[2] if heading else ""
        chosen.write.write_text(f"{before}{counts}\n\n{rest}", encoding="utf-8")
    return int(any("crashed with" in message for one in programs for _, _, message in one.findings))


if __name__ == "__main__":
    sys.exit(main())
