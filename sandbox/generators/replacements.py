"""Writes batchctl/preview/replacements.json: which properties make the provider replace a resource, by its own plans.

`.venv/bin/python -m sandbox.generators.replacements` deploys the stack with everything that settings can switch on, and
the tooling stack with pipeline and GitHub's roles, to an emulated account by the real engine, then asks the aws plugin
for a diff with one property changed at a time: to another value, to one not known yet, and taken out. Needs `pulumi`
and `pulumi-resource-aws` on PATH and takes some minutes.
"""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import grpc  # type: ignore[import-untyped]
import yaml
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox.account import emulated_account
from sandbox.checkout import copy_checkout
from tooling.delivery import github
from tooling.every_setting import EVERY_SETTING

ROOT: Final = Path(__file__).resolve().parents[2]
TABLE: Final = ROOT / "batchctl" / "preview" / "replacements.json"
UNREACHED: Final = "127.0.0.1:9"
REPOSITORY: Final = "market-risk/batch-platform"


def deployed(environment: Mapping[str, str], folder: Path, provider_arn: str) -> Iterator[dict[str, Any]]:
    """The engine's states after `pulumi up` of every setting, data kept, and of the tooling stack.

    `provider_arn` is GitHub's OIDC provider in the account.
    """
    checkout = copy_checkout(folder / "platform")
    (folder / "state").mkdir()
    variables = {
        **environment,
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "replacements",
    }

    def pulumi(where: Path, *arguments: str) -> str:
        command = ["pulumi", *arguments, "--non-interactive"]
        done = subprocess.run(command, cwd=where, env=variables, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    guarded = {**EVERY_SETTING["batch-platform:platform"], "teardown": False}
    delivery = {
        "repository": REPOSITORY,
        "github": {"repository": REPOSITORY, "deploys": True, "provider": provider_arn},
    }
    for where, stack, config in (
        (checkout, "dev", {**EVERY_SETTING, "batch-platform:platform": guarded}),
        (checkout / "tooling", "tooling", {"batch-platform:delivery": delivery}),
    ):
        stack_file = where / f"Pulumi.{stack}.yaml"
        described = yaml.safe_load(stack_file.read_text())
        described["config"].update(config)
        pulumi(where, "stack", "init", stack)
        stack_file.write_text(yaml.safe_dump({**yaml.safe_load(stack_file.read_text()), **described}))
        pulumi(where, "up", "--yes", "--skip-preview", "--stack", stack)
        yield json.loads(pulumi(where, "stack", "export", "--stack", stack))


@contextmanager
def provider(environment: Mapping[str, str]) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    """The aws plugin, configured for the emulated account."""
    process = subprocess.Popen(
        ["pulumi-resource-aws", UNREACHED], stdout=subprocess.PIPE, env=dict(environment), text=True
    )
    assert process.stdout is not None
    try:
        port = process.stdout.readline().strip()
        big = [("grpc.max_receive_message_length", 1 << 29), ("grpc.max_send_message_length", 1 << 29)]
        stub = provider_pb2_grpc.ResourceProviderStub(grpc.insecure_channel(f"127.0.0.1:{port}", options=big))
        region = environment.get("AWS_REGION", "us-east-1")
        args = {"region": region, "skipCredentialsValidation": "true", "skipRequestingAccountId": "true"}
        stub.Configure(provider_pb2.ConfigureRequest(args=_struct(args)))
        yield stub
    finally:
        process.terminate()
        process.wait(timeout=30)


def _struct(value: Mapping[str, Any]) -> struct_pb2.Struct:
    out = struct_pb2.Struct()
    json_format.ParseDict(dict(value), out)
    return out


def other(value: Any) -> Any:
    """Another value of the same shape; a JSON document stays one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        if value[:1] in ("{", "["):
            return (
                '{"Version":"2012-10-17","Statement":[]}' if "Statement" in value else value[:1] + "]}"[value[0] == "{"]
            )
        return f"{value}x"
    if isinstance(value, list):
        return [other(value[0]), *value[1:]] if value else ["x"]
    return {key: other(member) for key, member in value.items()}


def replaces(
    stub: provider_pb2_grpc.ResourceProviderStub, resource: Mapping[str, Any], news: Mapping[str, Any], prop: str
) -> bool | None:
    """Whether the provider replaces `resource` for the inputs `news` because of `prop`; None: it plans nothing."""
    try:
        answer = stub.Diff(
            provider_pb2.DiffRequest(
                id=resource["id"],
                urn=resource["urn"],
                olds=_struct(resource["outputs"]),
                news=_struct(news),
                old_inputs=_struct(resource["inputs"]),
            )
        )
    except grpc.RpcError:
        return None
    if answer.changes == provider_pb2.DiffResponse.DIFF_NONE:
        return None
    return _singular(prop) in {_singular(name.partition(".")[0].partition("[")[0]) for name in answer.replaces}


def _singular(name: str) -> str:
    """Plugins differ in whether a list's name is a plural."""
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")


def table(
    stub: provider_pb2_grpc.ResourceProviderStub, states: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, str]]:
    """By type and property: `always`, `never`, or `sometimes` where it depends on the value."""
    verdicts_by_type: dict[str, dict[str, set[bool]]] = {}
    for resource in (one for state in states for one in state["deployment"]["resources"]):
        if not resource.get("custom") or not resource["type"].startswith("aws:"):
            continue
        inputs = {key: value for key, value in resource["inputs"].items() if key != "__defaults"}
        for prop, value in inputs.items():
            verdicts = verdicts_by_type.setdefault(resource["type"], {}).setdefault(prop, set())
            without = {key: member for key, member in inputs.items() if key != prop}
            for news in ({**inputs, prop: other(copy.deepcopy(value))}, {**inputs, prop: rpc.UNKNOWN}, without):
                if (verdict := replaces(stub, resource, news, prop)) is not None:
                    verdicts.add(verdict)
    words = {frozenset({True}): "always", frozenset({False}): "never", frozenset({True, False}): "sometimes"}
    return {
        kind: {prop: words.get(frozenset(verdicts), "not planned") for prop, verdicts in sorted(props.items())}
        for kind, props in sorted(verdicts_by_type.items())
    }


def main(plugin: str | None = None) -> None:
    """Deploys, asks, and writes the table.

    `plugin` names what plans where that is not what the plugin says of itself, for example a plugin of another provider
    version behind the same protocol.
    """
    with emulated_account() as account, tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, **account.environment()}
        identity_provider = account.client("iam").create_open_id_connect_provider(
            Url=f"https://{github.ISSUER}", ClientIDList=[github.AUDIENCE], ThumbprintList=[]
        )
        states = list(deployed(environment, Path(folder), identity_provider["OpenIDConnectProviderArn"]))
        with provider(environment) as stub:
            version = stub.GetPluginInfo(empty_pb2.Empty()).version
            properties = table(stub, states)
    TABLE.write_text(json.dumps({"provider": plugin or f"pulumi-aws {version}", "types": properties}, indent=1) + "\n")
    print(f"{TABLE.relative_to(ROOT)}: {len(properties)} types, {sum(map(len, properties.values()))} properties")


if __name__ == "__main__":
    main(*sys.argv[1:])
