"""`python -m report_generation`."""

import sys

from batch_runtime.main import run
from report_generation.environment import ReportEnvironment
from report_generation.job import report

if __name__ == "__main__":
    sys.exit(run(ReportEnvironment, report))
