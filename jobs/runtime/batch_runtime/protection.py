"""Scale-in protection of the task that the process runs in, asked of the ECS agent beside it.

A service that scales in, or is deployed, stops any of its tasks, also one in the midst of a message. A protected task
is left alone: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
The agent calls ECS with the task role, which needs `ecs:GetTaskProtection` and `ecs:UpdateTaskProtection`.
"""

import json
import time
import urllib.error
import urllib.request

import structlog

MINUTES = 60
"""Protection lasts this long and is renewed at half of it, so that a dead process holds no task for ever."""
_TIMEOUT_SECONDS = 5.0


class TaskProtection:
    """Protects the task while it works; without an agent, as on a developer's machine, does nothing.

    Never fails: work goes on unprotected when the agent refuses, and a warning says so.
    """

    def __init__(self, agent_uri: str, log: structlog.stdlib.BoundLogger) -> None:
        self._url = f"{agent_uri}/task-protection/v1/state" if agent_uri else ""
        self._log = log
        self._since: float | None = None

    def on(self) -> None:
        """Protect the task, or renew a protection that is half over."""
        if self._since is None or time.monotonic() - self._since > MINUTES * 30:
            self._put({"ProtectionEnabled": True, "ExpiresInMinutes": MINUTES})
            self._since = time.monotonic()

    def off(self) -> None:
        """Let ECS stop the task when it wants to."""
        if self._since is not None:
            self._put({"ProtectionEnabled": False})
            self._since = None

    def _put(self, state: dict[str, bool | int]) -> None:
        if not self._url.startswith("http://"):
            return
        request = urllib.request.Request(
            self._url, json.dumps(state).encode(), {"Content-Type": "application/json"}, method="PUT"
        )
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            answer = {"error": f"{error.code} {error.read(500).decode(errors='replace')}"}
        except (OSError, ValueError) as error:
            answer = {"error": str(error)}
        problem = answer.get("error") or answer.get("failure")
        if problem:
            self._log.warning("task_protection_failed", wanted=state, message=str(problem))
