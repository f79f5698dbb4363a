"""The taxi analytics' stack in its variants: what it is meant to say."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from dashboards.search import index_templates, saved_objects
from flink_apps.common.ends.kinesis import KinesisStream
from flink_apps.common.ends.opensearch import REJECTED_DOCUMENTS, OpenSearchDomain
from flink_apps.common.ends.s3 import BucketPrefix
from flink_apps.data_generator import settings as generator_settings
from flink_apps.data_generator.profiles import constant
from flink_apps.data_generator.records.taxi_ride import TAXI_RIDE
from flink_apps.replay import settings as replay_settings
from flink_apps.taxi_analytics import settings
from flink_apps.taxi_analytics.metrics import DEAD_LETTER_COUNT, DOCUMENTS_REJECTED, LATE_TRIPS
from flink_constructs.bundle import RUN_OPTIONS_GROUP
from flink_constructs.validation import InvalidArgumentError
from stacks.taxi_analytics import INDICES, TaxiAnalyticsConfig
from tests.constructs.checks import only, permissions
from tests.stacks.taxi_analytics_variants import NETWORKS, TOPIC_ARN, VARIANTS
from tests.stacks.variants import (
    APPLICATION,
    BUCKET,
    DOMAIN,
    LIFECYCLE,
    STREAM,
    Variant,
    make,
    resolved,
    spelled,
)

ALARM = "AWS::CloudWatch::Alarm"
DELIVERY = "AWS::KinesisFirehose::DeliveryStream"
USERS = "AWS::Cognito::UserPool"
STREAM_ARN = "arn:aws:kinesis:eu-west-1:123456789012:stream/trips"
ENDPOINT = "https://search-taxis-x1.eu-west-1.es.amazonaws.com"

WITH_REPLAY = [name for name in VARIANTS if name not in ("without-producer", "generated")]
WITH_ARCHIVE = [name for name in VARIANTS if name != "twice-the-shards-without-archive"]
WITH_SIGN_IN = [name for name in VARIANTS if name != "without-sign-in"]
IN_VPC = ["own-vpc-with-nat"]


def variant(name: str) -> Variant:
    return make({"scenario": "taxi-analytics", **VARIANTS[name]})


def groups_of_the_job(name: str) -> dict[str, dict[str, str]]:
    """The property groups, once CloudFormation has put in what it knows only then."""
    texts = {
        settings.SOURCE_STREAM.stream.name: STREAM_ARN,
        settings.SINK_DOMAIN.endpoint.name: ENDPOINT,
        settings.REGION_OF_ALL.name: "eu-west-1",
        settings.DEAD_LETTERS.bucket.bucket.name: "archive",
    }
    return resolved(variant(name).property_groups(), texts)


def read_by_the_job(name: str) -> settings.Settings:
    return settings.Settings.from_property_groups(groups_of_the_job(name))


def read_by_the_replay(name: str) -> replay_settings.Settings:
    texts = {
        replay_settings.SOURCE_PATH.name: "s3://archive/history",
        replay_settings.SINK_STREAM.stream.name: STREAM_ARN,
    }
    return replay_settings.Settings.from_property_groups(resolved(variant(name).property_groups("Replay"), texts))


def rights(name: str, role: str) -> dict[str, set[str]]:
    """Each resource that a role may do something with, and what; not its code, nor its log."""
    found: dict[str, set[str]] = {}
    for actions, resources in permissions(variant(name).template, of=role):
        for resource in map(spelled, resources):
            if ":logs:" not in resource and "-assets-" not in resource and not resource.endswith("Logs"):
                found.setdefault(resource, set()).update(actions)
    return found


def alarm(name: str, text: str) -> dict[str, Any]:
    """The one alarm that ``text`` occurs in."""
    [found] = [body["Properties"] for body in variant(name).of_type(ALARM).values() if text in json.dumps(body)]
    return dict(found)


def installed(name: str, resource_type: str) -> list[dict[str, Any]]:
    """What is installed in the domain by resources of a type, as the handler gets it."""
    objects = [body["Properties"]["Objects"] for body in variant(name).of_type(resource_type).values()]
    return [entry for texts in objects for entry in json.loads(spelled(texts))]


def endpoints(name: str) -> str:
    return json.dumps(
        [body["Properties"]["ServiceName"] for body in variant(name).of_type("AWS::EC2::VPCEndpoint").values()]
    )


# Every variant.


@pytest.mark.parametrize("name", VARIANTS)
def test_there_is_what_the_context_says_and_nothing_else(name: str) -> None:
    found = variant(name)
    for resource_type, count in {
        STREAM: 1,
        BUCKET: 1,
        DOMAIN: 1,
        APPLICATION: 1 + (name != "without-producer"),
        LIFECYCLE: 1 + (name != "without-producer"),
        DELIVERY: int(name in WITH_ARCHIVE),
        USERS: int(name in WITH_SIGN_IN),
        "Custom::OpenSearchDashboardsObjects": int(name in WITH_SIGN_IN),
        "AWS::EC2::VPC": int(name in IN_VPC),
    }.items():
        assert len(found.of_type(resource_type)) == count, resource_type


@pytest.mark.parametrize("name", VARIANTS)
def test_the_job_understands_what_the_stack_tells_it(name: str) -> None:
    hour = name == "another-hour"
    assert read_by_the_job(name) == settings.Settings(
        source=KinesisStream(name="trips", region="eu-west-1", arn=STREAM_ARN, initial_position="TRIM_HORIZON"),
        search=OpenSearchDomain(
            endpoint=ENDPOINT, region="eu-west-1", bulk_size_mb=5, bulk_actions=5000, bulk_interval_millis=1000
        ),
        early_results_minutes=60 if hour else 15,
        out_of_order_millis=600_000 if hour else 120_000,
        idle_millis=30_000 if hour else 5_000,
        clock_skew_millis=0 if hour else 60_000,
        dead_letters=BucketPrefix(bucket="archive", prefix="dead-letters"),
    )


@pytest.mark.parametrize("name", VARIANTS)
def test_the_job_is_told_nothing_that_it_does_not_read(name: str) -> None:
    groups = variant(name).property_groups()
    del groups[RUN_OPTIONS_GROUP]
    assert set(groups) == {settings.GROUP}
    assert set(groups[settings.GROUP]) <= {option.key for option in settings.OPTIONS}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_job_gets_the_stream_the_domain_and_the_bucket_of_its_stack(name: str) -> None:
    keys = variant(name).property_groups()[settings.GROUP]
    assert {
        prop.key: spelled(keys[prop.key])
        for prop in (
            settings.SOURCE_STREAM.stream,
            settings.SINK_DOMAIN.endpoint,
            settings.REGION_OF_ALL,
            settings.DEAD_LETTERS.bucket.bucket,
        )
    } == {
        "InputStreamArn": "TripsStream",
        "OpenSearchEndpoint": "https://SearchDomain",
        "Region": "AWS::Region",
        "DeadLetterBucket": "ArchiveBucket",
    }


@pytest.mark.parametrize("name", WITH_REPLAY)
def test_the_replay_writes_into_the_stream_that_the_job_reads(name: str) -> None:
    keys = variant(name).property_groups("Replay")[replay_settings.GROUP]
    job = variant(name).property_groups()[settings.GROUP]
    assert keys[replay_settings.SINK_STREAM.stream.key] == job[settings.SOURCE_STREAM.stream.key]


@pytest.mark.parametrize("name", WITH_REPLAY)
def test_the_replay_keeps_the_order_of_the_trips_by_one_request_at_a_time(name: str) -> None:
    assert read_by_the_replay(name).speedup == (0.5 if name == "history-elsewhere" else 6480)
    keys = variant(name).property_groups("Replay")[replay_settings.GROUP]
    assert keys["kinesis.sink.requests.max-inflight"] == "1"


@pytest.mark.parametrize("name", WITH_REPLAY)
def test_the_replay_is_not_started(name: str) -> None:
    started = [spelled({"Ref": application}) for application in variant(name).started]
    assert started == ([] if name == "not-started-and-gone" else ["FlinkApplication"])


def test_the_generator_makes_rides_for_the_stream_that_the_job_reads() -> None:
    groups = variant("generated").property_groups("Generator")
    texts = {
        generator_settings.SINK_STREAM.stream.name: STREAM_ARN,
        "KinesisSink/aws.region": "eu-west-1",
    }
    read = generator_settings.Settings.from_property_groups(resolved(groups, texts))
    assert (read.record_type, read.profile) == (TAXI_RIDE, constant(rate=2_000_000))
    given = groups[generator_settings.SINK_STREAM.stream.group][generator_settings.SINK_STREAM.stream.key]
    assert spelled(given) == "TripsStream"
    assert read.kafka is None


def test_the_generator_is_started_with_the_job() -> None:
    assert {spelled({"Ref": application}) for application in variant("generated").started} == {
        "FlinkApplication",
        "GeneratorApplication",
    }


OUTPUTS = {
    "ApplicationName": "FlinkApplication",
    "LogGroupName": "FlinkLogs",
    "StreamName": "TripsStream",
    "SearchEndpoint": "https://SearchDomain",
    "DeadLettersUri": "s3://ArchiveBucket/dead-letters/",
    "DashboardUrl": "https://AWS::Region.console.aws.amazon.com/cloudwatch/home?region=AWS::Region#dashboards/dashboard"
    "/Dashboard",
}
OUTPUTS_WITH_SIGN_IN = {
    "SearchDashboardsUrl": "https://SearchDomain/_dashboards",
    "AddUserCommand": "aws cognito-idp admin-create-user --user-pool-id SignInUsers --username me"
    " --user-attributes Name=email,Value=me@example.com",
    "SavedObjects": "SearchDashboards",
    "ImportCommand": 'curl --cookie "$COOKIE" --header osd-xsrf:true --header securitytenant:__user__'
    " --form file=@dashboards/search/taxi_analytics/saved-objects.ndjson"
    " 'https://SearchDomain/_dashboards/api/saved_objects/_import?overwrite=true'",
}
OUTPUTS_WITH_ARCHIVE = {"ArchiveUri": "s3://ArchiveBucket/raw/"}
OUTPUTS_WITH_REPLAY = {
    "StartReplayCommand": "aws kinesisanalyticsv2 start-application --application-name ReplayApplication",
    "StopReplayCommand": "aws kinesisanalyticsv2 stop-application --application-name ReplayApplication --force",
}
OUTPUTS_WITH_OWN_HISTORY = {"UploadHistoryCommand": "aws s3 cp --recursive data/taxi_rides s3://ArchiveBucket/history/"}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_outputs_have_ready_commands_and_links(name: str) -> None:
    outputs = variant(name).template.to_json()["Outputs"]
    assert {key: spelled(output["Value"]) for key, output in outputs.items()} == {
        **OUTPUTS,
        **(OUTPUTS_WITH_SIGN_IN if name in WITH_SIGN_IN else {}),
        **(OUTPUTS_WITH_ARCHIVE if name in WITH_ARCHIVE else {}),
        **(OUTPUTS_WITH_REPLAY if name in WITH_REPLAY else {}),
        **(OUTPUTS_WITH_OWN_HISTORY if name in WITH_REPLAY and name != "history-elsewhere" else {}),
    }
    assert all(output["Description"] for output in outputs.values())


# What the roles may do.


@pytest.mark.parametrize("name", [name for name in VARIANTS if name not in IN_VPC])
def test_the_job_reads_the_stream_and_writes_documents_and_dead_letters_and_nothing_else(name: str) -> None:
    assert rights(name, variant(name).application_role()) == {
        "TripsStream": {"kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"},
        "ArchiveBucket": {"s3:ListBucket"},
        "ArchiveBucket/dead-letters/*": {
            "s3:AbortMultipartUpload",
            "s3:DeleteObject",
            "s3:GetObject",
            "s3:PutObject",
        },
        "SearchDomain/_bulk": {"es:ESHttpPost"},
    }


def test_the_replay_reads_the_history_and_writes_the_stream_and_nothing_else() -> None:
    assert rights("default", variant("default").application_role("Replay")) == {
        "ArchiveBucket": {"s3:ListBucket"},
        "ArchiveBucket/history": {"s3:GetObject"},
        "ArchiveBucket/history/*": {"s3:GetObject"},
        "TripsStream": {"kinesis:PutRecords"},
    }


def test_the_generator_writes_the_stream_and_nothing_else() -> None:
    assert rights("generated", variant("generated").application_role("Generator")) == {
        "TripsStream": {"kinesis:PutRecords"}
    }


def test_a_history_elsewhere_is_read_at_its_prefix_alone() -> None:
    bucket = "arn:AWS::Partition:s3:::archive-of-rides"
    assert rights("history-elsewhere", variant("history-elsewhere").application_role("Replay")) == {
        bucket: {"s3:ListBucket"},
        f"{bucket}/yellow/2019": {"s3:GetObject"},
        f"{bucket}/yellow/2019/*": {"s3:GetObject"},
        "TripsStream": {"kinesis:PutRecords"},
    }


def test_the_history_elsewhere_is_what_the_replay_reads() -> None:
    keys = variant("history-elsewhere").property_groups("Replay")[replay_settings.GROUP]
    assert keys[replay_settings.SOURCE_PATH.key] == "s3://archive-of-rides/yellow/2019"


@pytest.mark.parametrize("name", WITH_ARCHIVE)
def test_the_archive_reads_the_stream_and_writes_below_its_prefix_and_nothing_else(name: str) -> None:
    delivery = only(variant(name).template, DELIVERY)["Properties"]
    role = delivery["KinesisStreamSourceConfiguration"]["RoleARN"]["Fn::GetAtt"][0]
    assert delivery["ExtendedS3DestinationConfiguration"]["RoleARN"]["Fn::GetAtt"][0] == role
    assert rights(name, role) == {
        "TripsStream": {
            "kinesis:DescribeStream",
            "kinesis:GetRecords",
            "kinesis:GetShardIterator",
            "kinesis:ListShards",
        },
        "ArchiveBucket": {"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"},
        "ArchiveBucket/raw/*": {"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"},
    }


@pytest.mark.parametrize("name", WITH_ARCHIVE)
def test_the_archive_is_of_the_jobs_stream_in_the_stacks_bucket(name: str) -> None:
    delivery = only(variant(name).template, DELIVERY)["Properties"]
    assert spelled(delivery["KinesisStreamSourceConfiguration"]["KinesisStreamARN"]) == "TripsStream"
    destination = delivery["ExtendedS3DestinationConfiguration"]
    assert spelled(destination["BucketARN"]) == "ArchiveBucket"
    assert destination["Prefix"].startswith("raw/year=")


# The stream and the domain.


@pytest.mark.parametrize(
    ("name", "mode", "shards"),
    [
        ("default", "PROVISIONED", 6),
        ("twice-the-shards-without-archive", "PROVISIONED", 12),
        ("on-demand", "ON_DEMAND", None),
    ],
)
def test_the_stream_has_the_shards_that_the_context_says(name: str, mode: str, shards: int | None) -> None:
    stream = only(variant(name).template, STREAM)["Properties"]
    assert (stream["StreamModeDetails"], stream.get("ShardCount")) == ({"StreamMode": mode}, shards)


def test_index_templates_are_installed_as_they_stand_in_their_files() -> None:
    expected = {f"/_index_template/{name}": body for name, body in index_templates("taxi-analytics").items()}
    found = installed("default", "Custom::OpenSearchObjects")
    assert {entry["path"]: entry["body"] for entry in found} == {**expected, f"/{REJECTED_DOCUMENTS}": {}}


def test_there_is_a_template_for_each_index_of_the_job() -> None:
    assert {"pickup_count", "trip_duration"} <= set(index_templates("taxi-analytics"))


def test_saved_objects_are_installed_as_they_stand_in_their_file() -> None:
    [found] = installed("default", "Custom::OpenSearchDashboardsObjects")
    assert found == {"saved_objects": saved_objects("taxi-analytics")}


def permitted_indices(name: str, kind: str) -> list[set[str]]:
    """The indices of each role in the domain of a kind, ``writer`` or ``viewer``."""
    roles = [
        entry["body"]["index_permissions"]
        for entry in installed(name, "Custom::OpenSearchSecurity")
        if re.fullmatch(rf"/_plugins/_security/api/roles/.*-{kind}-\w+", entry["path"])
    ]
    return [set(pattern) for role in roles for pattern in [role[0]["index_patterns"]]]


@pytest.mark.parametrize("name", ["default", "own-vpc-with-nat"])
def test_the_job_writes_and_people_read_the_indices_of_the_scenario_alone(name: str) -> None:
    assert permitted_indices(name, "writer") == permitted_indices(name, "viewer") == [{*INDICES, REJECTED_DOCUMENTS}]


def test_without_sign_in_nobody_looks_at_the_documents() -> None:
    assert permitted_indices("without-sign-in", "viewer") == []


def test_the_domain_has_the_nodes_and_zones_that_the_context_says() -> None:
    cluster = only(variant("three-zones").template, DOMAIN)["Properties"]["ClusterConfig"]
    assert cluster["InstanceCount"] == 6
    assert cluster["ZoneAwarenessConfig"] == {"AvailabilityZoneCount": 3}


def test_allowed_networks_are_the_only_ones_for_all_but_the_job_and_the_installer() -> None:
    policies = only(variant("allowed-networks").template, DOMAIN)["Properties"]["AccessPolicies"]
    [statement] = policies["Statement"]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"]["NotIpAddress"] == {"aws:SourceIp": NETWORKS}
    excepted = statement["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]
    assert {spelled(role) for role in excepted} == {"FlinkRole", "SearchInstallerRole"}


def test_a_domain_in_a_vpc_is_reached_by_the_job_and_the_installer_alone() -> None:
    found = variant("own-vpc-with-nat")
    [group] = only(found.template, DOMAIN)["Properties"]["VPCOptions"]["SecurityGroupIds"]
    rules = [body["Properties"] for body in found.of_type("AWS::EC2::SecurityGroupIngress").values()]
    to_domain = [rule for rule in rules if rule["GroupId"] == group]
    assert {spelled(rule["SourceSecurityGroupId"]) for rule in to_domain} == {
        "FlinkSecurityGroup",
        "SearchInstallerSecurityGroup",
    }
    assert {(rule["FromPort"], rule["ToPort"]) for rule in to_domain} == {(443, 443)}


def test_both_applications_sit_in_the_vpc_of_the_domain() -> None:
    found = variant("own-vpc-with-nat")
    for name in ("Flink", "Replay"):
        configuration = found.application(name)["Properties"]["ApplicationConfiguration"]
        assert len(configuration["VpcConfigurations"]) == 1, name


def test_endpoints_lead_to_what_is_used() -> None:
    names = endpoints("own-vpc-with-nat")
    assert all(service in names for service in (".kinesis-streams", ".logs", ".monitoring", ".sts", ".s3"))


def test_the_way_to_the_internet_has_the_gateways_that_the_context_says() -> None:
    assert len(variant("own-vpc-with-nat").of_type("AWS::EC2::NatGateway")) == 2


@pytest.mark.parametrize("name", ["default", "own-vpc-with-nat"])
def test_the_start_waits_for_the_templates_and_the_role_in_the_domain_and_the_ways_there(name: str) -> None:
    found = variant(name)
    needed = {
        *found.of_type("Custom::OpenSearchObjects"),
        *found.of_type("Custom::OpenSearchSecurity"),
        *found.of_type("AWS::EC2::SecurityGroupIngress"),
        *found.of_type("AWS::EC2::VPCEndpoint"),
    }
    waits = set(found.lifecycle()["DependsOn"])
    assert needed <= waits
    # A failed import must not keep the job from starting.
    assert waits.isdisjoint(found.of_type("Custom::OpenSearchDashboardsObjects"))


@pytest.mark.parametrize("name", WITH_REPLAY)
def test_the_replay_begins_anew_at_each_start_and_is_stopped_before_its_deletion(name: str) -> None:
    snapshots = variant(name).application("Replay")["Properties"]["ApplicationConfiguration"][
        "ApplicationSnapshotConfiguration"
    ]
    assert snapshots == {"SnapshotsEnabled": False}
    assert variant(name).lifecycle("Replay")["Properties"]["Start"] is False


# What is kept.


@pytest.mark.parametrize("resource_type", [STREAM, BUCKET, DOMAIN, USERS])
def test_data_and_users_stay_unless_the_context_says_no(resource_type: str) -> None:
    assert only(variant("default").template, resource_type)["DeletionPolicy"] == "RetainExceptOnCreate"


def test_nothing_but_a_setting_of_the_domain_stays_of_a_stack_that_is_to_go() -> None:
    resources = variant("not-started-and-gone").resources
    kept = {
        spelled({"Ref": name})
        for name, body in resources.items()
        if body.get("DeletionPolicy") == "RetainExceptOnCreate"
    }
    # No deletion could take the audit log's settings back; they go with the domain.
    assert kept == {"SearchInstallerAuditLog"}


# The alarms.


def test_the_job_has_an_alarm_on_its_lag_of_a_minute_behind_the_stream() -> None:
    lag = alarm("default", "millisBehindLatest")
    assert (lag["Threshold"], lag["ComparisonOperator"]) == (60_000, "GreaterThanThreshold")
    assert (lag["Period"], lag["EvaluationPeriods"]) == (60, 5)
    assert "TripsStream" in json.dumps(lag["Dimensions"])


def test_a_job_that_is_to_run_and_reports_nothing_is_taken_to_be_behind() -> None:
    assert alarm("default", "millisBehindLatest")["TreatMissingData"] == "breaching"
    assert alarm("not-started-and-gone", "millisBehindLatest")["TreatMissingData"] == "notBreaching"


@pytest.mark.parametrize(
    ("name", "metric", "threshold"),
    [
        ("default", DEAD_LETTER_COUNT, 100),
        ("default", LATE_TRIPS, 100),
        ("default", DOCUMENTS_REJECTED, 0),
        ("alarms-to-a-topic", DEAD_LETTER_COUNT, 5),
        ("alarms-to-a-topic", LATE_TRIPS, 7),
    ],
)
def test_what_does_not_count_raises_an_alarm_above_its_threshold(name: str, metric: str, threshold: int) -> None:
    found = alarm(name, metric)
    assert (found["Threshold"], found["ComparisonOperator"]) == (threshold, "GreaterThanThreshold")


def test_alarms_go_to_the_topic_that_is_named() -> None:
    for found in variant("alarms-to-a-topic").of_type(ALARM).values():
        assert found["Properties"]["AlarmActions"] == [TOPIC_ARN]


# The context.


def test_the_public_scenarios_figures_are_the_defaults() -> None:
    config = TaxiAnalyticsConfig()
    assert (config.shards, config.archive, config.producer, config.sign_in) == (6, True, "replay", True)
    assert (config.auto_scaling, config.snapshots, config.replay_speedup) == (True, True, 6480)


def test_a_context_that_says_nothing_leaves_the_job_its_own_defaults() -> None:
    told = groups_of_the_job("default")[settings.GROUP]
    needed = (
        settings.SOURCE_STREAM.stream,
        settings.SINK_DOMAIN.endpoint,
        settings.REGION_OF_ALL,
        settings.DEAD_LETTERS.bucket.bucket,
    )
    alone = {settings.GROUP: {prop.key: told[prop.key] for prop in needed}}
    assert read_by_the_job("default") == settings.Settings.from_property_groups(alone)


CHANGE = "change it in cdk.json or with -c taxi-analytics."
REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "networks of a VPC": (
        {"vpc": "true", "allowed-networks": "192.0.2.0/24"},
        "taxi-analytics.vpc must be false where allowed-networks are given: a domain in a VPC is reached from there"
        f" alone (got True); {CHANGE}vpc=…",
    ),
    "NAT without a VPC": (
        {"nat-gateways": "1"},
        "taxi-analytics.nat-gateways must be 0 where there is no VPC of the stack's own (got 1); "
        f"{CHANGE}nat-gateways=…",
    ),
    "a network that is all of them": (
        {"allowed-networks": "0.0.0.0/0"},
        "allowed_networks must be /8 or narrower (got '0.0.0.0/0'); name the networks of the users",
    ),
    "an address for a network": (
        {"allowed-networks": "192.0.2.0/24,192.0.2.1"},
        "allowed_networks must be CIDR blocks of IPv4 (got '192.0.2.1');"
        " write 203.0.113.0/24, or 203.0.113.7/32 for one address",
    ),
    "early results at no part of an hour": (
        {"early-results-minutes": "7"},
        "taxi-analytics.early-results-minutes must be a part of an hour: an integer by which 60 can be divided"
        " (got '7'); write one of 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60",
    ),
    "no shards": (
        {"shards": "0"},
        f"taxi-analytics.shards must be from 1 to 20000, or on-demand (got '0'); {CHANGE}shards=…",
    ),
    "an unknown producer": (
        {"producer": "kafka"},
        f"taxi-analytics.producer must be 'replay', 'generator' or 'none' (got 'kafka'); {CHANGE}producer=…",
    ),
    "too many zones": (
        {"search-zones": "4"},
        f"taxi-analytics.search-zones must be at most 3 (got '4'); {CHANGE}search-zones=…",
    ),
    "more zones than the VPC has": (
        {"vpc": "true", "search-zones": "3", "search-nodes": "3"},
        "taxi-analytics.vpc must be false where search-zones is above 2, the zones of the stack's VPC (got True);"
        f" {CHANGE}vpc=…",
    ),
    "nodes that no three zones share": (
        {"search-zones": "3"},
        "data_nodes must be a multiple of 3, the number of Availability Zones (got 2); 3 is the next one",
    ),
    "no speed": (
        {"replay-speedup": "0"},
        "taxi-analytics.replay-speedup must be a number above 0 (got '0'); write for example 3600",
    ),
    "less than no late trips": (
        {"late-trips-alarm": "-1"},
        f"taxi-analytics.late-trips-alarm must be at least 0 (got '-1'); {CHANGE}late-trips-alarm=…",
    ),
    "a typo": ({"shard": "5"}, "taxi-analytics.shard must be a known context key (got '5'); did you mean shards?"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_with_its_reason(case: str) -> None:
    keys, message = REFUSED[case]
    with pytest.raises(InvalidArgumentError) as refused:
        make({"scenario": "taxi-analytics", **{f"taxi-analytics.{key}": value for key, value in keys.items()}})
    assert str(refused.value) == message
