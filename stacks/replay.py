"""The replay of historic trips: its context keys, and the location of the trips."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from pydantic import Field

from flink_apps.common.options import written
from flink_apps.replay import settings
from flink_constructs import acknowledgment
from flink_constructs.application import FlinkApplication
from stacks.config import ScenarioConfig, from_option
from stacks.ends import End
from stacks.scenario import ScenarioStack

#: The prefix of the trips to replay in the stack's own bucket.
HISTORY_PREFIX = "history"


class ReplayConfig(ScenarioConfig):
    """Context of a scenario with a replay of historic trips."""

    replay_from: str | None = Field(
        default=None,
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[a-zA-Z0-9_!.*'()/=-]+$",
        description=f"trips to replay, as s3://bucket/prefix; by default {HISTORY_PREFIX}/ in the stack's own bucket",
    )
    replay_speedup: float = from_option(settings.SPEEDUP)
    replay_gap_limit_seconds: int = from_option(settings.GAP_LIMIT)
    replay_time_attribute: str = from_option(settings.TIME_ATTRIBUTE)
    replay_time_zone: str = from_option(settings.TIME_ZONE)
    replay_seek: datetime | None = from_option(settings.SEEK)


def history(stack: ScenarioStack, config: ReplayConfig, *, example: str) -> End:
    """The trips to replay: in the location from the context, or in the stack's own bucket.

    Args:
        stack: The scenario's stack; it gets an output with the command that uploads trips into its bucket.
        config: The context.
        example: The folder of the project that the command uploads.

    """
    if config.replay_from is not None:
        return _history_from(stack, config.replay_from)
    archive = stack.archive
    uri = f"s3://{archive.bucket_name}/{HISTORY_PREFIX}/"
    stack.add_output("UploadHistoryCommand", f"aws s3 cp --recursive {example} {uri}", "trips to replay")
    return End(
        properties=_source_path(archive.bucket_name, HISTORY_PREFIX),
        grant=lambda reader: archive.grant_read(reader, prefix=HISTORY_PREFIX),
    )


def _history_from(stack: ScenarioStack, uri: str) -> End:
    """Trips in an existing bucket."""
    path = urlsplit(uri)
    prefix = path.path.strip("/")
    bucket = s3.Bucket.from_bucket_name(stack, "History", path.netloc)

    def grant_read(reader: FlinkApplication) -> None:
        for objects in (prefix, f"{prefix}/*"):
            iam.Grant.add_to_principal(
                grantee=reader, actions=["s3:GetObject"], resource_arns=[bucket.arn_for_objects(objects)]
            )
        # Without this permission, S3 reports a missing object as forbidden.
        iam.Grant.add_to_principal(grantee=reader, actions=["s3:ListBucket"], resource_arns=[bucket.bucket_arn])
        acknowledgment.wildcard_resource(
            reader, bucket.arn_for_objects(f"{prefix}/*"), "The files to replay are known by their prefix alone."
        )

    return End(properties=_source_path(path.netloc, prefix), grant=grant_read)


def _source_path(bucket: str, prefix: str) -> dict[str, dict[str, str]]:
    return written([(settings.SOURCE_PATH, f"s3://{bucket}/{prefix}")])
