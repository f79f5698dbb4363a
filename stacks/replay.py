"""The replay of historic trips: what the context says of it, and where the trips lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from pydantic import Field

from flink_apps.common.properties import Property
from flink_apps.replay import settings
from flink_constructs import acknowledgment
from flink_constructs.application import FlinkApplication
from flink_constructs.stream_archive import StreamArchive
from stacks.config import ScenarioConfig
from stacks.scenario import ScenarioStack

#: Where the trips to replay lie in the stack's own bucket.
HISTORY_PREFIX = "history"


class ReplayConfig(ScenarioConfig):
    """Context of a scenario that historic trips can be replayed into."""

    replay_from: str | None = Field(
        default=None,
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[a-zA-Z0-9_!.*'()/-]+$",
        description=f"what it replays, as s3://bucket/prefix; by default {HISTORY_PREFIX}/ in the stack's own bucket",
    )
    replay_speedup: float = Field(default=6480, gt=0, description="how much faster than they happened")


@dataclass(frozen=True, kw_only=True)
class History:
    """Where the trips to replay are, and what permits to read them."""

    bucket: str
    prefix: str
    grant_read: Callable[[FlinkApplication], object]

    def properties(self, config: ReplayConfig) -> dict[Property, str]:
        """What the replay is told of them."""
        return {
            settings.SOURCE_PATH: f"s3://{self.bucket}/{self.prefix}",
            settings.SPEEDUP: f"{config.replay_speedup:f}".rstrip("0").rstrip("."),
        }


def history_in(stack: ScenarioStack, archive: StreamArchive, *, example: str) -> History:
    """Trips in the stack's own bucket, and an output with the command that puts the folder ``example`` there."""
    uri = f"s3://{archive.bucket_name}/{HISTORY_PREFIX}/"
    stack.add_output("UploadHistoryCommand", f"aws s3 cp --recursive {example} {uri}", "trips to replay")
    return History(
        bucket=archive.bucket_name,
        prefix=HISTORY_PREFIX,
        grant_read=lambda reader: archive.grant_read(reader, prefix=HISTORY_PREFIX),
    )


def history_from(stack: ScenarioStack, uri: str) -> History:
    """Trips in a bucket that is there already."""
    place = urlsplit(uri)
    prefix = place.path.strip("/")
    bucket = s3.Bucket.from_bucket_name(stack, "History", place.netloc)

    def grant_read(reader: FlinkApplication) -> None:
        for objects in (prefix, f"{prefix}/*"):
            iam.Grant.add_to_principal(
                grantee=reader, actions=["s3:GetObject"], resource_arns=[bucket.arn_for_objects(objects)]
            )
        # Without it a missing object is answered as a forbidden one.
        iam.Grant.add_to_principal(grantee=reader, actions=["s3:ListBucket"], resource_arns=[bucket.bucket_arn])
        acknowledgment.wildcard_resource(
            reader, bucket.arn_for_objects(f"{prefix}/*"), "The files to replay are known by their prefix alone."
        )

    return History(bucket=place.netloc, prefix=prefix, grant_read=grant_read)
