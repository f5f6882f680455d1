"""The real Dockerfiles built without a daemon, and containers of them as Fargate would run them.

buildah builds on a base of Debian's own packages, because no registry need be in reach: only the FROM lines are
changed. runc runs the image's own user, environment and entry point on a read-only root file system, without
capabilities, with the image's volumes as the only writable folders, owned as the image says.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.jobs.image import CONTEXT

TOOLS = ("buildah", "debootstrap", "runc")
DEBIAN = os.environ.get("BATCH_DEBIAN_MIRROR", "http://deb.debian.org/debian")
RELEASE = "bookworm"
PACKAGES = "ca-certificates,python-is-python3,python3,python3-pip"
BASE = "localhost/python:debian"
_FROM = re.compile(r"^FROM \$\{REGISTRY\}/python:\S+", re.MULTILINE)
_PASSED_ON = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_numbers = count()


def absent() -> str:
    """Why nothing can be built here; empty when it can."""
    missing = [tool for tool in TOOLS if shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    if missing:
        return f"{', '.join(missing)} not installed (apt-get install --no-install-recommends {' '.join(TOOLS)})"
    return "" if os.geteuid() == 0 else "debootstrap and read-only containers need root"


@dataclass(frozen=True)
class Ended:
    """A container that has ended."""

    exit_code: int
    stdout: str
    stderr: str


class Builder:
    """Images and containers in a store of their own under `folder`; the base's packages are kept in `cache`."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self._folder = folder
        self._cache = cache
        self._roots: dict[str, Path] = {}

    def build_base(self) -> None:
        """A base of Debian's packages, with this machine's certificates."""
        root = self._cache / RELEASE
        if not (root / "usr/bin/python3").exists():
            shutil.rmtree(root, ignore_errors=True)
            packages = f"--include={PACKAGES}"
            _done(["debootstrap", "--variant=minbase", packages, RELEASE, str(root), DEBIAN])
        certificates = Path("etc/ssl/certs/ca-certificates.crt")
        if ("/" / certificates).exists():
            shutil.copy("/" / certificates, root / certificates)
        container = self._buildah("from", "scratch").strip()
        self._buildah("add", "-q", container, str(root), "/")
        self._buildah("config", "--env", "PATH=/usr/local/bin:/usr/bin:/bin", container)
        self._buildah("commit", "-q", "--rm", container, BASE)

    def build(self, job: str) -> None:
        """The job's image."""
        text, replaced = _FROM.subn(f"FROM {BASE}", (CONTEXT / job / "Dockerfile").read_text())
        assert replaced == 2, f"{job}: a build and a final stage"
        dockerfile = self._folder / f"Dockerfile.{job}"
        dockerfile.write_text(text)
        variables = [f"--env={name}" for name in _PASSED_ON if name in os.environ]
        arguments = ["--isolation", "chroot", "--network", "host", "--pull-never", "--format", "docker", *variables]
        self._buildah("bud", "-q", *arguments, "-f", str(dockerfile), "-t", _image(job), str(CONTEXT))

    def config(self, job: str) -> dict[str, Any]:
        """What the image says: User, Env, Entrypoint, WorkingDir, Volumes, Healthcheck."""
        config: dict[str, Any] = json.loads(self._buildah("inspect", "--type", "image", _image(job)))["Docker"][
            "config"
        ]
        return config

    def root(self, job: str) -> Path:
        """The image's files, mounted."""
        if job not in self._roots:
            self._roots[job] = Path(
                self._buildah("mount", self._buildah("from", "--pull-never", _image(job)).strip()).strip()
            )
        return self._roots[job]

    def run(
        self, job: str, scratch: Path, variables: Mapping[str, str] | None = None, command: list[str] | None = None
    ) -> Ended:
        """Run the image's entry point, or `command`, with `scratch` as its one volume, in the host's network."""
        config, root = self.config(job), self.root(job)
        (volume,) = config["Volumes"]
        status = (root / volume.lstrip("/")).stat()
        scratch.mkdir(exist_ok=True)
        os.chown(scratch, status.st_uid, status.st_gid)
        scratch.chmod(status.st_mode)
        user, group = map(int, config["User"].split(":"))
        environment = [*config["Env"], *(f"{name}={value}" for name, value in (variables or {}).items())]
        bundle = self._folder / f"bundle-{next(_numbers)}"
        bundle.mkdir()
        (bundle / "config.json").write_text(
            json.dumps(
                {
                    "ociVersion": "1.0.2",
                    "process": {
                        "user": {"uid": user, "gid": group},
                        "args": command or config["Entrypoint"],
                        "env": environment,
                        "cwd": config["WorkingDir"],
                        "noNewPrivileges": True,
                        "capabilities": {
                            kind: [] for kind in ("bounding", "effective", "inheritable", "permitted", "ambient")
                        },
                    },
                    "root": {"path": str(root), "readonly": True},
                    "mounts": [
                        {"destination": "/proc", "type": "proc", "source": "proc"},
                        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "size=64k"]},
                        {"destination": volume, "type": "bind", "source": str(scratch), "options": ["bind", "rw"]},
                    ],
                    "linux": {"namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts")]},
                }
            )
        )
        name = f"batch-{os.getpid()}-{bundle.name}"
        command_line = ["runc", "--root", str(self._folder / "runc"), "run", "--bundle", str(bundle), name]
        done = subprocess.run(command_line, capture_output=True, text=True, check=False, timeout=300)
        return Ended(done.returncode, done.stdout, done.stderr)

    def size(self, path: Path) -> int:
        """Bytes of files under `path`, each once."""
        sizes: dict[tuple[int, int], int] = {}
        for file in path.rglob("*"):
            status = file.lstat()
            sizes[status.st_dev, status.st_ino] = status.st_size if file.is_file() or file.is_symlink() else 0
        return sum(sizes.values())

    def close(self) -> None:
        """Unmount and remove all containers and images of this store."""
        self._buildah("rm", "--all")
        self._buildah("rmi", "--all", "--force")

    def _buildah(self, command: str, *arguments: str) -> str:
        store = [
            "--root",
            str(self._folder / "store"),
            "--runroot",
            str(self._folder / "run"),
            "--storage-driver",
            "vfs",
        ]
        return _done(["buildah", *store, command, *arguments])


def _image(job: str) -> str:
    return f"localhost/{job}:test"


def _done(command: list[str]) -> str:
    """What a command prints; fails the test with its last words when it fails."""
    variables = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    assert done.returncode == 0, f"{' '.join(command)}\n{(done.stdout + done.stderr)[-3_000:]}"
    return done.stdout
