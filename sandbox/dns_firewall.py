"""Route 53 Resolver's DNS Firewall, which moto lacks: domain lists, rule groups, rules and associations with a VPC.

Nothing resolves names here, so nothing is filtered; what is kept is what the API answers. Source:
https://docs.aws.amazon.com/Route53/latest/APIReference/API_Operations_Amazon_Route_53_Resolver.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any, Final

from moto.core.exceptions import JsonRESTError
from moto.route53resolver.responses import Route53ResolverResponse

Record = dict[str, Any]

_LISTS: Final[dict[str, Record]] = {}
_DOMAINS: Final[dict[str, list[str]]] = {}
_GROUPS: Final[dict[str, Record]] = {}
_RULES: Final[dict[tuple[str, str], Record]] = {}
_ASSOCIATIONS: Final[dict[str, Record]] = {}
_TAGS: Final[dict[str, list[dict[str, str]]]] = {}


class _NotFoundError(JsonRESTError):
    def __init__(self, what: str) -> None:
        super().__init__("ResourceNotFoundException", f"{what} does not exist")


class _InUseError(JsonRESTError):
    def __init__(self, what: str) -> None:
        super().__init__("ConflictException", f"{what} is in use")


def rules_of(group: str) -> list[Record]:
    """The rules of a rule group."""
    return [rule for (of, _), rule in list(_RULES.items()) if of == group]


def associations_of(vpc: str) -> list[Record]:
    """The associations of rule groups with a VPC."""
    return [record for record in list(_ASSOCIATIONS.values()) if record["VpcId"] == vpc]


def _new_record(self: Any, kind: str, prefix: str, **values: Any) -> Record:
    identity = f"{prefix}-{uuid.uuid4().hex[:16]}"
    arn = f"arn:aws:route53resolver:{self.region}:{self.current_account}:{kind}/{identity}"
    _TAGS[arn] = self._get_param("Tags") or []
    request = self._get_param("CreatorRequestId")
    return {"Id": identity, "Arn": arn, "Status": "COMPLETE", "CreatorRequestId": request, **values}


def _stored(records: dict[str, Record], identity: str) -> Record:
    if identity not in records:
        raise _NotFoundError(identity)
    return records[identity]


def create_firewall_domain_list(self: Any) -> str:
    """An empty list."""
    record = _new_record(self, "firewall-domain-list", "rslvr-fdl", Name=self._get_param("Name"), DomainCount=0)
    _LISTS[record["Id"]], _DOMAINS[record["Id"]] = record, []
    return json.dumps({"FirewallDomainList": record})


def get_firewall_domain_list(self: Any) -> str:
    """One list, without its domains."""
    return json.dumps({"FirewallDomainList": _stored(_LISTS, self._get_param("FirewallDomainListId"))})


def list_firewall_domain_lists(self: Any) -> str:
    """Every list."""
    return json.dumps({"FirewallDomainLists": list(_LISTS.values())})


def update_firewall_domains(self: Any) -> str:
    """Adds, removes or replaces a list's domains."""
    record = _stored(_LISTS, self._get_param("FirewallDomainListId"))
    domains, current = list(self._get_param("Domains") or []), _DOMAINS[record["Id"]]
    remaining = {
        "ADD": [*current, *(one for one in domains if one not in current)],
        "REMOVE": [one for one in current if one not in domains],
        "REPLACE": domains,
    }[self._get_param("Operation")]
    _DOMAINS[record["Id"]] = remaining
    record["DomainCount"] = len(remaining)
    return json.dumps({key: record[key] for key in ("Id", "Name", "Status")})


def list_firewall_domains(self: Any) -> str:
    """A list's domains."""
    return json.dumps({"Domains": _DOMAINS[_stored(_LISTS, self._get_param("FirewallDomainListId"))["Id"]]})


def delete_firewall_domain_list(self: Any) -> str:
    """Deletes a list that no rule uses."""
    record = _stored(_LISTS, self._get_param("FirewallDomainListId"))
    if any(list_id == record["Id"] for _, list_id in _RULES):
        raise _InUseError(record["Id"])
    del _DOMAINS[record["Id"]]
    return json.dumps({"FirewallDomainList": _LISTS.pop(record["Id"])})


def create_firewall_rule_group(self: Any) -> str:
    """An empty group."""
    name, owner = self._get_param("Name"), self.current_account
    record = _new_record(
        self,
        "firewall-rule-group",
        "rslvr-frg",
        Name=name,
        RuleCount=0,
        OwnerId=owner,
        ShareStatus="NOT_SHARED",
    )
    _GROUPS[record["Id"]] = record
    return json.dumps({"FirewallRuleGroup": record})


def get_firewall_rule_group(self: Any) -> str:
    """One group, without its rules."""
    return json.dumps({"FirewallRuleGroup": _stored(_GROUPS, self._get_param("FirewallRuleGroupId"))})


def list_firewall_rule_groups(self: Any) -> str:
    """Every group."""
    return json.dumps({"FirewallRuleGroups": list(_GROUPS.values())})


