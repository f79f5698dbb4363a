"""The control plane without Flink: snapshots, tags, log streams, VPC, maintenance, the address of the UI, scaling."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.services.managed_flink import snapshots
from local.services.managed_flink.autoscaling import SCALE_DOWN_MINUTES, SCALE_UP_MINUTES, scaled
from local.services.managed_flink.clock import RunningClock
from local.services.managed_flink.memory_engine import SNAPSHOT_TIME
from tests.managed_flink import ACCOUNT, NAME, START, Stage

ARN = f"arn:aws:kinesisanalytics:eu-west-1:{ACCOUNT}:application/{NAME}"
LOG = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:/flink/lottery:log-stream:application"
VPC = {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
ENHANCED = {"SnapshotsEnabled": True, "SnapshotMode": "ENHANCED_SNAPSHOTS"}


# Snapshots.


def test_a_snapshot_is_being_made_and_then_ready() -> None:
    stage = Stage().running()
    stage.call("CreateApplicationSnapshot", SnapshotName="good")
    described = stage.call("DescribeApplicationSnapshot", SnapshotName="good")["SnapshotDetails"]
    assert (described["SnapshotStatus"], described["ApplicationVersionId"]) == ("CREATING", 1)
    stage.passes(SNAPSHOT_TIME)
    (listed,) = stage.call("ListApplicationSnapshots")["SnapshotSummaries"]
    assert listed["SnapshotStatus"] == "READY"
    assert listed["RuntimeEnvironment"] == "FLINK-1_20"


def test_a_snapshot_that_fails_says_so_and_can_be_deleted() -> None:
    stage = Stage().running()
    stage.engine.snapshot_errors = ["too large"]
    stage.call("CreateApplicationSnapshot", SnapshotName="bad")
    created = stage.clock.now()
    stage.refused(
        "ResourceInUseException", "DeleteApplicationSnapshot", SnapshotName="bad", SnapshotCreationTimestamp=created
    )
    stage.passes(SNAPSHOT_TIME)
    assert stage.snapshots == {"bad": "FAILED"}
    stage.call("DeleteApplicationSnapshot", SnapshotName="bad", SnapshotCreationTimestamp=created)
    assert stage.snapshots == {}


def test_a_snapshot_that_cannot_be_taken_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage().running()
    stage.call("CreateApplicationSnapshot", SnapshotName="good")
    stage.refused("ResourceInUseException", "CreateApplicationSnapshot", SnapshotName="next")
    stage.passes(SNAPSHOT_TIME)
    stage.refused("InvalidArgumentException", "CreateApplicationSnapshot", SnapshotName="good")
    monkeypatch.setattr(snapshots, "MAX_SNAPSHOTS", 1)
    message = stage.refused("LimitExceededException", "CreateApplicationSnapshot", SnapshotName="next")
    assert message == "lottery has 1 snapshots; delete old ones"
    stage.call("StopApplication")  # the service's own is not subject to the limit
    stage.passes()
    assert len(stage.snapshots) == 2
    off = Stage().running(ApplicationSnapshotConfiguration={"SnapshotsEnabled": False})
    off.refused("InvalidApplicationConfigurationException", "CreateApplicationSnapshot", SnapshotName="one")


def test_a_deletion_wants_the_snapshots_own_time() -> None:
    stage = Stage().running()
    stage.call("CreateApplicationSnapshot", SnapshotName="good")
    stage.passes(SNAPSHOT_TIME)
    parameters: dict[str, Any] = {"SnapshotName": "good", "SnapshotCreationTimestamp": START}
    stage.refused("InvalidArgumentException", "DeleteApplicationSnapshot", **parameters)
    stage.refused("ResourceNotFoundException", "DeleteApplicationSnapshot", **{**parameters, "SnapshotName": "x"})


def test_snapshots_of_an_application_in_enhanced_mode_are_the_accounts_and_outlive_it() -> None:
    stage = Stage().running(ApplicationSnapshotConfiguration=ENHANCED)
    stage.refused("InvalidApplicationConfigurationException", "CreateApplicationSnapshot", SnapshotName="good")
    arn = stage.call("CreateSnapshot", SnapshotName="good", SnapshotDescription="by hand")["SnapshotArn"]
    stage.passes(SNAPSHOT_TIME)
    assert stage.snapshots == {}
    details = stage.plane.call("DescribeSnapshot", {"SnapshotName": "good"})["SnapshotInfoDetails"]
    assert (details["SnapshotStatus"], details["SnapshotInitiator"]) == ("READY", "USER")
    stage.call("StopApplication")
    stage.passes()
    system = stage.plane.call("ListSnapshots", {"SnapshotInitiator": "SYSTEM"})["SnapshotInfoList"]
    assert len(system) == 1
    restore = {"ApplicationRestoreType": "RESTORE_FROM_CUSTOM_SNAPSHOT", "SnapshotArn": arn}
    stage.call("StartApplication", RunConfiguration={"ApplicationRestoreConfiguration": restore})
    stage.passes()
    created = stage.application.created
    stage.call("DeleteApplication", CreateTimestamp=created)
    stage.passes()
    assert len(stage.plane.call("ListSnapshots", {})["SnapshotInfoList"]) == 2
    deletion = {"SnapshotName": "good", "SnapshotCreationTimestamp": details["SnapshotCreationTimestamp"]}
    assert stage.plane.call("DeleteSnapshot", deletion)["SnapshotStatus"] == "DELETING"
    assert len(stage.plane.call("ListSnapshots", {})["SnapshotInfoList"]) == 1


def test_there_is_no_way_back_from_enhanced_mode_by_an_update() -> None:
    stage = Stage()
    stage.create(ApplicationSnapshotConfiguration=ENHANCED)
    message = stage.refused(
        "InvalidArgumentException",
        "UpdateApplication",
        CurrentApplicationVersionId=1,
        ApplicationConfigurationUpdate={
            "ApplicationSnapshotConfigurationUpdate": {
                "SnapshotsEnabledUpdate": True,
                "SnapshotModeUpdate": "APPLICATION_SNAPSHOTS_LEGACY",
            }
        },
    )
    assert "must not lead back" in message


# Tags.


def test_tags_are_added_changed_removed_and_listed() -> None:
    stage = Stage()
    stage.create()
    stage.call("TagResource", ResourceARN=ARN, Tags=[{"Key": "team", "Value": "a"}, {"Key": "empty"}])
    stage.call("TagResource", ResourceARN=ARN, Tags=[{"Key": "team", "Value": "b"}])
    listed = stage.call("ListTagsForResource", ResourceARN=ARN)["Tags"]
    assert listed == [{"Key": "empty", "Value": ""}, {"Key": "team", "Value": "b"}]
    stage.call("UntagResource", ResourceARN=ARN, TagKeys=["team", "none"])
    assert [tag["Key"] for tag in stage.call("ListTagsForResource", ResourceARN=ARN)["Tags"]] == ["empty"]


def test_an_application_without_tags_has_none_listed() -> None:
    stage = Stage()
    stage.create()
    assert stage.call("ListTagsForResource", ResourceARN=ARN) == {}


def test_tags_that_break_a_rule_are_refused() -> None:
    stage = Stage()
    stage.create()
    many = [{"Key": f"k{number}"} for number in range(51)]
    stage.refused("TooManyTagsException", "TagResource", ResourceARN=ARN, Tags=many)
    stage.refused("InvalidArgumentException", "TagResource", ResourceARN=ARN, Tags=[{"Key": "aws:mine"}])
    stage.refused("ResourceNotFoundException", "TagResource", ResourceARN=f"{ARN}x", Tags=[{"Key": "k"}])


# Log streams, VPC, maintenance.


def test_a_log_stream_is_added_changed_and_removed_each_time_as_a_version() -> None:
    stage = Stage().running()
    added = stage.call(
        "AddApplicationCloudWatchLoggingOption",
        CurrentApplicationVersionId=1,
        CloudWatchLoggingOption={"LogStreamARN": LOG},
    )
    assert added["ApplicationVersionId"] == 2
    (option,) = added["CloudWatchLoggingOptionDescriptions"]
    assert stage.status == "UPDATING"
    stage.passes()
    assert list(stage.engine.jobs[-1].log_streams) == [LOG]
    stage.refused(
        "InvalidArgumentException",
        "AddApplicationCloudWatchLoggingOption",
        CurrentApplicationVersionId=2,
        CloudWatchLoggingOption={"LogStreamARN": LOG},
    )
    identifier = {"CloudWatchLoggingOptionId": option["CloudWatchLoggingOptionId"]}
    stage.call(
        "UpdateApplication",
        CurrentApplicationVersionId=2,
        CloudWatchLoggingOptionUpdates=[{**identifier, "LogStreamARNUpdate": f"{LOG}-2"}],
    )
    stage.passes()
    assert list(stage.engine.jobs[-1].log_streams) == [f"{LOG}-2"]
    stage.call("DeleteApplicationCloudWatchLoggingOption", CurrentApplicationVersionId=3, **identifier)
    stage.passes()
    assert list(stage.engine.jobs[-1].log_streams) == []
    for operation, parameters in (
        ("DeleteApplicationCloudWatchLoggingOption", identifier),
        ("UpdateApplication", {"CloudWatchLoggingOptionUpdates": [identifier]}),
    ):
        stage.refused("ResourceNotFoundException", operation, CurrentApplicationVersionId=4, **parameters)


def test_a_vpc_is_added_once_changed_and_removed() -> None:
    stage = Stage()
    stage.create()
    parameters: dict[str, Any] = {"VpcConfiguration": VPC}
    added = stage.call("AddApplicationVpcConfiguration", CurrentApplicationVersionId=1, **parameters)
    described = added["VpcConfigurationDescription"]
    assert VPC.items() <= described.items()
    stage.refused(
        "InvalidArgumentException", "AddApplicationVpcConfiguration", CurrentApplicationVersionId=2, **parameters
    )
    identifier = {"VpcConfigurationId": described["VpcConfigurationId"]}
    stage.update(VpcConfigurationUpdates=[{**identifier, "SecurityGroupIdUpdates": ["sg-2"]}])
    (changed,) = stage.application.version.configuration["VpcConfigurations"]
    assert (changed["SecurityGroupIds"], changed["SubnetIds"]) == (["sg-2"], VPC["SubnetIds"])
    stage.call("DeleteApplicationVpcConfiguration", CurrentApplicationVersionId=3, **identifier)
    assert stage.detail["ApplicationConfigurationDescription"]["VpcConfigurationDescriptions"] == []
    stage.refused(
        "ResourceNotFoundException", "DeleteApplicationVpcConfiguration", CurrentApplicationVersionId=4, **identifier
    )


def test_the_maintenance_window_is_of_eight_hours_and_no_new_version() -> None:
    stage = Stage()
    stage.create()
    stage.call(
        "UpdateApplicationMaintenanceConfiguration",
        ApplicationMaintenanceConfigurationUpdate={"ApplicationMaintenanceWindowStartTimeUpdate": "21:15"},
    )
    detail = stage.detail
    assert detail["ApplicationVersionId"] == 1
    assert detail["ApplicationMaintenanceConfigurationDescription"] == {
        "ApplicationMaintenanceWindowStartTime": "21:15",
        "ApplicationMaintenanceWindowEndTime": "05:15",
    }


# The address of the UI.


def test_the_address_of_the_ui_leads_to_it_for_three_minutes() -> None:
    stage = Stage().running()
    stage.plane.address = "http://127.0.0.1:4577"
    address = stage.call("CreateApplicationPresignedUrl", UrlType="FLINK_DASHBOARD_URL")["AuthorizedUrl"]
    assert address.startswith("http://127.0.0.1:4577/flinkdashboard/lottery?authToken=")
    token = address.partition("authToken=")[2]
    assert stage.plane.dashboard(NAME, token) == "http://lottery.invalid/"
    assert stage.plane.dashboard("other", token) is None
    assert stage.plane.dashboard(NAME, "guessed") is None
    stage.passes(timedelta(minutes=3))
    assert stage.plane.dashboard(NAME, token) is None
    stage.refused("InvalidArgumentException", "CreateApplicationPresignedUrl", UrlType="ZEPPELIN_UI_URL")
    address = stage.call("CreateApplicationPresignedUrl", UrlType="FLINK_DASHBOARD_URL")["AuthorizedUrl"]
    assert len(stage.plane.ui_tokens) == 1
    stage.call("StopApplication")
    assert stage.plane.dashboard(NAME, address.partition("authToken=")[2]) is None


# Automatic scaling.


@pytest.mark.parametrize(
    ("utilization", "current", "expected"),
    [
        ([75.0] * SCALE_UP_MINUTES, 2, 4),
        ([0.0] * 300 + [99.0] * SCALE_UP_MINUTES, 2, 4),
        ([75.0] * SCALE_UP_MINUTES, 48, 64),
        ([75.0] * SCALE_UP_MINUTES, 64, 64),
        ([75.0] * (SCALE_UP_MINUTES - 1), 2, 2),
        ([99.0] * 7 + [74.9] + [99.0] * 7, 2, 2),
        ([9.9] * SCALE_DOWN_MINUTES, 5, 3),
        ([9.9] * SCALE_DOWN_MINUTES, 3, 2),
        ([9.9] * SCALE_DOWN_MINUTES, 2, 2),
        ([9.9] * (SCALE_DOWN_MINUTES - 1), 5, 5),
        ([9.9] * 359 + [10.0], 5, 5),
        ([], 3, 3),
    ],
)
def test_the_parallelism_doubles_and_is_halved_by_the_services_rule(
    utilization: list[float], current: int, expected: int
) -> None:
    assert scaled(utilization, current=current, configured=2, maximum=64) == expected


@given(
    utilization=st.lists(st.floats(0, 100), max_size=400),
    current=st.integers(1, 64),
    configured=st.integers(1, 64),
    maximum=st.integers(1, 64),
)
def test_a_scaled_parallelism_never_leaves_its_bounds_further(
    utilization: list[float], current: int, configured: int, maximum: int
) -> None:
    wanted = scaled(utilization, current=current, configured=configured, maximum=maximum)
    assert min(current, configured) <= wanted <= max(current, maximum)


def test_a_busy_application_is_scaled_up_from_a_snapshot_and_down_again_when_it_is_idle() -> None:
    stage = Stage().running()
    stage.engine.cpu = 80.0
    stage.passes(timedelta(minutes=14))
    assert stage.status == "RUNNING"
    stage.passes(timedelta(minutes=1))
    assert stage.status == "AUTOSCALING"
    stage.passes()
    job = stage.engine.jobs[-1]
    assert (stage.status, job.parallelism, job.restore) == ("RUNNING", 2, stage.application.snapshots[0].key)
    stage.engine.cpu = 5.0
    stage.passes(timedelta(hours=6))
    stage.passes()
    assert (stage.status, stage.application.current_parallelism) == ("RUNNING", 1)
    assert stage.operations[-2:] == [("AutoScaling", "SUCCESSFUL")] * 2
    assert stage.application.version.number == 1


def test_minutes_without_a_measurement_begin_the_count_anew() -> None:
    stage = Stage().running()
    for cpu, minutes in ((80.0, 14), (None, 60), (80.0, 14)):
        stage.engine.cpu = cpu
        stage.passes(timedelta(minutes=minutes))
    assert stage.status == "RUNNING"


def test_an_application_without_automatic_scaling_keeps_its_parallelism() -> None:
    manual = {"ConfigurationType": "CUSTOM", "Parallelism": 1, "ParallelismPerKPU": 1, "AutoScalingEnabled": False}
    stage = Stage().running(FlinkApplicationConfiguration={"ParallelismConfiguration": manual})
    stage.engine.cpu = 99.0
    stage.passes(timedelta(hours=1))
    assert stage.application.current_parallelism == 1


def test_a_scaling_whose_snapshot_fails_leaves_the_parallelism_as_it_was() -> None:
    stage = Stage().running()
    stage.engine.snapshot_errors = ["too large"]
    stage.plane.scale(NAME, 2)
    stage.passes()
    assert (stage.status, stage.application.current_parallelism) == ("RUNNING", 1)
    assert stage.operations[-1] == ("AutoScaling", "FAILED")


def test_a_start_begins_with_the_parallelism_that_is_configured() -> None:
    stage = Stage().running()
    stage.plane.scale(NAME, 8)
    stage.passes()
    stage.call("StopApplication")
    stage.passes()
    stage.call("StartApplication")
    assert stage.engine.jobs[-1].parallelism == 1


def test_a_clock_can_be_sped_up() -> None:
    clock = RunningClock(speed=1e6)
    begun = clock.now()
    while clock.now() - begun < timedelta(hours=1):
        pass
    assert clock.now().tzinfo is not None
