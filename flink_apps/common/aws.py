"""Regions, and endpoints of AWS services that are not the public ones."""

from __future__ import annotations

import os

from flink_apps.common.options import Group, Option, matching
from flink_apps.common.properties import PropertyGroups, SettingsError

REGION_PATTERN = "[a-z]+(?:-[a-z]+)+-[0-9]+"
REGION = matching(REGION_PATTERN, values="the name of a region", example="eu-west-1")

#: Optional group: endpoints by the id of the AWS service, for an interface endpoint without private DNS or an emulator.
ENDPOINTS_GROUP = "AwsEndpoints"
ENDPOINT = matching(r"https?://[^\s/]+/?", values="an address with its scheme", example="https://host:443")
KINESIS_ENDPOINT = Group(ENDPOINTS_GROUP)(
    "kinesis", ENDPOINT, "endpoint of Kinesis Data Streams; by default the region's public one"
)


def read_region(option: Option[str] | None, groups: PropertyGroups) -> str:
    """The region that an option names, or else the application's.

    Raises:
        SettingsError: Neither is known.

    """
    region = option.find(groups) if option else None
    region = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if region is None:
        name = option.name if option else "the region"
        raise SettingsError(name, "be set where the variable AWS_REGION is not", None, "write for example eu-west-1")
    return region
