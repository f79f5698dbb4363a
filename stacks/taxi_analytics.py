"""Taxi analytics: demand and rides to the airports from a stream of trips, on a map and as lines, live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from constructs import Construct
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from dashboards.search import SearchMetrics, index_templates, saved_objects
from dashboards.taxi_analytics import TaxiAnalyticsDashboard
from flink_apps.common.places import REJECTED_DOCUMENTS
from flink_apps.common.properties import Property
from flink_apps.data_generator import settings as generator_settings
from flink_apps.data_generator.records.taxi_ride import TAXI_RIDE
from flink_apps.replay import settings as replay_settings
from flink_apps.taxi_analytics import schema, settings
from flink_apps.taxi_analytics.metrics import DEAD_LETTER_COUNT, DOCUMENTS_REJECTED, LATE_TRIPS
from flink_constructs import metric_math
from flink_constructs.alarms import ApplicationAlarms
from flink_constructs.application import FlinkApplication
from flink_constructs.network import EndpointService
from flink_constructs.search_domain import SearchDomain
from flink_constructs.search_sign_in import SearchSignIn
from flink_constructs.stream_archive import StreamArchive
from flink_constructs.stream_delivery import StreamDelivery
from stacks.config import Shards, TopicArn, gateways_of_a_vpc
from stacks.replay import ReplayConfig, history_from, history_in
from stacks.scenario import ScenarioStack, comma_separated, of_the_job

#: Construct id of the stream that the job reads.
TRIPS = "Trips"
#: Where the trips go as they came.
RAW_PREFIX = "raw"
#: The indices that the job writes, and the sink's own for what OpenSearch refuses.
INDICES = (schema.PICKUP_COUNT, schema.TRIP_DURATION, REJECTED_DOCUMENTS)


#: Availability Zones of the network that a stack makes.
ZONES_OF_A_VPC = 2


class TaxiAnalyticsConfig(ReplayConfig):
    """Context of the taxi analytics."""

    scenario: ClassVar[str] = "taxi-analytics"

    parallelism: int = Field(default=2, ge=1, description="parallel tasks of every operator")
    auto_scaling: bool = Field(default=True, description="let the service change the parallelism with the load")
    shards: Shards = Field(default=6, description="shards of the stream, or on-demand, where the service scales it")
    early_results_minutes: int = of_the_job(settings.EARLY_RESULTS, low=1, high=60)
    out_of_order_seconds: int = of_the_job(settings.OUT_OF_ORDER, low=0, high=3_600)
    idle_seconds: int = of_the_job(settings.IDLE, low=1, high=3_600)
    clock_skew_seconds: int = of_the_job(settings.CLOCK_SKEW, low=0, high=86_400)
    archive: bool = Field(default=True, description="archive the trips in S3 as they come, by Firehose")
    producer: Literal["replay", "generator", "none"] = Field(
        default="replay",
        description="what puts trips into the stream: replay (of historic ones), generator (of made-up ones), or none",
    )
    records_per_second: int = Field(default=100, ge=1, le=1_000_000, description="trips that the generator makes")
    search_nodes: int = Field(default=2, ge=1, le=80, description="data nodes of the OpenSearch domain")
    search_zones: int | None = Field(
        default=None, ge=1, le=3, description="Availability Zones of the nodes; by default 2, or 1 for a single node"
    )
    sign_in: bool = Field(default=True, description="let people sign in to OpenSearch Dashboards, by Cognito")
    allowed_networks: Annotated[tuple[str, ...], BeforeValidator(comma_separated)] = Field(
        default=(), description="CIDR blocks from which the domain takes requests of people; by default from all"
    )
    vpc: bool = Field(default=False, description="the domain, and so the job, in a VPC instead of at a public endpoint")
    nat_gateways: int = Field(default=0, ge=0, le=2, description="gateways from the VPC to the internet")
    dead_letters_alarm: int = Field(default=100, ge=0, description="dead letters in 5 minutes above which it alarms")
    late_trips_alarm: int = Field(default=100, ge=0, description="late trips in 5 minutes above which it alarms")
    alarm_topic_arn: TopicArn | None = Field(
        default=None, description="the SNS topic that alarms are sent to; by default none"
    )

    @field_validator("early_results_minutes")
    @classmethod
    def _a_part_of_an_hour(cls, minutes: int) -> int:
        if 60 % minutes:
            raise ValueError("be a part of 60")
        return minutes

    @field_validator("nat_gateways")
    @classmethod
    def _gateways_of_a_vpc(cls, gateways: int, others: ValidationInfo) -> int:
        return gateways_of_a_vpc(gateways, in_vpc=bool(others.data.get("vpc")))

    @field_validator("vpc")
    @classmethod
    def _zones_of_the_network(cls, vpc: bool, others: ValidationInfo) -> bool:
        if vpc and (others.data.get("search_zones") or 0) > ZONES_OF_A_VPC:
            raise ValueError(f"be false where search-zones is above {ZONES_OF_A_VPC}, the zones of the stack's VPC")
        return vpc

    @field_validator("vpc")
    @classmethod
    def _networks_of_a_public_endpoint(cls, vpc: bool, others: ValidationInfo) -> bool:
        if vpc and others.data.get("allowed_networks"):
            raise ValueError("be false where allowed-networks are given: a domain in a VPC is reached from there alone")
        return vpc


class TaxiAnalyticsStack(ScenarioStack):
    """Stream, job, domain and archive, the replay that feeds them, and what watches over all."""

    config_type = TaxiAnalyticsConfig
    purpose = "Where taxis are wanted, and how long the ride to the airports is, live"

    def __init__(self, scope: Construct, construct_id: str, *, config: TaxiAnalyticsConfig) -> None:
        """Declare what ``config`` names, and an application that may use just that."""
        super().__init__(scope, construct_id, config=config)
        self._config = config
        self._network = (
            self.add_network(nat_gateways=config.nat_gateways, calls=[EndpointService.KINESIS_STREAMS])
            if config.vpc
            else None
        )
        self._stream = self.add_stream(
            TRIPS, shards=config.shards, output="StreamName", description="the Kinesis stream of the trips"
        )
        self._archive = StreamArchive(self, "Archive", removal_policy=self.removal_policy)
        self._domain = self._add_domain()
        application = self._add_job()
        delivery = self._add_delivery() if config.archive else None
        replay = self._add_replay() if config.producer == "replay" else None
        if config.producer == "generator":
            self._add_generator()
        self._watch(application, replay, delivery)

    def _add_domain(self) -> SearchDomain:
        """Add the domain with what the job's documents and their dashboards need."""
        config, network = self._config, self._network
        sign_in = SearchSignIn(self, "SignIn", removal_policy=self.removal_policy) if config.sign_in else None
        domain = SearchDomain(
            self,
            "Search",
            vpc=network.vpc if network else None,
            subnets=network.subnets if network else None,
            allowed_networks=config.allowed_networks or None,
            sign_in=sign_in,
            data_nodes=config.search_nodes,
            availability_zones=config.search_zones,
            removal_policy=self.removal_policy,
        )
        for name, body in index_templates(config.scenario).items():
            domain.add_index_template(name, body)
        self.add_output("SearchEndpoint", domain.endpoint, "the OpenSearch domain")
        if sign_in:
            domain.add_saved_objects("Dashboards", saved_objects(config.scenario))
            domain.grant_dashboards(sign_in, *INDICES)
            self.add_output("SearchDashboardsUrl", domain.dashboards_url, "the map and the lines, in Dashboards")
            self.add_output(
                "AddUserCommand",
                f"aws cognito-idp admin-create-user --user-pool-id {sign_in.user_pool.user_pool_id}"
                " --username me --user-attributes Name=email,Value=me@example.com",
                "adds somebody who may sign in to Dashboards; the password comes by mail",
            )
        return domain

    def _add_job(self) -> FlinkApplication:
        """Add the application, which may read the stream, write the indices and its dead letters."""
        network, prefix = self._network, str(settings.DEAD_LETTER_PREFIX.default)
        application = self.add_application(
            self._config, property_groups={settings.GROUP: self._keys(prefix)}, vpc=network.vpc if network else None
        )
        self._stream.grant_read(application)
        self._archive.grant_write(application, prefix=prefix)
        self._domain.grant_write(application, *INDICES)
        application.starts_after(self._domain)
        if network:
            self._domain.connections.allow_default_port_from(application.connections)
            application.starts_after(network)
        uri = f"s3://{self._archive.bucket_name}/{prefix}/"
        self.add_output("DeadLettersUri", uri, "records that could not be used")
        return application

    def _keys(self, prefix: str) -> Mapping[str, str]:
        config = self._config
        values: dict[Property, str | int] = {
            settings.INPUT_STREAM_ARN: self._stream.stream_arn,
            settings.ENDPOINT: self._domain.endpoint,
            settings.REGION: self.region,
            settings.EARLY_RESULTS: config.early_results_minutes,
            settings.OUT_OF_ORDER: config.out_of_order_seconds,
            settings.IDLE: config.idle_seconds,
            settings.CLOCK_SKEW: config.clock_skew_seconds,
            settings.DEAD_LETTER_BUCKET: self._archive.bucket_name,
            settings.DEAD_LETTER_PREFIX: prefix,
        }
        return {prop.key: str(value) for prop, value in values.items()}

    def _add_delivery(self) -> StreamDelivery:
        """Add the second reader of the stream, which keeps the trips as they came."""
        uri = f"s3://{self._archive.bucket_name}/{RAW_PREFIX}/"
        self.add_output("ArchiveUri", uri, "the trips as they came, in folders by the hour of their arrival")
        return StreamDelivery(
            self,
            "Delivery",
            stream=self._stream,
            archive=self._archive,
            prefix=RAW_PREFIX,
            removal_policy=self.removal_policy,
        )

    def _add_replay(self) -> FlinkApplication:
        """Add the replay: from a bucket's prefix into the stream."""
        config = self._config
        history = (
            history_in(self, self._archive, example="data/taxi_rides")
            if config.replay_from is None
            else history_from(self, config.replay_from)
        )
        keys = {**history.properties(config), replay_settings.OUTPUT_STREAM_ARN: self._stream.stream_arn}
        sink = replay_settings.prefix_of(replay_settings.KINESIS_OPTIONS)
        group = {
            **{prop.key: value for prop, value in keys.items()},
            # Of several requests at a time a later one may be written first: with the speedup, hours too early.
            f"{sink}sink.requests.max-inflight": "1",
            # What waits in the sink has left the replay, so its lag would not show a full stream before the buffer is.
            f"{sink}sink.requests.max-buffered": "2000",
        }
        replay = self.add_replay(
            config,
            property_groups={replay_settings.GROUP: group},
            vpc=self._network.vpc if self._network else None,
        )
        history.grant_read(replay)
        self._stream.grant_write(replay)
        return replay

    def _add_generator(self) -> None:
        """Add the generator of rides that end as they are made."""
        generator = self.add_generator(
            self._config,
            property_groups={
                generator_settings.RECORDS_PER_SECOND.group: {
                    generator_settings.RECORDS_PER_SECOND.key: str(self._config.records_per_second),
                    generator_settings.RECORD_TYPE.key: TAXI_RIDE.name,
                },
                generator_settings.KINESIS_STREAM_ARN.group: {
                    generator_settings.KINESIS_STREAM_ARN.key: self._stream.stream_arn,
                    generator_settings.KINESIS_REGION.key: self.region,
                },
            },
            vpc=self._network.vpc if self._network else None,
        )
        self._stream.grant_write(generator)
        if self._network:
            generator.starts_after(self._network)

    def _watch(
        self, application: FlinkApplication, replay: FlinkApplication | None, delivery: StreamDelivery | None
    ) -> None:
        """Add alarms and the dashboard that shows them."""
        config = self._config
        alarms = ApplicationAlarms(
            self,
            "Alarms",
            application=application,
            topic=self.alarm_topic(config.alarm_topic_arn),
            always_running=config.start,
        )
        alarms.stream_lag(self._stream, silence_is_lag=config.start)
        alarms.dead_letters(DEAD_LETTER_COUNT, max_in_5_minutes=config.dead_letters_alarm)
        alarms.alarm(
            "LateTrips",
            metric=metric_math.total_increase(application, LATE_TRIPS),
            threshold=config.late_trips_alarm,
            description="Trips come after their hour is over, and are dead letters: a producer is slow, or clocks"
            " differ. Look at the lag of the stream, and think of longer out-of-order-seconds.",
        )
        alarms.alarm(
            "RejectedDocuments",
            metric=metric_math.total_increase(application, DOCUMENTS_REJECTED),
            threshold=0,
            description=f"OpenSearch refuses documents: look into the index {REJECTED_DOCUMENTS} for the reasons.",
        )
        dashboard = TaxiAnalyticsDashboard(
            self,
            "Dashboard",
            application=application,
            alarms=alarms,
            stream=self._stream,
            replay=replay,
            search=SearchMetrics.of(self._domain),
            archive_behind=delivery.metric_seconds_behind() if delivery else None,
        )
        self.add_output("DashboardUrl", dashboard.url, "the dashboard")
