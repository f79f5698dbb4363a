"""Where data are: streams in the Kinesis emulator, buckets in moto."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from local.deploy.handler import Made, RefusedError, Request
from local.deploy.stack import Deployed, Stack
from local.deploy.types.base import Type, arn, content_with_gone
from local.services.kinesis import ON_DEMAND_SHARDS

_RETENTION_HOURS = 24
_ACTIVE_SECONDS = 30


class Stream(Type):
    """``AWS::Kinesis::Stream``."""

    def create(self, request: Request) -> Made:
        """Make a stream, and wait until it takes records."""
        name = str(request.properties.get("Name", request.name))
        request.note(name)
        self.client("kinesis").create_stream(StreamName=name, ShardCount=_shards(request.properties))
        self._wait(name)
        self._retain(name, _RETENTION_HOURS, request.properties)
        return Made(physical_id=name, attributes={"Arn": arn("kinesis", f"stream/{name}")})

    def update(self, request: Request, before: Deployed) -> Made:
        """Change how long records are kept, and the number of shards."""
        name = before.physical_id
        self._retain(name, int(before.properties.get("RetentionPeriodHours", _RETENTION_HOURS)), request.properties)
        if request.properties.get("StreamModeDetails", {}).get("StreamMode") != "ON_DEMAND":
            self._reshard(name, _shards(request.properties))
        return Made(physical_id=name, attributes=before.attributes)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it with its records."""
        with content_with_gone():
            self.client("kinesis").delete_stream(StreamName=resource.physical_id)
            self._wait(resource.physical_id)

    def _retain(self, name: str, current: int, properties: Mapping[str, Any]) -> None:
        hours = int(properties.get("RetentionPeriodHours", _RETENTION_HOURS))
        if hours > current:
            self.client("kinesis").increase_stream_retention_period(StreamName=name, RetentionPeriodHours=hours)
        elif hours < current:
            self.client("kinesis").decrease_stream_retention_period(StreamName=name, RetentionPeriodHours=hours)
        self._wait(name)

    def _reshard(self, name: str, wanted: int) -> None:
        """Split the widest shard, or merge the first two, until there are as many as wanted."""
        client = self.client("kinesis")
        while len(shards := self._open_shards(name)) != wanted:
            if len(shards) < wanted:
                widest = max(shards, key=lambda shard: shard[2] - shard[1])
                middle = (widest[1] + widest[2]) // 2 + 1
                client.split_shard(StreamName=name, ShardToSplit=widest[0], NewStartingHashKey=str(middle))
            else:
                client.merge_shards(StreamName=name, ShardToMerge=shards[0][0], AdjacentShardToMerge=shards[1][0])
            self._wait(name)

    def _open_shards(self, name: str) -> list[tuple[str, int, int]]:
        """Id and range of each shard that takes records, by range."""
        shards = self.client("kinesis").list_shards(StreamName=name)["Shards"]
        opened = [
            (
                shard["ShardId"],
                int(shard["HashKeyRange"]["StartingHashKey"]),
                int(shard["HashKeyRange"]["EndingHashKey"]),
            )
            for shard in shards
            if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
        ]
        return sorted(opened, key=lambda shard: shard[1])

    def _wait(self, name: str) -> None:
        deadline = time.monotonic() + _ACTIVE_SECONDS
        while True:
            told = self.client("kinesis").describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
            if told["StreamStatus"] == "ACTIVE":
                return
            if time.monotonic() > deadline:
                raise RefusedError(f"the stream {name} is {told['StreamStatus']} after {_ACTIVE_SECONDS} s")
            time.sleep(0.05)


class Bucket(Type):
    """``AWS::S3::Bucket``."""

    def create(self, request: Request) -> Made:
        """Make a bucket with its settings."""
        name = str(request.properties.get("BucketName", request.name.lower()[-63:].lstrip("-")))
        request.note(name)
        self.client("s3").create_bucket(Bucket=name)
        self._set(name, request.properties)
        attributes = {
            "Arn": arn("s3", name, region="", account=""),
            "RegionalDomainName": f"{self.access.endpoint('s3').removeprefix('http://')}/{name}",
            "DomainName": f"{self.access.endpoint('s3').removeprefix('http://')}/{name}",
        }
        return Made(physical_id=name, attributes=attributes)

    def update(self, request: Request, before: Deployed) -> Made:
        """Change its settings."""
        self._set(before.physical_id, request.properties)
        return Made(physical_id=before.physical_id, attributes=before.attributes)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Delete it, if it is empty."""
        self.client("s3").delete_bucket(Bucket=resource.physical_id)

    def _set(self, name: str, properties: Mapping[str, Any]) -> None:
        client = self.client("s3")
        if "VersioningConfiguration" in properties:
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration=properties["VersioningConfiguration"])
        if "BucketEncryption" in properties:
            rules = [
                {
                    "ApplyServerSideEncryptionByDefault" if key == "ServerSideEncryptionByDefault" else key: value
                    for key, value in rule.items()
                }
                for rule in properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            ]
            client.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
        if "PublicAccessBlockConfiguration" in properties:
            client.put_public_access_block(
                Bucket=name, PublicAccessBlockConfiguration=properties["PublicAccessBlockConfiguration"]
            )
        if "OwnershipControls" in properties:
            client.put_bucket_ownership_controls(Bucket=name, OwnershipControls=properties["OwnershipControls"])
        if "LifecycleConfiguration" in properties:
            rules = [_lifecycle_rule(rule) for rule in properties["LifecycleConfiguration"]["Rules"]]
            client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
        if "Tags" in properties:
            client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": properties["Tags"]})


class BucketPolicy(Type):
    """``AWS::S3::BucketPolicy``."""

    def create(self, request: Request) -> Made:
        """Give a bucket its policy."""
        bucket = request.properties["Bucket"]
        request.note(bucket)
        self.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(request.properties["PolicyDocument"]))
        return Made(physical_id=bucket)

    def update(self, request: Request, _before: Deployed) -> Made:
        """Give the bucket another policy."""
        return self.create(request)

    def delete(self, resource: Deployed, _stack: Stack) -> None:
        """Take the policy away."""
        self.client("s3").delete_bucket_policy(Bucket=resource.physical_id)


def _shards(properties: Mapping[str, Any]) -> int:
    return int(properties.get("ShardCount", ON_DEMAND_SHARDS))


def _lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of the template as the API spells it."""
    given = {key: value for key, value in rule.items() if key not in ("Id", "ExpiredObjectDeleteMarker", "Prefix")}
    given["ID"] = rule.get("Id", "")
    given["Filter"] = {"Prefix": rule.get("Prefix", "")}
    if rule.get("ExpiredObjectDeleteMarker"):
        given["Expiration"] = {"ExpiredObjectDeleteMarker": True}
    if "ExpirationInDays" in given:
        given["Expiration"] = {"Days": int(given.pop("ExpirationInDays"))}
    return given
