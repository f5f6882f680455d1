"""`batchctl doctor`."""

from __future__ import annotations

import json

import pytest

from batchctl.errors import PROBLEM
from batchctl.operate import doctor, stack
from settings import parse
from tests.batchctl.operate.account import JOBS, Account, ask


class TestDoctor:
    def test_what_is_missing_says_what_to_do(self, account: Account) -> None:
        result = ask(account, "doctor", "--json")
        assert result.exit_code == PROBLEM
        checks = {one["what"]: one for one in json.loads(result.output)}
        assert checks["account"]["outcome"] == "ok"
        assert checks["ECS service-linked role"]["outcome"] == "fail"
        assert "create-service-linked-role" in checks["ECS service-linked role"]["to_do"]
        for job in JOBS:
            assert checks[f"image of {job}"]["outcome"] == "fail"
            assert f"batchctl push {job}" in checks[f"image of {job}"]["to_do"]
        assert checks["endpoints"]["outcome"] == "ok"
        assert checks["Fargate vCPU quota"]["outcome"] in ("unknown", "fail", "ok")

    @pytest.mark.parametrize(("quota", "outcome"), [(6.0, "ok"), (0.0, "fail"), (100.0, "ok")])
    def test_the_quota_is_held_against_the_settings(
        self, account: Account, monkeypatch: pytest.MonkeyPatch, quota: float, outcome: str
    ) -> None:
        """Service Quotas' answer is put in: moto does not know Fargate's code."""
        client = account.client("service-quotas")
        monkeypatch.setattr(client, "get_service_quota", lambda **_: {"Quota": {"Value": quota}})
        monkeypatch.setattr(stack.Stack, "client", lambda self, service: client)
        here = stack.deployed(None, account.outputs)
        (one,) = doctor._quota(here, parse({}, stack="dev"))
        assert one.outcome == outcome

    def test_another_account_is_told(self, account: Account) -> None:
        account.values["accountId"] = "999999999999"
        account.write()
        checks = {one["what"]: one for one in json.loads(ask(account, "doctor", "--json").output)}
        assert checks["account"]["outcome"] == "fail"
        assert "AWS_PROFILE" in checks["account"]["to_do"]
