"""The configuration of an application: its defaults, its updates, and the service's rules over it.

It is kept as the API's ``ApplicationConfiguration``, with every default filled in.

Source: https://docs.aws.amazon.com/managed-flink/latest/apiv2/API_ApplicationConfiguration.html, and the quotas at
https://docs.aws.amazon.com/managed-flink/latest/java/limits.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from local.services.managed_flink.model import RefusedError, service_model

MAX_KPUS = 64
MAX_PARALLELISM_PER_KPU = 8
#: There is one, as the resource type of CloudFormation has it.
MAX_VPC_CONFIGURATIONS = 1
LEGACY, ENHANCED = "APPLICATION_SNAPSHOTS_LEGACY", "ENHANCED_SNAPSHOTS"
_ENHANCED_SINCE = (1, 20)
#: What holds where nothing is said, or ``DEFAULT`` is.
_FLINK_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "CheckpointConfiguration": {
        "ConfigurationType": "DEFAULT",
        "CheckpointingEnabled": True,
        "CheckpointInterval": 60_000,
        "MinPauseBetweenCheckpoints": 5_000,
    },
    "MonitoringConfiguration": {"ConfigurationType": "DEFAULT", "MetricsLevel": "APPLICATION", "LogLevel": "INFO"},
    "ParallelismConfiguration": {
        "ConfigurationType": "DEFAULT",
        "Parallelism": 1,
        "ParallelismPerKPU": 1,
        "AutoScalingEnabled": True,
    },
}
#: Members of an update that are not named after what they update.
_RENAMED = {"EnvironmentPropertyUpdates": "EnvironmentProperties"}
_LARGEST_CODE_SIZE = int(service_model().shape_for("CodeSize").metadata["max"])
_CODE_KINDS = ("TextContent", "ZipFileContent", "S3ContentLocation")
_OTHER_PRODUCTS = re.compile("Sql|Zeppelin")


def flink_version(runtime: str) -> tuple[int, ...]:
    """The version of Flink that a runtime environment stands for, such as (1, 20).

    Raises:
        RefusedError: for an environment of another product.

    """
    if not runtime.startswith("FLINK-"):
        raise RefusedError(
            "UnsupportedOperationException",
            f"RuntimeEnvironment must be one of Flink (got {runtime}), such as FLINK-1_20",
        )
    return tuple(map(int, runtime.removeprefix("FLINK-").split("_")))


def created(given: Mapping[str, Any], runtime: str) -> dict[str, Any]:
    """The configuration of a new application.

    Raises:
        RefusedError: where it breaks a rule.

    """
    _refuse_other_products(given)
    configuration = _complete(deepcopy(dict(given)))
    vpcs = configuration.pop("VpcConfigurations", [])
    configuration["VpcConfigurations"] = []
    for vpc in vpcs:
        configuration = with_vpc(configuration, vpc, version=1)
    _check(configuration, runtime)
    return configuration


def updated(configuration: Mapping[str, Any], update: Mapping[str, Any], runtime: str) -> dict[str, Any]:
    """The configuration after an ``ApplicationConfigurationUpdate``.

    Raises:
        RefusedError: where it breaks a rule.

    """
    _refuse_other_products(update)
    result = deepcopy(dict(configuration))
    rest = {name: value for name, value in update.items() if name != "VpcConfigurationUpdates"}
    for vpc in update.get("VpcConfigurationUpdates", []):
        _update_vpc(result, vpc)
    if "CodeContentUpdate" in update.get("ApplicationCodeConfigurationUpdate", {}):
        _clear_other_code(result, update["ApplicationCodeConfigurationUpdate"]["CodeContentUpdate"])
    _merge(result, rest)
    result = _complete(result)
    _check(result, runtime)
    mode, before = snapshot_mode(result), snapshot_mode(configuration)
    if (before, mode) == (ENHANCED, LEGACY):
        raise RefusedError(
            "InvalidArgumentException", f"SnapshotModeUpdate must not lead back from {before} (got {mode})"
        )
    return result


def with_vpc(configuration: Mapping[str, Any], vpc: Mapping[str, Any], *, version: int) -> dict[str, Any]:
    """The configuration with one more VPC configuration, which the version adds.

    Raises:
        RefusedError: where there is one already.

    """
    there = configuration["VpcConfigurations"]
    if len(there) >= MAX_VPC_CONFIGURATIONS:
        raise RefusedError(
            "InvalidArgumentException",
            f"an application has at most {MAX_VPC_CONFIGURATIONS} VPC configuration (got one more);"
            f" delete {there[0]['VpcConfigurationId']}",
        )
    described = {"VpcConfigurationId": f"{version}.{len(there) + 1}", "VpcId": "vpc-local", **vpc}
    return {**configuration, "VpcConfigurations": [*there, described]}


def without_vpc(configuration: Mapping[str, Any], identifier: str) -> dict[str, Any]:
    """The configuration without a VPC configuration.

    Raises:
        RefusedError: where there is none of this id.

    """
    there = configuration["VpcConfigurations"]
    rest = [vpc for vpc in there if vpc["VpcConfigurationId"] != identifier]
    if rest == there:
        raise RefusedError("ResourceNotFoundException", f"there is no VPC configuration {identifier!r}")
    return {**configuration, "VpcConfigurations": rest}


def snapshots_enabled(configuration: Mapping[str, Any]) -> bool:
    """Whether snapshots are taken when the application is stopped, updated and scaled."""
    return bool(configuration["ApplicationSnapshotConfiguration"]["SnapshotsEnabled"])


def snapshot_mode(configuration: Mapping[str, Any]) -> str:
    """Whether snapshots are the application's own, or the account's."""
    return str(configuration["ApplicationSnapshotConfiguration"]["SnapshotMode"])


def rollback_enabled(configuration: Mapping[str, Any]) -> bool:
    """Whether the service takes a failed update back."""
    return bool(configuration["ApplicationSystemRollbackConfiguration"]["RollbackEnabled"])


def parallelism(configuration: Mapping[str, Any]) -> Mapping[str, Any]:
    """The ``ParallelismConfiguration``."""
    found: Mapping[str, Any] = configuration["FlinkApplicationConfiguration"]["ParallelismConfiguration"]
    return found


def maximum_parallelism(configuration: Mapping[str, Any]) -> int:
    """The highest parallelism to which the application is scaled."""
    return MAX_KPUS * int(parallelism(configuration)["ParallelismPerKPU"])


def described(
    configuration: Mapping[str, Any], *, current_parallelism: int, code_size: int, plan: str | None = None
) -> dict[str, Any]:
    """The ``ApplicationConfigurationDescription``, without the run configuration."""
    flink = configuration["FlinkApplicationConfiguration"]
    description: dict[str, Any] = {f"{name}Description": dict(flink[name]) for name in _FLINK_DEFAULTS}
    description["ParallelismConfigurationDescription"]["CurrentParallelism"] = current_parallelism
    if plan is not None:
        description["JobPlanDescription"] = plan
    code = configuration["ApplicationCodeConfiguration"]
    # The model knows no larger code, although the service takes it.
    content: dict[str, Any] = {"CodeSize": code_size} if code_size <= _LARGEST_CODE_SIZE else {}
    if "S3ContentLocation" in code["CodeContent"]:
        content["S3ApplicationCodeLocationDescription"] = code["CodeContent"]["S3ContentLocation"]
    return {
        "ApplicationCodeConfigurationDescription": {
            "CodeContentType": code["CodeContentType"],
            "CodeContentDescription": content,
        },
        "FlinkApplicationConfigurationDescription": description,
        "EnvironmentPropertyDescriptions": {
            "PropertyGroupDescriptions": configuration["EnvironmentProperties"]["PropertyGroups"]
        },
        "VpcConfigurationDescriptions": configuration["VpcConfigurations"],
        **{
            f"{name}Description": configuration[name]
            for name in (
                "ApplicationSnapshotConfiguration",
                "ApplicationSystemRollbackConfiguration",
                "ApplicationEncryptionConfiguration",
            )
        },
    }


def _refuse_other_products(given: Mapping[str, Any]) -> None:
    for name in given:
        if _OTHER_PRODUCTS.match(name):
            raise RefusedError(
                "UnsupportedOperationException", f"{name} must not be given: the application is one of Flink"
            )


def _complete(given: dict[str, Any]) -> dict[str, Any]:
    flink = given.get("FlinkApplicationConfiguration", {})
    given["FlinkApplicationConfiguration"] = {
        name: {**defaults, **(flink[name] if flink.get(name, defaults)["ConfigurationType"] == "CUSTOM" else {})}
        for name, defaults in _FLINK_DEFAULTS.items()
    }
    given["EnvironmentProperties"] = given.get("EnvironmentProperties", {"PropertyGroups": []})
    given["ApplicationSnapshotConfiguration"] = {
        "SnapshotsEnabled": True,
        "SnapshotMode": LEGACY,
        **given.get("ApplicationSnapshotConfiguration", {}),
    }
    given["ApplicationSystemRollbackConfiguration"] = {
        "RollbackEnabled": False,
        **given.get("ApplicationSystemRollbackConfiguration", {}),
    }
    given["ApplicationEncryptionConfiguration"] = given.get(
        "ApplicationEncryptionConfiguration", {"KeyType": "AWS_OWNED_KEY"}
    )
    return given


def _merge(target: dict[str, Any], update: Mapping[str, Any]) -> None:
    for key, value in update.items():
        name = _RENAMED.get(key, key.removesuffix("Update"))
        if isinstance(value, dict) and name != "EnvironmentProperties":
            target[name] = dict(target.get(name, {}))
            _merge(target[name], value)
        else:
            target[name] = deepcopy(value)


def _clear_other_code(configuration: dict[str, Any], update: Mapping[str, Any]) -> None:
    """Code in another form takes the place of the old; a new object in S3 has no version, unless the update says so."""
    content = configuration["ApplicationCodeConfiguration"]["CodeContent"]
    given = {key.removesuffix("Update") for key in update}
    for kind in _CODE_KINDS:
        if given and kind not in given:
            content.pop(kind, None)
    location = update.get("S3ContentLocationUpdate", {})
    if {"BucketARNUpdate", "FileKeyUpdate"} & set(location) and "S3ContentLocation" in content:
        content["S3ContentLocation"].pop("ObjectVersion", None)


def _update_vpc(configuration: dict[str, Any], update: Mapping[str, Any]) -> None:
    for vpc in configuration["VpcConfigurations"]:
        if vpc["VpcConfigurationId"] == update["VpcConfigurationId"]:
            vpc["SubnetIds"] = update.get("SubnetIdUpdates", vpc["SubnetIds"])
            vpc["SecurityGroupIds"] = update.get("SecurityGroupIdUpdates", vpc["SecurityGroupIds"])
            return
    raise RefusedError("ResourceNotFoundException", f"there is no VPC configuration {update['VpcConfigurationId']!r}")


def _check(configuration: Mapping[str, Any], runtime: str) -> None:
    _check_code(configuration.get("ApplicationCodeConfiguration", {}))
    names = [group["PropertyGroupId"] for group in configuration["EnvironmentProperties"]["PropertyGroups"]]
    if repeated := _repeated(names):
        raise RefusedError("InvalidArgumentException", f"PropertyGroupId must be given once (got {repeated!r} twice)")
    wanted = parallelism(configuration)
    if wanted["ParallelismPerKPU"] > MAX_PARALLELISM_PER_KPU:
        raise RefusedError(
            "InvalidArgumentException",
            f"ParallelismPerKPU must be at most {MAX_PARALLELISM_PER_KPU} (got {wanted['ParallelismPerKPU']})",
        )
    kpus = math.ceil(wanted["Parallelism"] / wanted["ParallelismPerKPU"])
    if kpus > MAX_KPUS:
        raise RefusedError(
            "LimitExceededException",
            f"Parallelism must take at most {MAX_KPUS} KPUs (got {wanted['Parallelism']}, which takes {kpus})",
        )
    encryption = configuration["ApplicationEncryptionConfiguration"]
    if ("KeyId" in encryption) != (encryption["KeyType"] == "CUSTOMER_MANAGED_KEY"):
        raise RefusedError(
            "InvalidArgumentException",
            f"KeyId must be given with CUSTOMER_MANAGED_KEY, and with it alone (got {encryption['KeyType']})",
        )
    if snapshot_mode(configuration) == ENHANCED and flink_version(runtime) < _ENHANCED_SINCE:
        raise RefusedError(
            "InvalidArgumentException", f"{ENHANCED} must be asked for from FLINK-1_20 on (got {runtime})"
        )


def _check_code(code: Mapping[str, Any]) -> None:
    content = code.get("CodeContent", {})
    given = [kind for kind in _CODE_KINDS if kind in content]
    if code.get("CodeContentType") != "ZIPFILE" or given not in (["S3ContentLocation"], ["ZipFileContent"]):
        raise RefusedError(
            "InvalidArgumentException",
            "ApplicationCodeConfiguration must be of the type ZIPFILE, with S3ContentLocation or ZipFileContent"
            f" (got {code.get('CodeContentType', 'none')}, {', '.join(given) or 'no content'})",
        )


def _repeated(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