def delete_firewall_rule_group(self: Any) -> str:
    """Deletes a group that is associated with no VPC."""
    record = _stored(_GROUPS, self._get_param("FirewallRuleGroupId"))
    if any(one["FirewallRuleGroupId"] == record["Id"] for one in _ASSOCIATIONS.values()):
        raise _InUseError(record["Id"])
    return json.dumps({"FirewallRuleGroup": _GROUPS.pop(record["Id"])})


_OF_A_RULE: Final = (
    "FirewallRuleGroupId",
    "FirewallDomainListId",
    "Name",
    "Priority",
    "Action",
    "BlockResponse",
    "BlockOverrideDomain",
    "BlockOverrideDnsType",
    "BlockOverrideTtl",
    "FirewallDomainRedirectionAction",
    "Qtype",
)


def create_firewall_rule(self: Any) -> str:
    """A rule of a group about a list."""
    rule = {key: value for key in _OF_A_RULE if (value := self._get_param(key)) is not None}
    group = _stored(_GROUPS, rule["FirewallRuleGroupId"])
    _stored(_LISTS, rule["FirewallDomainListId"])
    rule.setdefault("FirewallDomainRedirectionAction", "INSPECT_REDIRECTION_DOMAIN")
    _RULES[rule["FirewallRuleGroupId"], rule["FirewallDomainListId"]] = rule
    group["RuleCount"] += 1
    return json.dumps({"FirewallRule": rule})


def list_firewall_rules(self: Any) -> str:
    """A group's rules."""
    group = _stored(_GROUPS, self._get_param("FirewallRuleGroupId"))["Id"]
    return json.dumps({"FirewallRules": rules_of(group)})


def delete_firewall_rule(self: Any) -> str:
    """Takes a rule out of its group."""
    key = (self._get_param("FirewallRuleGroupId"), self._get_param("FirewallDomainListId"))
    if key not in _RULES:
        raise _NotFoundError(" ".join(key))
    _GROUPS[key[0]]["RuleCount"] -= 1
    return json.dumps({"FirewallRule": _RULES.pop(key)})


def associate_firewall_rule_group(self: Any) -> str:
    """Puts a group in front of a VPC's resolver."""
    group = _stored(_GROUPS, self._get_param("FirewallRuleGroupId"))["Id"]
    record = _new_record(
        self,
        "firewall-rule-group-association",
        "rslvr-frgassoc",
        FirewallRuleGroupId=group,
        **{key: self._get_param(key) for key in ("VpcId", "Name", "Priority")},
        MutationProtection=self._get_param("MutationProtection") or "DISABLED",
    )
    _ASSOCIATIONS[record["Id"]] = record
    return json.dumps({"FirewallRuleGroupAssociation": record})


def get_firewall_rule_group_association(self: Any) -> str:
    """One association."""
    record = _stored(_ASSOCIATIONS, self._get_param("FirewallRuleGroupAssociationId"))
    return json.dumps({"FirewallRuleGroupAssociation": record})


def list_firewall_rule_group_associations(self: Any) -> str:
    """The associations of a VPC, or all."""
    vpc = self._get_param("VpcId")
    associations = [record for record in _ASSOCIATIONS.values() if vpc in (None, record["VpcId"])]
    return json.dumps({"FirewallRuleGroupAssociations": associations})


def disassociate_firewall_rule_group(self: Any) -> str:
    """Takes a group away from a VPC, unless the association is protected."""
    record = _stored(_ASSOCIATIONS, self._get_param("FirewallRuleGroupAssociationId"))
    if record["MutationProtection"] == "ENABLED":
        raise _InUseError(record["Id"])
    return json.dumps({"FirewallRuleGroupAssociation": _ASSOCIATIONS.pop(record["Id"])})


_OPERATIONS: Final[tuple[Callable[[Any], str], ...]] = (
    associate_firewall_rule_group,
    create_firewall_domain_list,
    create_firewall_rule,
    create_firewall_rule_group,
    delete_firewall_domain_list,
    delete_firewall_rule,
    delete_firewall_rule_group,
    disassociate_firewall_rule_group,
    get_firewall_domain_list,
    get_firewall_rule_group,
    get_firewall_rule_group_association,
    list_firewall_domain_lists,
    list_firewall_domains,
    list_firewall_rule_group_associations,
    list_firewall_rule_groups,
    list_firewall_rules,
    update_firewall_domains,
)


def patch() -> None:
    """Gives moto's resolver these operations, and the tags of what they make."""
    for operation in _OPERATIONS:
        setattr(Route53ResolverResponse, operation.__name__, operation)
    others = Route53ResolverResponse.list_tags_for_resource

    def tags(self: Any) -> str:
        arn = self._get_param("ResourceArn")
        return json.dumps({"Tags": _TAGS[arn]}) if arn in _TAGS else str(others(self))

    setattr(Route53ResolverResponse, others.__name__, tags)
