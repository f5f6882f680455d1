"""KMS: which key a request means, and the condition keys that KMS sends.

Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sandbox.permissions import account
from sandbox.permissions.needed.need import Need

Parameters = Mapping[str, Any]
Context = dict[str, str | Sequence[str]]

_WITHOUT_KEY: Final = frozenset(
    {"CreateKey", "GenerateRandom", "ListAliases", "ListKeys", "ListRetirableGrants", "CreateCustomKeyStore"}
)


def needs(operation: str, parameters: Parameters, *, region: str, caller: str) -> Iterator[Need]:
    """The permissions of a direct call to KMS."""
    context = request_context(parameters, caller=caller)
    if operation in _WITHOUT_KEY:
        yield Need(action=f"kms:{operation}", resource="*", context=context)
        return
    alias = parameters.get("AliasName")
    if operation in ("CreateAlias", "DeleteAlias", "UpdateAlias") and alias:
        yield Need(action=f"kms:{operation}", resource=f"arn:aws:kms:{region}:{caller}:{alias}", context=context)
        # each key that the alias points to, before and after
        keys = [parameters.get("TargetKeyId"), alias if operation != "CreateAlias" else None]
    else:
        keys = [_key(parameters)] if operation != "ReEncrypt" else [None]
    if operation == "ReEncrypt":
        source = parameters.get("SourceKeyId") or account.key_of_ciphertext(parameters["CiphertextBlob"])
        ends = {"kms:ReEncryptFrom": source, "kms:ReEncryptTo": parameters["DestinationKeyId"]}
    else:
        ends = {}
    for key in keys:
        # a key that is not there is answered by KMS with NotFoundException, whoever asks
        if key and account.key_arn(key, region=region, account=caller):
            yield Need(action=f"kms:{operation}", resource=_arn(key, region, caller), context=context)
    for action, key in ends.items():
        yield Need(action=action, resource=_arn(key, region, caller), context=context)


def use(
    actions: Sequence[str],
    key: str,
    *,
    region: str,
    caller: str,
    via: str | None = None,
    service: str | None = None,
    encryption: Mapping[str, str] | None = None,
    extra: Mapping[str, str] | None = None,
    because: str,
) -> Iterator[Need]:
    """What a service does with a key on the way: with the caller's rights `via` it, or as the `service` itself."""
    context: Context = {
        **_encryption_context(encryption or {}),
        **({"kms:ViaService": f"{via}.{region}.amazonaws.com"} if via else {}),
        **(extra or {}),
    }
    if service is None:
        context["kms:CallerAccount"] = caller
    for action in actions:
        yield Need(
            action=f"kms:{action}",
            resource=_arn(key, region, caller),
            context=context,
            service=service,
            because=because,
        )


def request_context(parameters: Parameters, *, caller: str) -> Context:
    """The condition keys that a direct request shows."""
    context: Context = {"kms:CallerAccount": caller, **_encryption_context(parameters.get("EncryptionContext") or {})}
    key = parameters.get("KeyId")
    if isinstance(key, str) and "alias/" in key:
        context["kms:RequestAlias"] = "alias/" + key.partition("alias/")[2]
    if "GranteePrincipal" in parameters:
        context["kms:GranteePrincipal"] = parameters["GranteePrincipal"]
        context["kms:GrantOperations"] = list(parameters.get("Operations", []))
        context["kms:GrantIsForAWSResource"] = "false"
    return context


def resource_context(arn: str) -> Context:
    """The condition keys that speak of the key itself."""
    names = account.aliases(arn) if ":key/" in arn else []
    return {"kms:ResourceAliases": names} if names else {}


def _encryption_context(pairs: Mapping[str, str]) -> Context:
    if not pairs:
        return {}
    named: Context = {f"kms:EncryptionContext:{key}": value for key, value in pairs.items()}
    return {**named, "kms:EncryptionContextKeys": sorted(pairs)}


def _key(parameters: Parameters) -> str | None:
    if key := parameters.get("KeyId"):
        return str(key)
    blob = parameters.get("CiphertextBlob")
    return account.key_of_ciphertext(blob) if blob else None


def _arn(key: str, region: str, caller: str) -> str:
    """The key's ARN; one that does not exist is judged by the name it was asked by."""
    arn = account.key_arn(key, region=region, account=caller)
    return arn or (key if key.startswith("arn:") else f"arn:aws:kms:{region}:{caller}:key/{key.removeprefix('alias/')}")
