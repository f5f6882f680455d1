"""`python -m data_ingestion`."""

import sys

from batch_runtime.main import run
from data_ingestion.job import IngestionEnvironment, ingest

if __name__ == "__main__":
    sys.exit(run(IngestionEnvironment, ingest))
