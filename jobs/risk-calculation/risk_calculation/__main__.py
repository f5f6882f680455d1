"""`python -m risk_calculation`."""

import sys

from batch_runtime.main import run
from risk_calculation.job import RiskEnvironment, calculate

if __name__ == "__main__":
    sys.exit(run(RiskEnvironment, calculate))
