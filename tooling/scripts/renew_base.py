"""Writes the newest digest of the jobs' base image into their Dockerfiles: `python3 tooling/scripts/renew_base.py`.

The tag stays; its maintainers publish new bytes under it when its packages are mended. Needs `crane` on PATH
(`. tooling/scripts/install_crane.sh`) and nothing of this repository's environment.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = "public.ecr.aws/docker/library"
"""Where the pipeline pulls the base from: the same images as Docker Hub's, without its rate limit."""
FROM = re.compile(r"^(FROM \$\{REGISTRY\}/)(?P<image>[\w.:/-]+)@(?P<digest>sha256:[0-9a-f]{64})", re.MULTILINE)


def newest(image: str, registry: str) -> str:
    """The digest that the registry has under the image's tag; exits with one message when it cannot say."""
    command = ["crane", "digest", f"{registry}/{image}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        sys.exit("crane is not on PATH: `. tooling/scripts/install_crane.sh`, then run this again.")
    except subprocess.CalledProcessError as error:
        sys.exit(f"`{' '.join(command)}` failed: {error.stderr.strip()}")
    return done.stdout.strip()


def renew(folder: Path, registry: str = REGISTRY) -> list[str]:
    """Brings the FROM lines of every `Dockerfile` under `folder` up to date; what was changed, a line each."""
    digests: dict[str, str] = {}
    changes: list[str] = []
    for path in sorted(folder.glob("*/Dockerfile")):
        before = path.read_text(encoding="utf-8")
        for match in FROM.finditer(before):
            digests.setdefault(match["image"], newest(match["image"], registry))
        after = FROM.sub(lambda match: f"{match[1]}{match['image']}@{digests[match['image']]}", before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changes.append(f"{path.relative_to(folder.parent)}: the newest digest of its base")
    if not digests:
        sys.exit(f"no Dockerfile under {folder} pins its base by digest: FROM ${{REGISTRY}}/python:…@sha256:…")
    return changes


if __name__ == "__main__":
    print("\n".join(renew(ROOT / "jobs")) or "every base is the newest already")
