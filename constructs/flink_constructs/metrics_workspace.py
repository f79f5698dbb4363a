"""`MetricsWorkspace`: an Amazon Managed Service for Prometheus workspace that a Flink job writes samples to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from aws_cdk import RemovalPolicy, Token
from aws_cdk import aws_aps as aps
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from flink_constructs import validation
from flink_constructs.naming import unique_name
from flink_constructs.validation import InvalidArgumentError

__all__ = ["MetricsWorkspace"]

# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmanagedserviceforprometheus.html
WRITE_ACTIONS = ("aps:RemoteWrite",)
QUERY_ACTIONS = ("aps:GetLabels", "aps:GetMetricMetadata", "aps:GetSeries", "aps:QueryMetrics")
#: The service lets itself log here when the workspace is made, by a policy that the account's log deliveries share.
#: Other groups are in it one by one until it is full; those of this prefix are in it together.
LOG_PREFIX = "/aws/vendedlogs/prometheus/"

# https://prometheus.io/docs/prometheus/latest/configuration/recording_rules
GROUP_KEYS = ("name", "interval", "limit", "rules")
RECORDING_KEYS = ("record", "expr", "labels")
ALERT_KEYS = ("alert", "expr", "for", "keep_firing_for", "labels", "annotations")
# https://prometheus.io/docs/concepts/data_model
METRIC_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL_NAME = r"[a-zA-Z_][a-zA-Z0-9_]*"
DURATION = r"(?=[0-9ywdhms]*[1-9])([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?"


class MetricsWorkspace(Construct):
    """A workspace for samples: encrypted, reached by signed requests alone, its log and its samples kept on delete.

    Nobody has access but those who are granted it. The log has the rules that fail, and the alerts that cannot be
    delivered. A request that is refused is not in it: its sender gets the reason.
    """

    workspace: aps.CfnWorkspace
    workspace_arn: str
    workspace_id: str
    endpoint: str
    """Of Prometheus's HTTP API, with a slash at its end, known at deployment."""

    remote_write_url: str
    """Where samples are sent by ``POST``, signed for the service ``aps``."""

    query_url: str
    """Where expressions are evaluated, signed for the service ``aps``."""

    log_group: logs.LogGroup

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        alias: str | None = None,
        encryption_key: kms.IKey | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    ) -> None:
        """Create the workspace.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            alias: What the console calls it, 1 to 100 characters, not necessarily unique. Default: by its id alone.
            encryption_key: Symmetric key for the samples; another one means another workspace. The service uses it by
                grants that it gets when the workspace is made, so that neither writers nor readers need the key.
                Default: a key that AWS owns, which costs nothing.
            log_retention: How long the log is kept. Default: a month.
            removal_policy: What becomes of the workspace, its samples and its log when they leave the stack. Default:
                they stay.

        Raises:
            InvalidArgumentError: for an alias that the service would refuse.

        """
        if alias is not None:
            validation.short_text("alias", alias, low=1, high=100, fix="shorten it, or leave it out")
        super().__init__(scope, construct_id)
        self.log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=unique_name(self, max_length=len(LOG_PREFIX) + 117, prefix=LOG_PREFIX),
            retention=log_retention,
            removal_policy=removal_policy,
        )
        self.workspace = aps.CfnWorkspace(
            self,
            "Workspace",
            alias=alias,
            kms_key_arn=encryption_key.key_arn if encryption_key else None,
            logging_configuration=aps.CfnWorkspace.LoggingConfigurationProperty(
                log_group_arn=self.log_group.log_group_arn
            ),
        )
        self.workspace.apply_removal_policy(removal_policy)
        self.workspace_arn = self.workspace.attr_arn
        self.workspace_id = self.workspace.attr_workspace_id
        self.endpoint = self.workspace.attr_prometheus_endpoint
        self.remote_write_url = f"{self.endpoint}api/v1/remote_write"
        self.query_url = f"{self.endpoint}api/v1/query"

    def add_rules(
        self, construct_id: str, name: str, groups: Sequence[Mapping[str, Any]]
    ) -> aps.CfnRuleGroupsNamespace:
        """Evaluate rules in the workspace, as long as they are in the stack.

        Args:
            construct_id: The id, unique in this workspace.
            name: Of the rules' namespace, 1 to 64 letters, digits, ``-``, ``.`` and ``_``, a letter or digit first.
            groups: As under ``groups`` in a rules file of Prometheus: ``name``, ``interval`` (by default a minute),
                ``limit`` and ``rules``, each with ``record`` or ``alert``. A group's rules are evaluated in their
                order, so that one may use those before it; groups have no order.

        Returns:
            The resource, for ``node.add_dependency``.

        Raises:
            InvalidArgumentError: for a name or rules that the service would refuse; expressions are not parsed.

        """
        validation.matching(
            "name",
            name,
            pattern=r"[0-9A-Za-z][-.0-9A-Z_a-z]{0,63}",
            rule="have 1 to 64 letters, digits, '-', '.' or '_', a letter or digit first",
            fix="rename the namespace",
        )
        _check_groups(groups)
        return aps.CfnRuleGroupsNamespace(
            self,
            construct_id,
            name=name,
            workspace=self.workspace_arn,
            data=yaml.safe_dump({"groups": _plain(groups)}, sort_keys=False, allow_unicode=True, width=1000),
        )

    def grant_remote_write(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to write samples to this workspace, and nothing else."""
        return self._grant(grantee, WRITE_ACTIONS)

    def grant_query(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to evaluate expressions in this workspace, and to look up its series, labels and metadata."""
        return self._grant(grantee, QUERY_ACTIONS)

    def _grant(self, grantee: iam.IGrantable, actions: tuple[str, ...]) -> iam.Grant:
        return iam.Grant.add_to_principal(grantee=grantee, actions=list(actions), resource_arns=[self.workspace_arn])


def _check_groups(groups: Sequence[Mapping[str, Any]]) -> None:
    if not groups:
        raise InvalidArgumentError("groups", "hold at least one group", list(groups), "leave the rules out otherwise")
    names: set[str] = set()
    for number, group in enumerate(groups):
        where = f"groups[{number}]"
        _check_keys(where, group, GROUP_KEYS, needed=("name", "rules"))
        name = group["name"]
        _check_text(f"{where}['name']", name)
        if name in names:
            raise InvalidArgumentError(f"{where}['name']", "be new in its namespace", name, "rename one of the groups")
        names.add(name)
        where = f"groups[{name!r}]"
        if "interval" in group:
            _check_duration(f"{where}['interval']", group["interval"])
        if "limit" in group:
            validation.integer(f"{where}['limit']", group["limit"], low=0, high=2**31 - 1, fix="0 is no limit")
        if not group["rules"]:
            raise InvalidArgumentError(f"{where}['rules']", "hold at least one rule", [], "leave the group out")
        for position, rule in enumerate(group["rules"]):
            _check_rule(f"{where}['rules'][{position}]", rule)


def _check_rule(where: str, rule: Mapping[str, Any]) -> None:
    if ("record" in rule) == ("alert" in rule):
        raise InvalidArgumentError(
            where, "have either record or alert", sorted(rule), "make two rules of one with both"
        )
    if "record" in rule:
        _check_keys(where, rule, RECORDING_KEYS, needed=("record", "expr"))
        _check_text(f"{where}['record']", rule["record"])
        validation.matching(
            f"{where}['record']",
            rule["record"],
            pattern=METRIC_NAME,
            rule="be a metric's name of letters, digits, '_' and ':', no digit first",
            fix="write level:metric:operation, say",
        )
    else:
        _check_keys(where, rule, ALERT_KEYS, needed=("alert", "expr"))
        _check_text(f"{where}['alert']", rule["alert"])
    _check_text(f"{where}['expr']", rule["expr"])
    for key in ("for", "keep_firing_for"):
        if key in rule:
            _check_duration(f"{where}[{key!r}]", rule[key], zero=True)
    for key in ("labels", "annotations"):
        for label, value in rule.get(key, {}).items():
            validation.matching(
                f"a key of {where}[{key!r}]",
                str(label),
                pattern=LABEL_NAME,
                rule="have letters, digits and '_', no digit first",
                fix="rename it",
            )
            if not isinstance(value, str):
                raise InvalidArgumentError(f"{where}[{key!r}][{label!r}]", "be a text", value, "write it as str(…)")


def _check_keys(where: str, entry: Mapping[str, Any], known: tuple[str, ...], *, needed: tuple[str, ...]) -> None:
    for key in needed:
        if key not in entry:
            raise InvalidArgumentError(where, f"have {key}", sorted(entry), "add it")
    for key in entry:
        if key not in known:
            raise InvalidArgumentError(f"a key of {where}", f"be one of {', '.join(known)}", key, "correct it")


def _check_text(where: str, value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise InvalidArgumentError(where, "be a text that is not empty", value, "write it out")


def _check_duration(where: str, value: object, *, zero: bool = False) -> None:
    """Refuse what is not a duration as Prometheus writes it; ``zero`` allows that of no length, too."""
    if Token.is_unresolved(value) or (zero and value == "0s"):
        return
    rule = "be a duration such as 30s, 5m or 1h30m"
    if not isinstance(value, str):
        raise InvalidArgumentError(where, rule, value, "write it as a text")
    validation.matching(where, value, pattern=DURATION, rule=rule, fix="write 1m, say")


def _plain(value: Any) -> Any:  # noqa: ANN401 - what a rules file holds
    """The same of dictionaries and lists, which is all that YAML has a form for."""
    match value:
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value
