"""An application's code: the zip in S3, or in the request that made the application."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.services.managed_flink.model import RefusedError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@dataclass(frozen=True)
class CodeStore:
    """Where the code of applications is."""

    s3: S3Client

    def read(self, configuration: Mapping[str, Any]) -> bytes:
        """The zip of a configuration.

        Raises:
            RefusedError: where there is none, or it is no zip.

        """
        content = configuration["ApplicationCodeConfiguration"]["CodeContent"]
        where = "ZipFileContent"
        data = content.get("ZipFileContent")
        if data is None:
            location = content["S3ContentLocation"]
            bucket, key = location["BucketARN"].rpartition(":")[2], location["FileKey"]
            where = f"s3://{bucket}/{key}"
            data = self._object(bucket, key, location.get("ObjectVersion"))
        if not zipfile.is_zipfile(io.BytesIO(data)):
            raise RefusedError("CodeValidationException", f"the application's code must be a zip (got {where})")
        return bytes(data)

    def unpack(self, configuration: Mapping[str, Any], folder: Path) -> None:
        """Unpack the zip of a configuration into a folder.

        Raises:
            RefusedError: where there is none, or it is no zip.

        """
        with zipfile.ZipFile(io.BytesIO(self.read(configuration))) as bundle:
            bundle.extractall(folder)

    def _object(self, bucket: str, key: str, version: str | None) -> bytes:
        named = {"VersionId": version} if version else {}
        try:
            return self.s3.get_object(Bucket=bucket, Key=key, **named)["Body"].read()  # type: ignore[arg-type]
        except (ClientError, BotoCoreError) as error:
            raise RefusedError(
                "InvalidArgumentException",
                f"S3ContentLocation must be an object that can be read (got s3://{bucket}/{key}: {error})",
            ) from error
