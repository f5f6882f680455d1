"""The deployed night of prod: three zones, on-demand capacity, data that is protected."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from tests.engine.conftest import Engine
from tests.engine.nights.night import FRIDAY, deployed_night

pytestmark = pytest.mark.skipif(
    shutil.which("npm") is None and not os.environ.get("BATCH_REQUIRE_ENGINE"),
    reason="no npm on PATH: the policies of the deployed night were not evaluated",
)


def test_the_night_happens_in_prod(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> None:
    with deployed_night(engine, tmp_path_factory, stack="prod") as night:
        version = night.send(FRIDAY)
        ended = night.run_of(version)
        assert ended["status"] == "SUCCEEDED", ended
        s3, output = night.client("s3"), night.outputs["outputBucketName"]
        marker = json.loads(s3.get_object(Bucket=output, Key=f"reports/{FRIDAY}/_SUCCESS")["Body"].read())
        report = s3.get_object(Bucket=output, Key=marker["report_uri"].split("/", 3)[3])["Body"].read()
        assert report.startswith(b"%PDF")
        assert night.ledger(version)["status"] == "SUCCEEDED"
        assert night.hears(str(FRIDAY))
        faults = [line["what"] for line in night.sandbox.get("timeline")]
        assert [line for line in faults if "FAULT" in line or "NOT EMULATED" in line] == []
