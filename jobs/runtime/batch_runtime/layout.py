"""Where a run's objects lie in S3: the table of docs/jobs.md as code.

Every key that two programs must agree on. Only arithmetic on strings, so that jobs, demo and command line can share it.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Self

MAX_SHARDS = 100_000
"""Shard numbers have five digits in the keys."""

_S3_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.{1,1024})")


@dataclass(frozen=True)
class S3Uri:
    """An object's address."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `s3://bucket/key`; raises ValueError for anything else."""
        match = _S3_URI.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not an S3 URI; write s3://bucket/key")
        return cls(bucket=match["bucket"], key=match["key"])

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, kw_only=True)
class RunLayout:
    """The objects of one run in the output bucket."""

    bucket: str
    run_id: str
    business_date: date

    def shard(self, number: int) -> S3Uri:
        """The partition of one shard."""
        return self._at(f"shards/{self.run_id}/shard-{number:05d}.parquet")

    @property
    def shard_list(self) -> S3Uri:
        """Written after the last partition: its presence says that the partitions are whole."""
        return self._at(f"shards/{self.run_id}/shards.json")

    @property
    def summary(self) -> S3Uri:
        """Written last of all by ingestion."""
        return self._at(f"shards/{self.run_id}/summary.json")

    @property
    def quality(self) -> S3Uri:
        """What was accepted and rejected, by file and by reason."""
        return self._at(f"shards/{self.run_id}/quality.json")

    @property
    def rejected(self) -> S3Uri:
        """The quarantined rows with their reasons, for people."""
        return self._at(f"quarantine/{self.run_id}/rejected.csv")

    @property
    def results_prefix(self) -> S3Uri:
        """The folder of the shard results."""
        return self._at(f"results/{self.run_id}/")

    @property
    def report_pdf(self) -> S3Uri:
        """The report for people."""
        return self._at(f"{self._reports}/{self.run_id}/report.pdf")

    @property
    def report_json(self) -> S3Uri:
        """The report for programs."""
        return self._at(f"{self._reports}/{self.run_id}/report.json")

    @property
    def success_marker(self) -> S3Uri:
        """Written last of all; what the deadline watch looks for."""
        return self._at(f"{self._reports}/_SUCCESS")

    @property
    def _reports(self) -> str:
        return f"reports/{self.business_date.isoformat()}"

    def _at(self, key: str) -> S3Uri:
        return S3Uri(bucket=self.bucket, key=key)
