"""What a function of the CDK does that is behind a custom resource, and is written in JavaScript with an SDK for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3

from local.deploy.access import Access
from local.deploy.handler import Made


def _empty_bucket(event: Mapping[str, Any], access: Access) -> Made:
    """``S3AutoDeleteObjects``: a bucket is emptied before it is deleted."""
    name = str(event["ResourceProperties"]["BucketName"])
    if event["RequestType"] == "Delete":
        bucket = boto3.resource(
            "s3",
            endpoint_url=access.endpoint("s3"),
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - the emulator takes any
        ).Bucket(name)
        bucket.object_versions.delete()
    return Made(physical_id=name)


#: By the type of the custom resource.
FUNCTIONS: Mapping[str, Callable[[Mapping[str, Any], Access], Made]] = {
    "Custom::S3AutoDeleteObjects": _empty_bucket,
}
