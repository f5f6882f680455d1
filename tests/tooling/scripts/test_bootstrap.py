"""The state backend: made, mended and removed by a script that is safe to run again; Pulumi works on it."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from conventions.naming import Names
from tests.tooling.conftest import ROOT, Account
from tooling.delivery.step_rights import backend

BUCKET = "pulumi-state-123456789012-us-east-1"
SCRIPT = ROOT / "tooling" / "scripts" / "bootstrap_state.py"


def script() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("bootstrap_state", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(account: Account, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.run(command, env=account.variables, capture_output=True, text=True, timeout=120, check=False)


def described(account: Account) -> dict[str, object]:
    """Everything about the bucket and the key that the script answers for."""
    s3, kms = account.client("s3"), account.client("kms")
    key = kms.describe_key(KeyId="alias/pulumi-state")["KeyMetadata"]["Arn"]
    return {
        "key": key,
        "rotates": kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"],
        "versioning": s3.get_bucket_versioning(Bucket=BUCKET)["Status"],
        "encryption": s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"][0][
            "ApplyServerSideEncryptionByDefault"
        ],
        "public": s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"],
        "policy": json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"]),
        "lifecycle": s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"],
    }


def test_an_empty_account_gets_a_safe_backend(account: Account) -> None:
    done = run(account)
    assert done.returncode == 0, done.stderr
    assert f"pulumi login 's3://{BUCKET}?region=us-east-1'" in done.stdout
    backend = described(account)
    assert backend["rotates"] is True
    assert backend["versioning"] == "Enabled"
    assert backend["encryption"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": backend["key"]}
    assert set(backend["public"].values()) == {True}  # type: ignore[attr-defined]
    statement = backend["policy"]["Statement"][0]  # type: ignore[index]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_a_second_run_changes_nothing(account: Account) -> None:
    run(account)
    before = described(account)
    done = run(account)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("already there") == 2
    assert described(account) == before


def test_a_second_run_mends_what_somebody_changed(account: Account) -> None:
    run(account)
    before = described(account)
    s3 = account.client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_public_access_block(Bucket=BUCKET)
    s3.delete_bucket_policy(Bucket=BUCKET)
    assert run(account).returncode == 0
    assert described(account) == before


def test_a_key_about_to_be_deleted_is_not_built_on(account: Account) -> None:
    run(account)
    key = str(described(account)["key"]).rpartition("/")[2]
    account.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    done = run(account)
    assert done.returncode == 2
    assert "cancel-key-deletion" in done.stderr


def test_it_is_not_removed_while_a_stack_is_left(account: Account) -> None:
    run(account)
    s3 = account.client("s3")
    s3.put_object(Bucket=BUCKET, Key=".pulumi/stacks/batch-platform/prod.json", Body=b"{}")
    refused = run(account, "--remove")
    assert refused.returncode == 2
    assert ".pulumi/stacks/batch-platform/prod.json" in refused.stderr
    s3.delete_object(Bucket=BUCKET, Key=".pulumi/stacks/batch-platform/prod.json")
    assert run(account, "--remove").returncode == 0
    assert s3.list_buckets()["Buckets"] == []
    again = run(account, "--remove")
    assert again.returncode == 0
    assert again.stdout.count("already gone") == 2


def test_more_versions_than_a_page_lists_go_too(account: Account) -> None:
    """Pulumi rewrites a stack's checkpoint with every step: a first deployment leaves hundreds of versions."""
    run(account)
    s3 = account.client("s3")
    for _ in range(1100):
        s3.put_object(Bucket=BUCKET, Key=".pulumi/stacks/batch-platform/dev.json.bak", Body=b"{}")
    done = run(account, "--remove")
    assert done.returncode == 0, done.stderr
    assert s3.list_buckets()["Buckets"] == []


def test_without_a_region_it_says_so(account: Account, tmp_path: Path) -> None:
    variables = {k: v for k, v in account.variables.items() if k not in ("AWS_REGION", "AWS_DEFAULT_REGION")}
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={**variables, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "--region us-east-1" in done.stderr


def test_the_pipelines_roles_expect_the_same_bucket() -> None:
    names = Names(suffix="tooling", account="123456789012", region="eu-west-1")
    assert backend(names, None, "alias/pulumi-state").bucket == script().bucket_name("123456789012", "eu-west-1")


@pytest.mark.engine
def test_pulumi_keeps_state_and_secrets_on_it(account: Account, tmp_path: Path) -> None:
    """The real CLI logs in, makes a stack with the key as its secrets provider, and reads a secret back."""
    assert run(account).returncode == 0
    (tmp_path / "Pulumi.yaml").write_text("name: batch-platform\nruntime: python\n")
    variables = {k: v for k, v in account.variables.items() if k != "PULUMI_CONFIG_PASSPHRASE"}
    backend = f"s3://{BUCKET}?region=us-east-1&awssdk=v2&s3ForcePathStyle=true"
    provider = "awskms:///alias/pulumi-state?region=us-east-1"

    def pulumi(*arguments: str) -> str:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=tmp_path,
            env={**variables, "PULUMI_BACKEND_URL": backend, "PULUMI_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    pulumi("stack", "init", "dev", "--secrets-provider", provider)
    pulumi("config", "set", "--secret", "probe", "hidden", "--stack", "dev")
    assert "hidden" not in (tmp_path / "Pulumi.dev.yaml").read_text()
    assert pulumi("config", "get", "probe", "--stack", "dev").strip() == "hidden"
    keys = [item["Key"] for item in objects(account)]
    assert ".pulumi/stacks/batch-platform/dev.json" in keys


def objects(account: Account) -> list[dict[str, str]]:
    """What the state bucket holds."""
    contents: list[dict[str, str]] = account.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    return contents
