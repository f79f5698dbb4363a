"""Settings of `SearchDomain`: the rules for its arguments, and the bodies of what is installed in it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_opensearchservice as opensearch

from flink_constructs import validation
from flink_constructs.validation import InvalidArgumentError

#: Nodes of a domain, by the service's default quota
#: (https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html).
MAX_NODES = 80

READER_INDEX_ACTIONS = ("read",)

#: The service's own role for whoever uses Dashboards, beside one for the indices
#: (https://docs.aws.amazon.com/opensearch-service/latest/developerguide/fgac.html).
DASHBOARDS_ROLE = "opensearch_dashboards_user"
# Several searches at a time, as a dashboard sends them.
VIEWER_CLUSTER_ACTIONS = ("cluster_composite_ops_ro",)
# What is installed is in the tenant that all share: they look at it, and keep what they make in their own.
VIEWER_TENANTS = ({"tenant_patterns": ["global_tenant"], "allowed_actions": ["kibana_all_read"]},)

#: Networks wider than this hold whole Regions of the internet.
WIDEST_NETWORK = 8

#: Failed sign-ins, forbidden requests and changes of the security settings; not each request of the job, nor what
#: its documents hold (https://docs.opensearch.org/latest/security/audit-logs/index/).
AUDIT_SETTINGS = {
    "enabled": True,
    "audit": {
        "enable_rest": True,
        "disabled_rest_categories": ["AUTHENTICATED", "GRANTED_PRIVILEGES"],
        "enable_transport": True,
        "disabled_transport_categories": ["AUTHENTICATED", "GRANTED_PRIVILEGES"],
        "resolve_bulk_requests": False,
        "log_request_body": False,
        "resolve_indices": True,
        "exclude_sensitive_headers": True,
        "ignore_users": ["kibanaserver"],
        "ignore_requests": [],
    },
    "compliance": {
        "enabled": True,
        "internal_config": True,
        "external_config": False,
        "read_metadata_only": True,
        "read_watched_fields": {},
        "read_ignore_users": [],
        "write_metadata_only": True,
        "write_log_diffs": False,
        "write_watched_indices": [],
        "write_ignore_users": [],
    },
}


@dataclass(frozen=True, kw_only=True)
class IndexAccess:
    """What a grantee may do with some indices, as IAM sees it and as fine-grained access control does."""

    kind: str
    indices: Sequence[str]
    requests: Mapping[str, Sequence[str]]
    """Paths below the domain, by IAM action."""

    cluster_actions: Sequence[str]
    index_actions: Sequence[str]


def writer(indices: Sequence[str]) -> IndexAccess:
    """What the sink does: it indexes, replaces and deletes documents with the bulk API."""
    check_indices(indices)
    return IndexAccess(
        kind="writer",
        indices=indices,
        # The names are in the body, out of IAM's sight; fine-grained access control checks them.
        requests={"es:ESHttpPost": ["_bulk"]},
        cluster_actions=("indices:data/write/bulk",),
        # "create_index" and "index" let an index and its fields come into being with the first document
        # (https://docs.opensearch.org/latest/security/access-control/default-action-groups/).
        index_actions=("create_index", "delete", "index"),
    )


def reader(indices: Sequence[str]) -> IndexAccess:
    """What a search does: it searches, counts and gets documents."""
    check_indices(indices)
    searches = [f"{index}/{api}" for index in indices for api in ("_count", "_search")]
    return IndexAccess(
        kind="reader",
        indices=indices,
        requests={
            "es:ESHttpGet": [*searches, *(f"{index}/_doc/*" for index in indices)],
            "es:ESHttpPost": searches,
        },
        cluster_actions=(),
        index_actions=READER_INDEX_ACTIONS,
    )


def audit_objects() -> list[dict[str, Any]]:
    """What switches the audit log on."""
    return [{"method": "PUT", "path": "/_plugins/_security/api/audit/config", "body": AUDIT_SETTINGS}]


def role_objects(
    name: str,
    *,
    role_arn: str,
    cluster_actions: Sequence[str],
    index_actions: Sequence[str],
    indices: Sequence[str],
    tenants: Sequence[Mapping[str, Any]] = (),
) -> list[dict[str, Any]]:
    """A role of the security plugin over ``indices``, and the mapping that gives it to an IAM role."""
    body: dict[str, Any] = {
        "cluster_permissions": list(cluster_actions),
        "index_permissions": [{"index_patterns": list(indices), "allowed_actions": list(index_actions)}],
    }
    if tenants:
        body["tenant_permissions"] = [dict(tenant) for tenant in tenants]
    return [
        {"method": "PUT", "path": f"/_plugins/_security/api/roles/{name}", "body": body},
        _mapping(name, role_arn),
    ]


def viewer_objects(name: str, *, role_arn: str, indices: Sequence[str]) -> list[dict[str, Any]]:
    """What shows ``indices`` in Dashboards to an IAM role, with the saved objects that all share."""
    return role_objects(
        name,
        role_arn=role_arn,
        cluster_actions=VIEWER_CLUSTER_ACTIONS,
        index_actions=READER_INDEX_ACTIONS,
        indices=indices,
        tenants=VIEWER_TENANTS,
    )


def dashboards_objects(*, role_arn: str) -> list[dict[str, Any]]:
    """What lets an IAM role use Dashboards."""
    return [_mapping(DASHBOARDS_ROLE, role_arn)]


def _mapping(name: str, role_arn: str) -> dict[str, Any]:
    path = f"/_plugins/_security/api/rolesmapping/{name}"
    return {"method": "PUT", "path": path, "body": {"backend_roles": [role_arn]}}


def cluster(
    *, instance_type: str, data_nodes: int, zones: int, dedicated_master_nodes: int, master_instance_type: str
) -> opensearch.CfnDomain.ClusterConfigProperty:
    """The nodes of a domain, and how they are spread."""
    l1 = opensearch.CfnDomain
    return l1.ClusterConfigProperty(
        instance_type=instance_type,
        instance_count=data_nodes,
        zone_awareness_enabled=zones > 1,
        zone_awareness_config=l1.ZoneAwarenessConfigProperty(availability_zone_count=zones) if zones > 1 else None,
        dedicated_master_enabled=dedicated_master_nodes > 0,
        dedicated_master_count=dedicated_master_nodes or None,
        dedicated_master_type=master_instance_type if dedicated_master_nodes else None,
    )


def zones_of(selected: ec2.SelectedSubnets | None, *, data_nodes: int, availability_zones: int | None) -> int:
    """How many Availability Zones to use; refuse what the nodes or the subnets do not allow.

    Without a number, two where there is more than one node. Without subnets the service chooses the zones.
    """
    validation.known_at_synthesis("data_nodes", data_nodes, fix="write a number")
    validation.integer("data_nodes", data_nodes, low=1, high=MAX_NODES, fix="2 survive the loss of one")
    if availability_zones is None:
        availability_zones = 1 if data_nodes == 1 else 2
    validation.known_at_synthesis("availability_zones", availability_zones, fix="write 1, 2 or 3")
    validation.integer("availability_zones", availability_zones, low=1, high=3, fix="2 survive the loss of one")
    if data_nodes % availability_zones:
        raise InvalidArgumentError(
            "data_nodes",
            f"be a multiple of {availability_zones}, the number of Availability Zones",
            data_nodes,
            f"{data_nodes - data_nodes % availability_zones + availability_zones} is the next one",
        )
    if selected is not None and not selected.is_pending_lookup:
        if selected.has_public:
            fix = "pass SubnetSelection(subnet_type=SubnetType.PRIVATE_ISOLATED)"
            raise InvalidArgumentError("subnets", "be private", "public subnets", fix)
        zones = selected.availability_zones
        if len(set(zones)) != len(zones) or len(zones) < availability_zones:
            rule = f"be one in each of {availability_zones} Availability Zones"
            raise InvalidArgumentError("subnets", rule, zones, "pass SubnetSelection(one_per_az=True, …)")
    return availability_zones


def check(
    *,
    domain_name: str | None,
    engine_version: str,
    instance_type: str,
    volume_gib: int,
    dedicated_master_nodes: int,
    master_instance_type: str,
) -> None:
    """Refuse arguments that the service would refuse later."""
    if domain_name is not None:
        validation.matching(
            "domain_name",
            domain_name,
            pattern=r"[a-z][a-z0-9-]{2,27}",
            rule="have 3 to 28 lower-case letters, digits and hyphens, a letter first",
            fix="rename it",
        )
    validation.matching(
        "engine_version",
        engine_version,
        pattern=r"OpenSearch_[2-9]\.\d+",
        rule="be a version of OpenSearch, 2.0 or later",
        fix="OpenSearch_2.19 is one; 'aws opensearch list-versions' lists them",
    )
    for name, value in (("instance_type", instance_type), ("master_instance_type", master_instance_type)):
        validation.matching(
            name,
            value,
            # t2 knows neither encryption at rest nor fine-grained access control.
            pattern=r"(?!t2\.)[a-z][a-z0-9]*\.(small|medium|large|\d*xlarge)\.search",
            rule="be a size of the service, such as r7g.medium.search",
            fix="see https://docs.aws.amazon.com/opensearch-service/latest/developerguide/supported-instance-types.html",
        )
    validation.integer("volume_gib", volume_gib, low=10, high=24_576, fix="100 is a start, and it can grow")
    validation.known_at_synthesis("dedicated_master_nodes", dedicated_master_nodes, fix="write 0, 3 or 5")
    validation.one_of("dedicated_master_nodes", dedicated_master_nodes, (0, 3, 5), fix="3 are usual in production")


def check_network(
    *, vpc: ec2.IVpc | None, subnets: ec2.SubnetSelection | None, allowed_networks: Sequence[str] | None
) -> None:
    """Refuse what does not go with a domain in a VPC, or with one at a public endpoint."""
    if vpc is None and subnets is not None:
        raise InvalidArgumentError("subnets", "be left out without a vpc", "subnets", "pass vpc, or neither")
    if allowed_networks is None:
        return
    if vpc is not None:
        fix = "open the domain to security groups by its connections"
        raise InvalidArgumentError("allowed_networks", "be left out with a vpc", list(allowed_networks), fix)
    if not allowed_networks:
        fix = "pass the addresses of the users, or leave it out for all"
        raise InvalidArgumentError("allowed_networks", "name at least one", list(allowed_networks), fix)
    for network in allowed_networks:
        _check_cidr(network)


def _check_cidr(network: str) -> None:
    validation.known_at_synthesis("allowed_networks", network, fix="write it out")
    try:
        # Exactly the network's own address, so that nobody means a single one and opens a thousand.
        prefix = ipaddress.IPv4Network(network).prefixlen if "/" in network else None
    except ValueError:
        prefix = None
    if prefix is None:
        # The endpoint has IPv4 addresses only, unless a domain asks for both kinds.
        fix = "write 203.0.113.0/24, or 203.0.113.7/32 for one address"
        raise InvalidArgumentError("allowed_networks", "be CIDR blocks of IPv4", network, fix)
    if prefix < WIDEST_NETWORK:
        rule = f"be /{WIDEST_NETWORK} or narrower"
        raise InvalidArgumentError("allowed_networks", rule, network, "name the networks of the users")


def acknowledged(*, zones: int, dedicated_master_nodes: int, public: bool, networks: bool) -> dict[str, str]:
    """What cdk-nag finds in such a domain, and why it is meant so."""
    findings = {}
    if public:
        findings["AwsSolutions-OS1"] = (
            "Its users look at Dashboards with a browser, from outside any VPC: a public endpoint was asked for, "
            "behind signed requests, TLS 1.2 and fine-grained access control."
        )
    if not networks:
        findings["AwsSolutions-OS3"] = (
            "No networks were named: whoever sends a signed request may be anywhere."
            if public
            else "In a VPC the service takes no addresses in an access policy: security groups decide "
            "who reaches the domain."
        )
        findings["AwsSolutions-OS5"] = (
            "Without an access policy the domain takes signed requests only, from roles of this "
            "account whose own policies allow them, and fine-grained access control checks each one again."
        )
    if zones == 1:
        findings["AwsSolutions-OS7"] = "One Availability Zone was asked for, to save: the loss of it stops searches."
    if not dedicated_master_nodes:
        findings["AwsSolutions-OS4"] = (
            "Few data nodes elect their master among themselves; dedicated ones are asked for by number."
        )
    return findings


def check_saved_objects(objects: Sequence[Mapping[str, Any]]) -> None:
    """Refuse what Dashboards would not import, or could not delete again."""
    if not objects:
        raise InvalidArgumentError("objects", "hold at least one", list(objects), "export some from Dashboards")
    seen = set()
    for one in objects:
        name = (str(one.get("type", "")), str(one.get("id", "")))
        for key, value in zip(("type", "id"), name, strict=True):
            validation.matching(
                f"the {key} of objects",
                value,
                # It is part of the path at which the object is deleted.
                pattern=r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}",
                rule="have 1 to 100 letters, digits, '_' or '-', a letter or digit first",
                fix="rename it, and the references to it",
            )
        if not isinstance(one.get("attributes"), Mapping):
            raise InvalidArgumentError("objects", "have attributes", " ".join(name), "export it from Dashboards again")
        if name in seen:
            raise InvalidArgumentError("objects", "differ in type or id", " ".join(name), "leave one of them out")
        seen.add(name)


def check_name(name: str, value: str) -> None:
    """Refuse what is no name of an index template."""
    validation.known_at_synthesis(name, value, fix="write it out")
    validation.matching(
        name,
        value,
        pattern=r"[a-z0-9][a-z0-9._-]{0,99}",
        rule="have 1 to 100 lower-case letters, digits, '.', '_' or '-', a letter or digit first",
        fix="rename it",
    )


def check_indices(indices: Sequence[str]) -> None:
    """Refuse no indices at all, and what is neither an index nor the prefix of some: a grant names them."""
    if not indices:
        raise InvalidArgumentError("indices", "name at least one", indices, "pass the names of the indices")
    for index in indices:
        validation.known_at_synthesis("indices", index, fix="write it out")
        validation.matching(
            "indices",
            index,
            pattern=r"[a-z0-9][a-z0-9._-]{0,99}\*?",
            rule="be names of lower-case letters, digits, '.', '_' or '-', with '*' at the end at most",
            fix="write trips, or trips-* for all that begin so",
        )
