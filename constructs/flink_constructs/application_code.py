"""`ApplicationCode`: where the code of a `FlinkApplication` comes from."""

from __future__ import annotations

import zipfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from aws_cdk import Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisanalyticsv2 as kinesisanalytics
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from flink_constructs import acknowledgment, validation
from flink_constructs.bundle import MAIN, MAX_BYTES, RUN_OPTIONS, JobBundle
from flink_constructs.validation import InvalidArgumentError

__all__ = ["ApplicationCode", "CodeLocation", "PythonOptions"]


@dataclass(frozen=True, kw_only=True)
class PythonOptions:
    """Where in its zip the service finds the parts of a Python job.

    Source: https://docs.aws.amazon.com/managed-flink/latest/java/how-python-creating.html
    """

    main: str = MAIN
    """The entry script."""

    jar: str | None = None
    """One jar with all connectors."""

    py_files: str | None = None
    """Modules that the script imports: a zip, or several with commas between them."""

    py_archives: str | None = None
    """Files that the job reads: an archive, or several with commas between them."""

    def as_properties(self) -> dict[str, str]:
        """The property group of the run options."""
        options = {"python": self.main, "jarfile": self.jar, "pyFiles": self.py_files, "pyArchives": self.py_archives}
        return {key: value for key, value in options.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class CodeLocation:
    """An object in S3 with the code."""

    bucket: s3.IBucket
    key: str
    object_version: str | None = None
    earlier_keys: tuple[str, ...] = ()
    """Where earlier code is, or where it may be if it ends in ``*`` and a suffix."""

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Allow to read the object and the earlier ones, and to decrypt them with the bucket's key, if that is known.

        An application that is rolled back to an earlier version reads the code of that version again.
        """
        covered = any(fnmatchcase(self.key, pattern) for pattern in self.earlier_keys)
        keys = self.earlier_keys if covered else (self.key, *self.earlier_keys)
        arns = {key: self.bucket.arn_for_objects(key) for key in keys}
        grant = iam.Grant.add_to_principal(
            grantee=grantee, actions=["s3:GetObject", "s3:GetObjectVersion"], resource_arns=list(arns.values())
        )
        for key, arn in arns.items():
            if "*" in key:
                acknowledgment.wildcard_resource(
                    grantee, arn, "What a rollback reads again: earlier uploads of this very stack, in its own folder."
                )
        if self.bucket.encryption_key is not None:
            grant = grant.combine(self.bucket.encryption_key.grant(grantee, "kms:Decrypt"))
        return grant

    def as_configuration(self) -> kinesisanalytics.CfnApplication.ApplicationCodeConfigurationProperty:
        """The settings of an application; a jar is a zip, too."""
        l1 = kinesisanalytics.CfnApplication
        return l1.ApplicationCodeConfigurationProperty(
            code_content_type="ZIPFILE",
            code_content=l1.CodeContentProperty(
                s3_content_location=l1.S3ContentLocationProperty(
                    bucket_arn=self.bucket.bucket_arn, file_key=self.key, object_version=self.object_version
                )
            ),
        )


class ApplicationCode(ABC):
    """The code of an application: made by ``from_bundle``, ``from_file`` or ``from_bucket``."""

    run_options: Mapping[str, str]
    """The property group that tells the service how to start a Python job; empty for a job in Java or Scala."""

    @abstractmethod
    def bind(self, scope: Construct) -> CodeLocation:
        """Provide the code in S3 for an application.

        Args:
            scope: The application.

        Returns:
            Where it is in S3.

        """

    @staticmethod
    def from_bundle(bundle: JobBundle) -> ApplicationCode:
        """A Python job and its connectors, put together at synthesis.

        Args:
            bundle: What belongs to the job.

        """
        return _BundleCode(bundle)

    @staticmethod
    def from_file(path: Path | str, *, python: PythonOptions | None = None) -> ApplicationCode:
        """A file that is there already, and is uploaded with the stack.

        Args:
            path: The jar of a Java job, or the zip of a Python job.
            python: Where the parts of a Python job are in the zip. Default: none, the file is a jar.

        Raises:
            InvalidArgumentError: for a path that is no jar or zip, a zip that lacks a part of the job, or a file that
                is larger than the service allows.

        """
        path = Path(path)
        _check_file(path, python)
        return _FileCode(path, python)

    @staticmethod
    def from_bucket(
        bucket: s3.IBucket,
        key: str,
        *,
        object_version: str | None = None,
        earlier_keys: Sequence[str] = (),
        python: PythonOptions | None = None,
    ) -> ApplicationCode:
        """An object in S3. It has to exist when the stack is deployed.

        Args:
            bucket: The bucket; its key for the encryption, where it has one of the customer's own, is granted, too.
            key: The object's key. A new build needs a new key or a new version: the service reads the code only when
                one of them changes.
            object_version: Version of the object. Default: the latest one at each change of the application's code.
            earlier_keys: Keys of the builds that the application may be rolled back to, which reads them again.
                Default: none, earlier versions of ``key`` alone.
            python: Where the parts of a Python job are in the zip. Default: none, the object is a jar.

        Raises:
            InvalidArgumentError: for a key that cannot be one, or that would stand for several objects.

        """
        for name, one in (("key", key), *(("earlier_keys", one) for one in earlier_keys)):
            validation.matching(
                name,
                one,
                # In a policy these would stand for other objects, too.
                pattern=r"[^*?$]{1,1024}",
                rule="have 1 to 1,024 characters, without '*', '?' and '$'",
                fix="rename the object",
            )
        location = CodeLocation(bucket=bucket, key=key, object_version=object_version, earlier_keys=tuple(earlier_keys))
        return _BucketCode(location, python)


class _BundleCode(ApplicationCode):
    def __init__(self, bundle: JobBundle) -> None:
        self._bundle = bundle
        self.run_options = RUN_OPTIONS

    def bind(self, scope: Construct) -> CodeLocation:
        # A stack that is not chosen is synthesized, but nothing is built for it: its entry script stands for the zip.
        path = self._bundle.build() if Stack.of(scope).bundling_required else self._bundle.main
        return _uploaded(scope, path, asset_hash=self._bundle.input_hash())


class _FileCode(ApplicationCode):
    def __init__(self, path: Path, python: PythonOptions | None) -> None:
        self._path = path
        self.run_options = python.as_properties() if python else {}

    def bind(self, scope: Construct) -> CodeLocation:
        return _uploaded(scope, self._path)


class _BucketCode(ApplicationCode):
    def __init__(self, location: CodeLocation, python: PythonOptions | None) -> None:
        self._location = location
        self.run_options = python.as_properties() if python else {}

    def bind(self, scope: Construct) -> CodeLocation:  # noqa: ARG002 - it is in S3 already
        return self._location


def _uploaded(scope: Construct, path: Path, *, asset_hash: str | None = None) -> CodeLocation:
    asset = s3_assets.Asset(scope, "Code", path=str(path.resolve()), asset_hash=asset_hash)
    return CodeLocation(bucket=asset.bucket, key=asset.s3_object_key, earlier_keys=_earlier(asset.s3_object_key))


def _earlier(key: str) -> tuple[str, ...]:
    """What stands for the earlier uploads: files of the same kind, where the stack has a folder of its own for them.

    It has one with ``DefaultStackSynthesizer(bucket_prefix=…)``. All applications of an account share the rest of the
    CDK's bucket, which no job may read.
    """
    folder, slash, name = key.rpartition("/")
    if Token.is_unresolved(key) or not slash:
        return ()
    return (f"{folder}/*{Path(name).suffix}",)


def _check_file(path: Path, python: PythonOptions | None) -> None:
    if not path.is_file():
        raise InvalidArgumentError("path", "be a file", str(path), "build it first, or correct the path")
    if python is None and path.suffix != ".jar":
        raise InvalidArgumentError("path", "be a .jar", str(path), "for a Python job pass python=PythonOptions(…)")
    if python is not None and path.suffix != ".zip":
        raise InvalidArgumentError("path", "be a .zip of a Python job", str(path), "for a jar leave python out")
    if not zipfile.is_zipfile(path):
        raise InvalidArgumentError("path", "be in the format of zip", str(path), "build it anew")
    size = path.stat().st_size
    if size > MAX_BYTES:
        rule = f"have at most {MAX_BYTES:,} bytes"
        raise InvalidArgumentError("path", rule, f"{size:,}", "leave out what the runtime has already")
    if python is not None:
        with zipfile.ZipFile(path) as file:
            _check_parts(set(file.namelist()), python)


def _check_parts(names: set[str], python: PythonOptions) -> None:
    for option, value in (
        ("main", python.main),
        ("jar", python.jar),
        ("py_files", python.py_files),
        ("py_archives", python.py_archives),
    ):
        for part in value.split(",") if value else ():
            name = part.partition("#")[0].rstrip("/")  # after '#' comes the name under which an archive is unpacked
            if name not in names and not any(one.startswith(f"{name}/") for one in names):
                raise InvalidArgumentError(
                    f"python.{option}", "be in the zip", name, "correct the name, or add the file to the zip"
                )
