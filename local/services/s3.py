"""S3: moto's server."""

from __future__ import annotations

import importlib.metadata
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from local.process import Process, free_port, listening
from local.services.maven import maven_libraries
from local.services.service import CREDENTIALS, Service
from local.template import PSEUDO_PARAMETERS, Resource

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

BUCKET_TYPE = "AWS::S3::Bucket"
#: The longest name of a bucket.
_LONGEST_NAME = 63
_PLUGIN_POM = Path(__file__).parent / "s3_plugin" / "pom.xml"


class S3Service(Service):
    """The buckets of the template, without their policies and life cycles."""

    resource_types = (BUCKET_TYPE,)
    title = "S3"
    #: Whether uploads that were begun elsewhere can be completed here.
    completes_any_upload = False

    @cached_property
    def process(self) -> Process:
        """The emulator; it keeps objects in memory, and large ones in temporary files."""
        server = ["moto.server", "-H", "127.0.0.1", "-p"]
        if self.completes_any_upload:
            server = ["local.services.s3_of_any_upload"]
        return Process(
            name="the S3 emulator",
            command=[sys.executable, "-m", *server, str(self._port)],
            log=self.folder / "s3.log",
            env={
                "TMPDIR": str(self._temporary),
                "MOTO_ACCOUNT_ID": PSEUDO_PARAMETERS["AWS::AccountId"],
                "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
            },
        )

    @property
    def address(self) -> str:
        """The emulator's endpoint."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def version(self) -> str:
        """The emulator's name and version."""
        return f"moto {importlib.metadata.version('moto')}"

    @property
    def aws_endpoints(self) -> dict[str, str]:
        """The emulator stands for S3."""
        return {"s3": self.endpoint}

    @property
    def flink_options(self) -> dict[str, str]:
        """The emulator's address, with the bucket in the path: no name is resolved for one."""
        return {
            "s3.endpoint": self.endpoint,
            "s3.path.style.access": "true",
            # Otherwise each file is followed by requests that look for markers of its folders, to delete them.
            "s3.directory.marker.retention": "keep",
        }

    @property
    def plugins(self) -> list[Path]:
        """The file system ``s3://``, which the managed service has built in."""
        return [self.fetch()]

    @classmethod
    def fetch(cls) -> Path:
        """The folder with the file system's jar."""
        return maven_libraries("s3-plugin", _PLUGIN_POM)

    def launch(self) -> None:
        """Start the emulator."""
        self._temporary.mkdir(parents=True, exist_ok=True)
        self.process.start()

    def create_resources(self) -> None:
        """Create the buckets."""
        self.process.wait_until(lambda: listening(self._port))
        for bucket in self.bucket_names():
            self.client.create_bucket(Bucket=bucket)

    def attribute(self, resource: Resource, name: str) -> str:
        """``Ref`` is the name, ``Arn`` the ARN, ``RegionalDomainName`` the emulator with the bucket in the path."""
        bucket = self.bucket_name(resource)
        match name:
            case "Ref":
                return bucket
            case "Arn":
                return f"arn:{PSEUDO_PARAMETERS['AWS::Partition']}:s3:::{bucket}"
            case "RegionalDomainName":
                return f"127.0.0.1:{self._port}/{bucket}"
            case _:
                raise self.unknown_attribute(resource, name)

    @cached_property
    def client(self) -> S3Client:
        """A client of the emulator."""
        return boto3.client(
            "s3",
            endpoint_url=self.address,
            region_name=PSEUDO_PARAMETERS["AWS::Region"],
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"mode": "standard", "max_attempts": 5}, s3={"addressing_style": "path"}),
        )

    def bucket_names(self) -> list[str]:
        """The names of the template's buckets."""
        return [self.bucket_name(bucket) for bucket in self.template.of_type(BUCKET_TYPE)]

    def bucket_name(self, bucket: Resource) -> str:
        """The bucket's name: the template's, or one made of its logical id."""
        named = bucket.properties.get("BucketName", bucket.logical_id.lower()[-_LONGEST_NAME:])
        return str(self.template.resolve(named, self.attribute))

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """The keys of a bucket's objects, in order."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def read(self, bucket: str, key: str) -> bytes:
        """The bytes of an object."""
        return self.client.get_object(Bucket=bucket, Key=key)["Body"].read()

    @property
    def _temporary(self) -> Path:
        return self.folder / "tmp"

    @cached_property
    def _port(self) -> int:
        return free_port(5000)
