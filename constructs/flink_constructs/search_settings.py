"""Settings of `SearchDomain`: the rules for its arguments, and the bodies of what is installed in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_ec2 as ec2

from flink_constructs import validation
from flink_constructs.validation import InvalidArgumentError

#: Nodes of a domain, by the service's default quota
#: (https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html).
MAX_NODES = 80

# What a writer does with the bulk API; "create_index" and "index" let an index and its fields come into being with
# the first document (https://docs.opensearch.org/latest/security/access-control/default-action-groups/).
WRITER_CLUSTER_ACTIONS = ("indices:data/write/bulk",)
WRITER_INDEX_ACTIONS = ("create_index", "delete", "index")
READER_INDEX_ACTIONS = ("read",)

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
) -> list[dict[str, Any]]:
    """A role of the security plugin over ``indices``, and the mapping that gives it to an IAM role."""
    body = {
        "cluster_permissions": list(cluster_actions),
        "index_permissions": [{"index_patterns": list(indices), "allowed_actions": list(index_actions)}],
    }
    return [
        {"method": "PUT", "path": f"/_plugins/_security/api/roles/{name}", "body": body},
        {
            "method": "PUT",
            "path": f"/_plugins/_security/api/rolesmapping/{name}",
            "body": {"backend_roles": [role_arn]},
        },
    ]


def zones_of(selected: ec2.SelectedSubnets, *, data_nodes: int, availability_zones: int | None) -> int:
    """How many Availability Zones to use; refuse what the nodes or the subnets do not allow.

    Without a number, two where there is more than one node.
    """
    validation.known_at_synthesis("data_nodes", data_nodes, fix="write a number")
    validation.whole_number("data_nodes", data_nodes, low=1, high=MAX_NODES, fix="2 survive the loss of one")
    if availability_zones is None:
        availability_zones = 1 if data_nodes == 1 else 2
    validation.known_at_synthesis("availability_zones", availability_zones, fix="write 1, 2 or 3")
    validation.whole_number("availability_zones", availability_zones, low=1, high=3, fix="2 survive the loss of one")
    if data_nodes % availability_zones:
        raise InvalidArgumentError(
            "data_nodes",
            f"be a multiple of {availability_zones}, the number of Availability Zones",
            data_nodes,
            f"{data_nodes - data_nodes % availability_zones + availability_zones} is the next one",
        )
    if not selected.is_pending_lookup:
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
    validation.whole_number("volume_gib", volume_gib, low=10, high=24_576, fix="100 is a start, and it can grow")
    validation.known_at_synthesis("dedicated_master_nodes", dedicated_master_nodes, fix="write 0, 3 or 5")
    validation.one_of("dedicated_master_nodes", dedicated_master_nodes, (0, 3, 5), fix="3 are usual in production")


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
    """Refuse no indices at all, and what is neither an index nor the beginning of some: a grant names them."""
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
