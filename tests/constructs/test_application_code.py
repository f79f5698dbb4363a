"""Where an application's code comes from: a bundle is tested with the application, here a file and an object in S3."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, DefaultStackSynthesizer, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template

from flink_constructs import application_code
from flink_constructs.application import FlinkApplication
from flink_constructs.application_code import ApplicationCode, PythonOptions
from flink_constructs.bundle import RUN_OPTIONS_GROUP
from flink_constructs.validation import InvalidArgumentError
from tests.constructs.checks import findings, lint, new_stack, only, permissions

APPLICATION = "AWS::KinesisAnalyticsV2::Application"
PARTS = ("main.py", "lib/connectors.jar", "packages/job/model.py", "data.zip")


def archive(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, "content")
    return path


@pytest.fixture
def jar(tmp_path: Path) -> Path:
    return archive(tmp_path / "job.jar", "com/example/Job.class")


@pytest.fixture
def python_zip(tmp_path: Path) -> Path:
    return archive(tmp_path / "job.zip", *PARTS)


def application(code: ApplicationCode, *, stack: Stack | None = None, **arguments: Any) -> FlinkApplication:
    return FlinkApplication(stack or new_stack(), "Flink", code=code, start=False, **arguments)


def checked_template(made: FlinkApplication) -> Template:
    stack = Stack.of(made)
    assert findings(stack) == []
    template = Template.from_stack(stack)
    assert lint(template) == []
    return template


def configuration(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = only(template, APPLICATION)["Properties"]["ApplicationConfiguration"]
    return found


def location(template: Template) -> dict[str, Any]:
    code = configuration(template)["ApplicationCodeConfiguration"]
    assert code["CodeContentType"] == "ZIPFILE"
    found: dict[str, Any] = code["CodeContent"]["S3ContentLocation"]
    return found


def groups(template: Template) -> dict[str, Any]:
    found = configuration(template).get("EnvironmentProperties", {"PropertyGroups": []})
    return {group["PropertyGroupId"]: group["PropertyMap"] for group in found["PropertyGroups"]}


# A file.


def test_a_jar_is_uploaded_as_it_is_and_has_no_run_options(jar: Path) -> None:
    template = checked_template(application(ApplicationCode.from_file(jar)))
    assert location(template)["FileKey"].endswith(".jar")
    assert "ObjectVersion" not in location(template)
    assert "EnvironmentProperties" not in configuration(template)


def test_a_job_in_java_has_the_whole_quota_of_property_groups(jar: Path) -> None:
    fifty = {f"Group{number}": {"key": "value"} for number in range(50)}
    template = checked_template(application(ApplicationCode.from_file(jar), property_groups=fifty))
    assert groups(template) == fifty
    with pytest.raises(InvalidArgumentError, match=r"^property_groups must hold at most 50 groups \(got 51\)"):
        application(ApplicationCode.from_file(jar), property_groups={**fifty, "More": {"key": "value"}})


def test_the_parts_of_a_python_job_are_where_its_options_say(python_zip: Path) -> None:
    options = PythonOptions(jar="lib/connectors.jar", py_files="packages", py_archives="data.zip#data")
    template = checked_template(application(ApplicationCode.from_file(python_zip, python=options)))
    assert location(template)["FileKey"].endswith(".zip")
    assert groups(template) == {
        RUN_OPTIONS_GROUP: {
            "python": "main.py",
            "jarfile": "lib/connectors.jar",
            "pyFiles": "packages",
            "pyArchives": "data.zip#data",
        }
    }


def test_a_path_may_be_a_text(jar: Path) -> None:
    assert location(checked_template(application(ApplicationCode.from_file(str(jar)))))["FileKey"].endswith(".jar")


def test_another_content_means_another_key(jar: Path) -> None:
    before = location(checked_template(application(ApplicationCode.from_file(jar))))["FileKey"]
    archive(jar, "com/example/Other.class")
    assert location(checked_template(application(ApplicationCode.from_file(jar))))["FileKey"] != before


def refused(message: str) -> Any:
    return pytest.raises(InvalidArgumentError, match=f"^{re.escape(message)}$")


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "job.jar"
    with refused(f"path must be a file (got '{path}'); build it first, or correct the path"):
        ApplicationCode.from_file(path)


def test_a_zip_without_python_options_is_refused(python_zip: Path) -> None:
    with refused(f"path must be a .jar (got '{python_zip}'); for a Python job pass python=PythonOptions(…)"):
        ApplicationCode.from_file(python_zip)


def test_a_jar_with_python_options_is_refused(jar: Path) -> None:
    with refused(f"path must be a .zip of a Python job (got '{jar}'); for a jar leave python out"):
        ApplicationCode.from_file(jar, python=PythonOptions())


def test_a_file_that_is_no_zip_by_its_content_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "job.jar"
    path.write_text("no jar")
    with refused(f"path must be in the format of zip (got '{path}'); build it anew"):
        ApplicationCode.from_file(path)


def test_a_file_of_the_largest_size_is_taken_and_a_larger_one_refused(
    jar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = jar.stat().st_size
    monkeypatch.setattr(application_code, "MAX_BYTES", size)
    ApplicationCode.from_file(jar)
    monkeypatch.setattr(application_code, "MAX_BYTES", size - 1)
    message = f"path must have at most {size - 1} bytes (got '{size}'); leave out what the runtime has already"
    with refused(message):
        ApplicationCode.from_file(jar)


@pytest.mark.parametrize(
    ("options", "name", "part"),
    [
        (PythonOptions(main="job.py"), "main", "job.py"),
        (PythonOptions(jar="lib/other.jar"), "jar", "lib/other.jar"),
        (PythonOptions(py_files="packages,helpers.zip"), "py_files", "helpers.zip"),
        (PythonOptions(py_archives="model.zip#model"), "py_archives", "model.zip"),
    ],
)
def test_a_part_that_the_zip_lacks_is_refused(python_zip: Path, options: PythonOptions, name: str, part: str) -> None:
    fix = "correct the name, or add the file to the zip"
    with refused(f"python.{name} must be in the zip (got '{part}'); {fix}"):
        ApplicationCode.from_file(python_zip, python=options)


# An object in S3.


def test_an_object_is_read_where_it_is_and_no_other_may_be_read() -> None:
    stack = new_stack()
    bucket = s3.Bucket.from_bucket_name(stack, "Builds", "builds")
    template = checked_template(
        application(ApplicationCode.from_bucket(bucket, "prices/job.jar", object_version="v1"), stack=stack)
    )
    arn = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::builds"]]}
    assert location(template) == {"BucketARN": arn, "FileKey": "prices/job.jar", "ObjectVersion": "v1"}
    assert "EnvironmentProperties" not in configuration(template)
    [read, *_] = permissions(template, of="FlinkRole")
    object_arn = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::builds/prices/job.jar"]]}
    assert read == (["s3:GetObject", "s3:GetObjectVersion"], [object_arn])


def test_an_object_may_be_a_python_job() -> None:
    stack = new_stack()
    bucket = s3.Bucket.from_bucket_name(stack, "Builds", "builds")
    code = ApplicationCode.from_bucket(bucket, "job.zip", python=PythonOptions(main="job.py"))
    assert groups(checked_template(application(code, stack=stack))) == {RUN_OPTIONS_GROUP: {"python": "job.py"}}


def test_an_object_is_decrypted_with_the_key_of_its_bucket() -> None:
    stack = new_stack()
    key = kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:eu-west-1:123456789012:key/12345678")
    bucket = s3.Bucket.from_bucket_attributes(stack, "Builds", bucket_name="builds", encryption_key=key)
    template = checked_template(application(ApplicationCode.from_bucket(bucket, "job.jar"), stack=stack))
    assert (["kms:Decrypt"], [key.key_arn]) in permissions(template, of="FlinkRole")


def test_a_key_that_is_known_only_at_deployment_passes() -> None:
    stack = new_stack()
    parameter = CfnParameter(stack, "Build")
    bucket = s3.Bucket.from_bucket_name(stack, "Builds", "builds")
    template = Template.from_stack(
        Stack.of(application(ApplicationCode.from_bucket(bucket, parameter.value_as_string), stack=stack))
    )
    assert location(template)["FileKey"] == {"Ref": "Build"}


@pytest.mark.parametrize("key", ["", "jobs/*", "job?.jar", "${aws:username}.jar", "k" * 1025])
def test_a_key_that_would_stand_for_other_objects_is_refused(key: str) -> None:
    bucket = s3.Bucket.from_bucket_name(new_stack(), "Builds", "builds")
    rule = "have 1 to 1,024 characters, without '*', '?' and '$'"
    with refused(f"key must {rule} (got {key!r}); rename the object"):
        ApplicationCode.from_bucket(bucket, key)


def test_earlier_uploads_may_be_read_where_the_stack_has_a_folder_of_its_own(python_zip: Path) -> None:
    code = ApplicationCode.from_file(python_zip, python=PythonOptions(jar="lib/connectors.jar"))
    stack = Stack(App(), "Test", synthesizer=DefaultStackSynthesizer(bucket_prefix="Test/"))
    template = checked_template(application(code, stack=stack))
    [(_, [objects]), *_] = permissions(template, of="FlinkRole")
    assert objects["Fn::Join"][1][-1].endswith("/Test/*.zip")
    # All applications of the account share the rest of the CDK's bucket.
    [(_, [one]), *_] = permissions(checked_template(application(code)), of="FlinkRole")
    assert "*" not in json.dumps(one)


def test_earlier_builds_in_s3_may_be_read_as_they_are_named() -> None:
    stack = new_stack()
    bucket = s3.Bucket.from_bucket_name(stack, "Builds", "builds")
    code = ApplicationCode.from_bucket(bucket, "job-2.jar", earlier_keys=["job-1.jar"])
    [(_, objects), *_] = permissions(checked_template(application(code, stack=stack)), of="FlinkRole")
    assert sorted(one["Fn::Join"][1][-1] for one in objects) == [":s3:::builds/job-1.jar", ":s3:::builds/job-2.jar"]
    with pytest.raises(InvalidArgumentError, match=r"^earlier_keys must have 1 to 1,024 characters, without"):
        ApplicationCode.from_bucket(bucket, "job-2.jar", earlier_keys=["*"])
