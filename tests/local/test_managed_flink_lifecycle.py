"""The control plane without Flink: statuses, the calls that each allows, versions, and what becomes of failures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from local.services.managed_flink.control_plane import Call
from local.services.managed_flink.lifecycle import MAX_APPLICATIONS
from local.services.managed_flink.memory_engine import SNAPSHOT_TIME, TRANSITION
from tests.managed_flink import CODE, NAME, START, Stage

STATUSES = [
    *("READY", "STARTING", "RUNNING", "UPDATING", "AUTOSCALING", "MAINTENANCE", "ROLLING_BACK"),
    *("STOPPING", "FORCE_STOPPING", "DELETING"),
]
MANUAL = {"ConfigurationType": "CUSTOM", "Parallelism": 2, "ParallelismPerKPU": 2, "AutoScalingEnabled": False}


def in_status(status: str) -> Stage:
    """A stage whose application has this status, by the calls that lead to it."""
    stage = Stage()
    if status == "READY":
        stage.create()
        return stage
    if status == "STARTING":
        stage.create()
        stage.call("StartApplication")
        return stage
    stage.running()
    stage.call("CreateApplicationSnapshot", SnapshotName="good")
    stage.passes(SNAPSHOT_TIME)
    match status:
        case "UPDATING":
            stage.update()
        case "AUTOSCALING":
            stage.plane.scale(NAME, 2)
        case "MAINTENANCE":
            stage.plane.maintain(NAME)
        case "ROLLING_BACK":
            stage.update()
            stage.call("RollbackApplication", CurrentApplicationVersionId=2)
        case "STOPPING":
            stage.call("StopApplication")
        case "FORCE_STOPPING":
            stage.call("StopApplication", Force=True)
        case "DELETING":
            stage.call("DeleteApplication", CreateTimestamp=START)
    assert stage.status == status
    return stage


def parameters_of(operation: str, stage: Stage) -> dict[str, Any]:
    version = {"CurrentApplicationVersionId": stage.application.version.number}
    parameters: dict[str, dict[str, Any]] = {
        "UpdateApplication": version,
        "RollbackApplication": version,
        "StopApplication by force": {"Force": True},
        "DeleteApplication": {"CreateTimestamp": START},
        "CreateApplicationSnapshot": {"SnapshotName": "new"},
        "CreateApplicationPresignedUrl": {"UrlType": "FLINK_DASHBOARD_URL"},
        "AddApplicationCloudWatchLoggingOption": {
            **version,
            "CloudWatchLoggingOption": {"LogStreamARN": "arn:aws:logs:eu-west-1:111122223333:log-group:g:log-stream:s"},
        },
        "AddApplicationVpcConfiguration": {
            **version,
            "VpcConfiguration": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        },
        "UpdateApplicationMaintenanceConfiguration": {
            "ApplicationMaintenanceConfigurationUpdate": {"ApplicationMaintenanceWindowStartTimeUpdate": "05:30"}
        },
    }
    return parameters.get(operation, {})


#: The statuses in which a call is carried out, as the service documents them.
ALLOWED = {
    "StartApplication": {"READY"},
    "StopApplication": {"RUNNING"},
    "StopApplication by force": {"STARTING", "UPDATING", "STOPPING", "AUTOSCALING", "RUNNING"},
    "UpdateApplication": {"READY", "RUNNING"},
    "RollbackApplication": {"UPDATING", "AUTOSCALING", "RUNNING"},
    "DeleteApplication": {"READY", "RUNNING"},
    "CreateApplicationSnapshot": {"RUNNING"},
    "CreateApplicationPresignedUrl": {"RUNNING"},
    "AddApplicationCloudWatchLoggingOption": {"READY", "RUNNING"},
    "AddApplicationVpcConfiguration": {"READY", "RUNNING"},
    "UpdateApplicationMaintenanceConfiguration": {"READY", "RUNNING"},
    "DescribeApplication": set(STATUSES),
    "ListApplicationOperations": set(STATUSES),
    "ListApplicationVersions": set(STATUSES),
    "ListApplicationSnapshots": set(STATUSES),
}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("operation", ALLOWED)
def test_a_status_allows_the_calls_that_are_documented_and_refuses_all_others(operation: str, status: str) -> None:
    stage = in_status(status)
    if operation == "RollbackApplication" and status in ("RUNNING", "AUTOSCALING"):
        stage = Stage().running()
        stage.update()
        stage.passes()
        if status == "AUTOSCALING":
            stage.plane.scale(NAME, 2)
    name, parameters = operation.partition(" ")[0], parameters_of(operation, stage)
    if status in ALLOWED[operation]:
        stage.call(name, **parameters)
        return
    if operation == "RollbackApplication":
        parameters = {"CurrentApplicationVersionId": stage.application.version.number}
    assert f"({NAME} is {status})" in stage.refused("ResourceInUseException", name, **parameters)


@pytest.mark.parametrize("status", [one for one in STATUSES if one != "DELETING"])
def test_every_status_ends_by_itself_in_one_that_stays(status: str) -> None:
    stage = in_status(status)
    stage.passes()
    assert stage.status in ("READY", "RUNNING")
    assert "IN_PROGRESS" not in {one.status for one in stage.application.operations}
    assert "CREATING" not in stage.snapshots.values()


def test_a_new_application_is_ready_and_told_with_all_its_defaults() -> None:
    detail = Stage().create()
    assert detail["ApplicationARN"] == "arn:aws:kinesisanalytics:eu-west-1:111122223333:application/lottery"
    assert (detail["ApplicationStatus"], detail["ApplicationVersionId"]) == ("READY", 1)
    configuration = detail["ApplicationConfigurationDescription"]
    flink = configuration["FlinkApplicationConfigurationDescription"]
    assert flink["CheckpointConfigurationDescription"] == {
        "ConfigurationType": "DEFAULT",
        "CheckpointingEnabled": True,
        "CheckpointInterval": 60000,
        "MinPauseBetweenCheckpoints": 5000,
    }
    assert flink["ParallelismConfigurationDescription"]["CurrentParallelism"] == 1
    assert configuration["ApplicationSnapshotConfigurationDescription"]["SnapshotsEnabled"] is True
    assert configuration["ApplicationSystemRollbackConfigurationDescription"]["RollbackEnabled"] is False


def test_what_is_given_with_the_type_default_is_not_taken() -> None:
    checkpoints = {"ConfigurationType": "DEFAULT", "CheckpointInterval": 1}
    detail = Stage().create(FlinkApplicationConfiguration={"CheckpointConfiguration": checkpoints})
    flink = detail["ApplicationConfigurationDescription"]["FlinkApplicationConfigurationDescription"]
    assert flink["CheckpointConfigurationDescription"]["CheckpointInterval"] == 60000


def test_a_name_is_taken_once_and_the_account_has_a_limit() -> None:
    stage = Stage()
    stage.create()
    parameters: dict[str, Any] = {
        "RuntimeEnvironment": "FLINK-1_20",
        "ServiceExecutionRole": "arn:aws:iam::111122223333:role/flink",
        "ApplicationConfiguration": {"ApplicationCodeConfiguration": CODE},
    }
    stage.refused("ResourceInUseException", "CreateApplication", **parameters)
    for number in range(MAX_APPLICATIONS - 1):
        stage.create(f"other-{number}")
    message = stage.refused("LimitExceededException", "CreateApplication", ApplicationName="more", **parameters)
    assert message == "there are 100 applications already; delete one"


def test_a_start_that_fails_is_told_by_its_operation_and_leaves_the_application_ready() -> None:
    stage = Stage()
    stage.create()
    stage.engine.start_errors = ["no module named lottery"]
    operation = stage.call("StartApplication")["OperationId"]
    stage.passes()
    assert stage.status == "READY"
    told = stage.call("DescribeApplicationOperation", OperationId=operation)["ApplicationOperationInfoDetails"]
    assert told["OperationStatus"] == "FAILED"
    assert told["OperationFailureDetails"]["ErrorInfo"]["ErrorString"] == "no module named lottery"
    assert told["EndTime"] == START + TRANSITION


def test_a_stop_takes_a_snapshot_from_which_the_next_start_goes_on() -> None:
    stage = Stage().running()
    stage.call("StopApplication")
    stage.passes()
    assert stage.status == "READY"
    ((name, status),) = stage.snapshots.items()
    assert status == "READY"
    restore = {"ApplicationRestoreType": "RESTORE_FROM_CUSTOM_SNAPSHOT", "SnapshotName": name}
    stage.call("StartApplication", RunConfiguration={"ApplicationRestoreConfiguration": restore})
    assert stage.engine.jobs[-1].restore == stage.application.snapshots[0].key
    described = stage.detail["ApplicationConfigurationDescription"]["RunConfigurationDescription"]
    assert described["ApplicationRestoreConfigurationDescription"] == restore


@pytest.mark.parametrize("stop", [{"Force": True}, {}])
def test_a_stop_by_force_or_with_snapshots_off_takes_none(stop: dict[str, Any]) -> None:
    stage = Stage().running(ApplicationSnapshotConfiguration={"SnapshotsEnabled": bool(stop)})
    stage.call("StopApplication", **stop)
    stage.passes()
    assert (stage.status, stage.snapshots) == ("READY", {})


def test_a_stop_whose_snapshot_fails_leaves_the_job_running() -> None:
    stage = Stage().running()
    stage.engine.stop_errors = ["a sink does not answer"]
    stage.call("StopApplication")
    stage.passes()
    assert stage.status == "RUNNING"
    assert list(stage.snapshots.values()) == ["FAILED"]
    assert stage.operations[-1] == ("StopApplication", "FAILED")


def test_force_cancels_what_is_under_way_also_what_never_ends() -> None:
    stage = Stage()
    stage.create()
    stage.engine.stuck.add(NAME)
    stage.call("StartApplication")
    stage.passes(timedelta(hours=5))
    assert stage.status == "STARTING"
    stage.call("StopApplication", Force=True)
    assert stage.status == "FORCE_STOPPING"
    stage.passes()
    assert stage.status == "READY"
    assert stage.operations[1:] == [("StartApplication", "CANCELLED"), ("StopApplication", "SUCCESSFUL")]


def test_the_first_start_from_the_latest_snapshot_is_one_without_state() -> None:
    stage = Stage()
    stage.create()
    latest = {"ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"}
    stage.call("StartApplication", RunConfiguration={"ApplicationRestoreConfiguration": latest})
    assert stage.engine.jobs[-1].restore is None


@pytest.mark.parametrize(
    ("restore", "message"),
    [
        (
            {"ApplicationRestoreType": "RESTORE_FROM_CUSTOM_SNAPSHOT", "SnapshotName": "gone"},
            "SnapshotName must be a finished snapshot (got 'gone')",
        ),
        (
            {"ApplicationRestoreType": "RESTORE_FROM_CUSTOM_SNAPSHOT"},
            "must be given with SnapshotName alone for this application (got no snapshot)",
        ),
        (
            {"ApplicationRestoreType": "SKIP_RESTORE_FROM_SNAPSHOT", "SnapshotName": "good"},
            "SnapshotName must be given with RESTORE_FROM_CUSTOM_SNAPSHOT (got SKIP_RESTORE_FROM_SNAPSHOT)",
        ),
    ],
)
def test_a_start_from_what_does_not_exist_is_refused_and_changes_nothing(restore: dict[str, str], message: str) -> None:
    stage = Stage()
    stage.create()
    told = stage.refused(
        "InvalidArgumentException", "StartApplication", RunConfiguration={"ApplicationRestoreConfiguration": restore}
    )
    assert message in told
    assert stage.status == "READY"
    assert "RunConfigurationDescription" not in stage.detail["ApplicationConfigurationDescription"]


def test_an_update_of_a_stopped_application_is_its_next_version_at_once() -> None:
    stage = Stage()
    stage.create()
    groups = [{"PropertyGroupId": "g", "PropertyMap": {"k": "v"}}]
    detail = stage.update(EnvironmentPropertyUpdates={"PropertyGroups": groups})["ApplicationDetail"]
    assert (detail["ApplicationStatus"], detail["ApplicationVersionId"]) == ("READY", 2)
    assert detail["ApplicationVersionUpdatedFrom"] == 1
    described = detail["ApplicationConfigurationDescription"]["EnvironmentPropertyDescriptions"]
    assert described == {"PropertyGroupDescriptions": groups}
    older = stage.call("DescribeApplicationVersion", ApplicationVersionId=1)["ApplicationVersionDetail"]
    assert older["ApplicationConfigurationDescription"]["EnvironmentPropertyDescriptions"] == {
        "PropertyGroupDescriptions": []
    }


def test_an_update_of_a_running_application_goes_on_from_the_snapshot_that_it_takes() -> None:
    stage = Stage().running()
    stage.update(
        FlinkApplicationConfigurationUpdate={
            "ParallelismConfigurationUpdate": {f"{name}Update": value for name, value in MANUAL.items()}
        }
    )
    assert stage.status == "UPDATING"
    stage.passes()
    assert stage.status == "RUNNING"
    ((key, status),) = [(one.key, one.status) for one in stage.application.snapshots]
    job = stage.engine.jobs[-1]
    assert (job.restore, job.parallelism, job.version, status) == (key, 2, 2, "READY")
    flink = stage.detail["ApplicationConfigurationDescription"]["FlinkApplicationConfigurationDescription"]
    assert flink["ParallelismConfigurationDescription"] == {**MANUAL, "CurrentParallelism": 2}
    assert stage.call("ListApplicationVersions")["ApplicationVersionSummaries"] == [
        {"ApplicationVersionId": 2, "ApplicationStatus": "RUNNING"},
        {"ApplicationVersionId": 1, "ApplicationStatus": "READY"},
    ]


@pytest.mark.parametrize(
    ("kind", "restored"), [("SKIP_RESTORE_FROM_SNAPSHOT", "none"), ("RESTORE_FROM_CUSTOM_SNAPSHOT", "good")]
)
def test_an_update_restores_what_it_says_and_takes_its_snapshot_all_the_same(kind: str, restored: str) -> None:
    stage = in_status("RUNNING")
    restore = {"ApplicationRestoreType": kind, **({"SnapshotName": "good"} if restored == "good" else {})}
    stage.call(
        "UpdateApplication",
        CurrentApplicationVersionId=1,
        RunConfigurationUpdate={
            "ApplicationRestoreConfiguration": restore,
            "FlinkRunConfiguration": {"AllowNonRestoredState": True},
        },
    )
    stage.passes()
    job = stage.engine.jobs[-1]
    names = {one.key: one.name for one in stage.application.snapshots}
    assert names.get(job.restore or "", "none") == restored
    assert job.allow_non_restored_state
    assert len(stage.snapshots) == 2


def test_state_that_is_not_restored_is_dropped_only_by_the_start_that_says_so() -> None:
    stage = Stage()
    stage.create()
    stage.call("StartApplication", RunConfiguration={"FlinkRunConfiguration": {"AllowNonRestoredState": True}})
    stage.passes()
    stage.update()
    assert [job.allow_non_restored_state for job in stage.engine.jobs] == [True, False]


def test_an_update_whose_snapshot_fails_is_taken_back_and_the_job_goes_on() -> None:
    stage = Stage().running()
    stage.engine.snapshot_errors = ["too large"]
    stage.update(ApplicationSnapshotConfigurationUpdate={"SnapshotsEnabledUpdate": False})
    stage.passes()
    assert stage.status == "RUNNING"
    assert stage.operations[-1] == ("UpdateApplication", "FAILED")
    detail = stage.detail
    assert (detail["ApplicationVersionId"], detail["ApplicationVersionRolledBackTo"]) == (3, 1)
    configuration = detail["ApplicationConfigurationDescription"]
    assert configuration["ApplicationSnapshotConfigurationDescription"]["SnapshotsEnabled"] is True


def test_an_update_that_does_not_start_leaves_the_application_ready() -> None:
    stage = Stage().running()
    stage.engine.restart_errors = ["no such table"]
    stage.update()
    stage.passes()
    assert (stage.status, stage.application.version.number) == ("READY", 2)
    assert stage.operations[-1] == ("UpdateApplication", "FAILED")
    assert list(stage.snapshots.values()) == ["READY"]


def test_with_rollbacks_on_the_previous_version_runs_again_from_the_snapshot_of_the_update() -> None:
    stage = Stage().running(ApplicationSystemRollbackConfiguration={"RollbackEnabled": True})
    stage.engine.restart_errors = ["no such table"]
    operation = stage.update()["OperationId"]
    stage.passes()
    assert stage.status == "ROLLING_BACK"
    stage.passes()
    assert stage.status == "RUNNING"
    assert stage.engine.jobs[-1].restore == stage.application.snapshots[0].key
    details = stage.call("DescribeApplicationOperation", OperationId=operation)["ApplicationOperationInfoDetails"]
    rollback = details["OperationFailureDetails"]["RollbackOperationId"]
    assert stage.call("DescribeApplicationOperation", OperationId=rollback)["ApplicationOperationInfoDetails"][
        "ApplicationVersionChangeDetails"
    ] == {"ApplicationVersionUpdatedFrom": 2, "ApplicationVersionUpdatedTo": 3}
    statuses = stage.call("ListApplicationVersions")["ApplicationVersionSummaries"]
    assert [one["ApplicationStatus"] for one in statuses] == ["RUNNING", "ROLLED_BACK", "READY"]


def test_a_rollback_that_fails_as_well_leaves_the_application_ready() -> None:
    stage = Stage().running(ApplicationSystemRollbackConfiguration={"RollbackEnabled": True})
    stage.engine.restart_errors, stage.engine.start_errors = ["no such table"], ["the bucket is gone"]
    stage.update()
    stage.passes()
    stage.passes()
    assert stage.status == "READY"
    assert stage.operations[-1] == ("RollbackApplication", "FAILED")


def test_a_rollback_by_hand_takes_the_parallelism_back() -> None:
    stage = Stage().running()
    more = {"ConfigurationTypeUpdate": "CUSTOM", "ParallelismUpdate": 4, "ParallelismPerKPUUpdate": 1}
    stage.update(FlinkApplicationConfigurationUpdate={"ParallelismConfigurationUpdate": more})
    stage.passes()
    stage.call("RollbackApplication", CurrentApplicationVersionId=2)
    stage.passes()
    flink = stage.detail["ApplicationConfigurationDescription"]["FlinkApplicationConfigurationDescription"]
    assert flink["ParallelismConfigurationDescription"]["CurrentParallelism"] == 1
    assert [job.parallelism for job in stage.engine.jobs] == [1, 4, 1]


def test_a_rollback_by_hand_takes_a_stuck_update_back() -> None:
    stage = in_status("RUNNING")
    stage.update()
    stage.engine.stuck.add(NAME)
    stage.passes(timedelta(hours=1))
    detail = stage.call("RollbackApplication", CurrentApplicationVersionId=2)["ApplicationDetail"]
    stage.engine.stuck.clear()
    assert (detail["ApplicationStatus"], detail["ApplicationVersionRolledBackFrom"]) == ("ROLLING_BACK", 2)
    stage.passes()
    assert stage.status == "RUNNING"
    assert stage.operations[-2:] == [("UpdateApplication", "CANCELLED"), ("RollbackApplication", "SUCCESSFUL")]
    assert stage.snapshots["good"] == "READY"


def test_a_rollback_without_a_snapshot_or_a_version_before_is_refused() -> None:
    stage = Stage().running(ApplicationSnapshotConfiguration={"SnapshotsEnabled": False})
    assert "no version before" in stage.refused(
        "InvalidRequestException", "RollbackApplication", CurrentApplicationVersionId=1
    )
    stage.update()
    stage.passes()
    assert "no finished snapshot" in stage.refused(
        "InvalidRequestException", "RollbackApplication", CurrentApplicationVersionId=2
    )


def test_of_two_updates_of_one_version_the_second_is_refused() -> None:
    stage = Stage()
    token = stage.create()["ConditionalToken"]
    stage.call("UpdateApplication", ConditionalToken=token)
    stage.refused("ConcurrentModificationException", "UpdateApplication", ConditionalToken=token)
    message = stage.refused("ConcurrentModificationException", "UpdateApplication", CurrentApplicationVersionId=1)
    assert message == "CurrentApplicationVersionId must be 2 (got 1)"
    stage.refused("InvalidArgumentException", "UpdateApplication")


def test_a_runtime_goes_forward_alone() -> None:
    stage = Stage()
    stage.create(runtime="FLINK-1_19")
    stage.call("UpdateApplication", CurrentApplicationVersionId=1, RuntimeEnvironmentUpdate="FLINK-1_20")
    assert stage.detail["RuntimeEnvironment"] == "FLINK-1_20"
    message = stage.refused(
        "InvalidArgumentException",
        "UpdateApplication",
        CurrentApplicationVersionId=2,
        RuntimeEnvironmentUpdate="FLINK-1_18",
    )
    assert message.endswith("must not be older than FLINK-1_20 (got FLINK-1_18); RollbackApplication leads back")


def test_a_deletion_wants_the_time_of_the_creation_and_takes_the_snapshots_along() -> None:
    stage = in_status("RUNNING")
    key = stage.application.snapshots[0].key
    stage.refused("InvalidArgumentException", "DeleteApplication", CreateTimestamp=START + timedelta(hours=1))
    stage.call("DeleteApplication", CreateTimestamp=START)
    assert stage.status == "DELETING"
    stage.passes()
    stage.refused("ResourceNotFoundException", "DescribeApplication")
    assert stage.engine.deleted_snapshots == [key]
    assert stage.create()["ApplicationVersionId"] == 1


@pytest.mark.parametrize(
    ("configuration", "code", "message"),
    [
        (
            {"ApplicationCodeConfiguration": {"CodeContentType": "PLAINTEXT"}},
            "InvalidArgument",
            "got PLAINTEXT, no con",
        ),
        (
            {"ApplicationCodeConfiguration": {"CodeContentType": "ZIPFILE"}},
            "InvalidArgument",
            "got ZIPFILE, no content",
        ),
        (
            {"EnvironmentProperties": {"PropertyGroups": [{"PropertyGroupId": "g", "PropertyMap": {"a": "b"}}] * 2}},
            "InvalidArgument",
            "PropertyGroupId must be given once (got 'g' twice)",
        ),
        (
            {"FlinkApplicationConfiguration": {"ParallelismConfiguration": {**MANUAL, "ParallelismPerKPU": 9}}},
            "InvalidArgument",
            "ParallelismPerKPU must be at most 8 (got 9)",
        ),
        (
            {"FlinkApplicationConfiguration": {"ParallelismConfiguration": {**MANUAL, "Parallelism": 129}}},
            "LimitExceeded",
            "Parallelism must take at most 64 KPUs (got 129, which takes 65)",
        ),
        (
            {"ApplicationEncryptionConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY"}},
            "InvalidArgument",
            "KeyId must be given with CUSTOMER_MANAGED_KEY",
        ),
        (
            {"VpcConfigurations": [{"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}] * 2},
            "InvalidArgument",
            "an application has at most 1 VPC configuration",
        ),
        (
            {"SqlApplicationConfiguration": {}},
            "UnsupportedOperation",
            "SqlApplicationConfiguration must not be given",
        ),
    ],
)
def test_a_configuration_that_breaks_a_rule_is_refused_and_nothing_is_created(
    configuration: dict[str, Any], code: str, message: str
) -> None:
    stage = Stage()
    told = stage.refused(
        f"{code}Exception",
        "CreateApplication",
        RuntimeEnvironment="FLINK-1_20",
        ServiceExecutionRole="arn:aws:iam::111122223333:role/flink",
        ApplicationConfiguration={"ApplicationCodeConfiguration": CODE, **configuration},
    )
    assert message in told
    assert not stage.plane.applications


@pytest.mark.parametrize("runtime", ["SQL-1_0", "ZEPPELIN-FLINK-3_0"])
def test_other_products_are_refused(runtime: str) -> None:
    Stage().refused(
        "UnsupportedOperationException",
        "CreateApplication",
        RuntimeEnvironment=runtime,
        ServiceExecutionRole="arn:aws:iam::111122223333:role/flink",
    )


def test_new_code_replaces_the_old_with_its_version() -> None:
    stage = Stage()
    stage.create()
    location = {"FileKeyUpdate": "new.zip", "ObjectVersionUpdate": "7"}
    stage.update(ApplicationCodeConfigurationUpdate={"CodeContentUpdate": {"S3ContentLocationUpdate": location}})
    location = {"FileKeyUpdate": "newer.zip"}
    stage.update(ApplicationCodeConfigurationUpdate={"CodeContentUpdate": {"S3ContentLocationUpdate": location}})
    code = stage.application.version.configuration["ApplicationCodeConfiguration"]["CodeContent"]
    assert code == {"S3ContentLocation": {"BucketARN": "arn:aws:s3:::code", "FileKey": "newer.zip"}}
    content = {"ZipFileContentUpdate": b"PK"}
    stage.update(ApplicationCodeConfigurationUpdate={"CodeContentUpdate": content})
    code = stage.application.version.configuration["ApplicationCodeConfiguration"]["CodeContent"]
    assert code == {"ZipFileContent": b"PK"}


def test_operations_are_listed_newest_first_page_by_page_and_by_their_status() -> None:
    stage = Stage(per_page=2).running()
    stage.call("StopApplication")
    first = stage.call("ListApplicationOperations")
    second = stage.call("ListApplicationOperations", NextToken=first["NextToken"])
    listed = [one["Operation"] for page in (first, second) for one in page["ApplicationOperationInfoList"]]
    assert listed == ["StopApplication", "StartApplication", "CreateApplication"]
    assert "NextToken" not in second
    running = stage.call("ListApplicationOperations", OperationStatus="IN_PROGRESS")["ApplicationOperationInfoList"]
    assert [(one["Operation"], "EndTime" in one) for one in running] == [("StopApplication", False)]
    stage.refused("InvalidArgumentException", "ListApplicationOperations", NextToken="7")
    stage.refused("InvalidArgumentException", "ListApplicationOperations", NextToken="x")
    stage.refused("ResourceNotFoundException", "DescribeApplicationOperation", OperationId="none")
    stage.refused("ResourceNotFoundException", "DescribeApplicationVersion", ApplicationVersionId=9)


def test_applications_are_listed_by_name_page_by_page() -> None:
    stage = Stage(per_page=2)
    for name in ("c", "a", "b"):
        stage.create(name)
    first = stage.call("ListApplications")
    second = stage.call("ListApplications", NextToken=first["NextToken"])
    listed = [one["ApplicationName"] for page in (first, second) for one in page["ApplicationSummaries"]]
    assert listed == ["a", "b", "c"]
    assert "NextToken" not in second
    assert len(stage.call("ListApplications", Limit=1)["ApplicationSummaries"]) == 1


def test_an_application_that_does_not_exist_is_refused_with_a_code_that_the_call_has() -> None:
    stage = Stage()
    stage.refused("ResourceNotFoundException", "StartApplication")
    stage.refused("InvalidArgumentException", "ListApplicationSnapshots")


def test_who_calls_is_noted_with_what_became_of_it() -> None:
    stage = Stage()
    stage.create()
    stage.plane.call("DescribeApplication", {"ApplicationName": NAME}, access_key_id="AKIAREADER")
    stage.refused("InvalidArgumentException", "UpdateApplication")
    stage.call("ListApplications")
    arn = stage.application.arn
    assert list(stage.plane.calls) == [
        Call(operation="CreateApplication", resource=arn),
        Call(operation="DescribeApplication", resource=arn, access_key_id="AKIAREADER"),
        Call(operation="UpdateApplication", resource=arn, refused="InvalidArgumentException"),
        Call(operation="ListApplications", resource="*"),
    ]


def test_code_that_is_larger_than_the_model_knows_is_taken_and_its_size_not_told() -> None:
    stage = Stage()
    stage.engine.code_size = 60_000_000
    stage.create()
    code = stage.detail["ApplicationConfigurationDescription"]["ApplicationCodeConfigurationDescription"]
    assert "CodeSize" not in code["CodeContentDescription"]
