"""SIGTERM, grace, and jobs that hang."""

import json
import signal
import subprocess
import sys
import time

from batch_runtime.errors import ExitCode
from batch_runtime.stopping import UNWIND_SECONDS
from tests.jobs.harness import Night

PROGRAM = """
import sys, time
from batch_runtime.environment import JobEnvironment
from batch_runtime.main import run

def work(job):
    sys.stdout.write("ready\\n"); sys.stdout.flush()
    {body}

sys.exit(run(JobEnvironment, work))
"""


def _stop(night: Night, body: str, grace: str) -> tuple[int, float, str]:
    """Run `body` as a job, send SIGTERM when it is ready; (exit code, seconds until the end, output)."""
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", PROGRAM.format(body=body)],
        env=night.variables("data-ingestion", BATCH_STOP_GRACE=grace),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "job_started" in process.stdout.readline()
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    start = time.monotonic()
    output, _ = process.communicate(timeout=60)
    return process.returncode, time.monotonic() - start, output


class TestStopping:
    """SIGTERM gives 120 s; what comes after is SIGKILL."""

    def test_takes_effect_at_a_boundary(self, night: Night) -> None:
        code, _, output = _stop(night, "while True: time.sleep(0.05); job.progress.boundary()", "90")
        assert code == ExitCode.INTERRUPTED
        assert '"event": "job_interrupted"' in output

    def test_lets_a_step_finish_within_the_grace(self, night: Night) -> None:
        body = "end = time.monotonic() + 1\n    while time.monotonic() < end: job.progress.progress()"
        code, seconds, output = _stop(night, body, "90")
        assert code == ExitCode.OK
        assert seconds > 0.5
        assert '"event": "job_finished"' in output

    def test_interrupts_a_blocked_step_when_the_grace_is_over(self, night: Night) -> None:
        """Also one that swallows every exception: the interruption is none that `except Exception` sees."""
        body = "try: time.sleep(50)\n    except Exception: time.sleep(50)"
        code, seconds, _ = _stop(night, body, "1")
        assert code == ExitCode.INTERRUPTED
        assert 0.5 < seconds < 20

    def test_cuts_off_what_clings_after_that(self, night: Night) -> None:
        """As a thread that hangs in an upload does, where the interpreter waits for it."""
        body = "try: time.sleep(55)\n    finally: time.sleep(55)"
        code, seconds, _ = _stop(night, body, "1")
        assert code == ExitCode.INTERRUPTED
        assert 1 + UNWIND_SECONDS - 0.5 < seconds < 40

    def test_writes_its_metrics_all_the_same(self, night: Night) -> None:
        _, _, output = _stop(night, "time.sleep(50)", "0")
        record = json.loads(output.splitlines()[-1])
        assert (record["Interruptions"], record["Failures"]) == (1, 0)


def _hang(night: Night, body: str, seconds: str) -> tuple[int, float, str]:
    """Run `body` as a job that nobody stops; (exit code, seconds until the end, output)."""
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-S", "-c", PROGRAM.format(body=body)],
        env=night.variables("data-ingestion", BATCH_HANG_SECONDS=seconds),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.returncode, time.monotonic() - start, done.stdout + done.stderr


class TestHanging:
    """Nobody else ends a task that hangs: ECS looks at the health of services' tasks only."""

    def test_a_job_that_hangs_ends_by_itself_and_says_where(self, night: Night) -> None:
        code, seconds, output = _hang(night, "import threading; threading.Event().wait(600)", "2")
        assert code == ExitCode.TRY_AGAIN
        assert seconds < 60
        records = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        (failure,) = (record for record in records if record.get("event") == "job_failed")
        assert (failure["exit_code"], failure["failure"]) == (75, "hanging")
        assert "no progress for 2 s" in failure["message"]
        assert "threading.Event().wait(600)" in failure["traceback"] or "in work" in failure["traceback"]
        assert records[-1]["Failures"] == 1

    def test_a_job_that_moves_on_may_take_its_time(self, night: Night) -> None:
        body = "end = time.monotonic() + 6\n    while time.monotonic() < end: time.sleep(0.1); job.progress.progress()"
        code, seconds, _ = _hang(night, body, "4")
        assert (code, seconds > 6) == (ExitCode.OK, True)

    def test_native_code_that_holds_the_interpreter_is_ended_too(self, night: Night) -> None:
        """With 1, because no Python runs any more that could choose the code; the workflow retries that as well."""
        body = (
            "from batch_runtime import watchdog; watchdog.HELD_UP_SECONDS = 1; time.sleep(1.5)\n"
            "    import ctypes; ctypes.PyDLL(None).sleep(90)"
        )
        code, seconds, output = _hang(night, body, "8")
        assert code == 1
        assert seconds < 60
        assert "Timeout" in output
