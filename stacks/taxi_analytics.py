"""Taxi analytics: demand and rides to the airports from a stream of trips, on a map and as lines, live."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from constructs import Construct
from pydantic import BeforeValidator, Field

from dashboards import taxi_analytics as dashboard
from dashboards.search import SearchMetrics, index_templates, saved_objects
from flink_apps.common.ends.opensearch import REJECTED_DOCUMENTS
from flink_apps.common.options import written
from flink_apps.common.properties import PropertyGroups
from flink_apps.data_generator import settings as generator_settings
from flink_apps.data_generator.records.taxi_ride import TAXI_RIDE
from flink_apps.replay import settings as replay_settings
from flink_apps.taxi_analytics import schema, settings
from flink_apps.taxi_analytics.metrics import DEAD_LETTER_COUNT, DOCUMENTS_REJECTED, LATE_TRIPS
from flink_constructs import metric_math
from flink_constructs.application import FlinkApplication
from flink_constructs.search_domain import SearchDomain
from flink_constructs.search_sign_in import SearchSignIn
from flink_constructs.stream_delivery import StreamDelivery
from stacks.config import Shards, Vpc, comma_separated, from_option
from stacks.ends import bucket_sink, domain_sink, merged, prepare_domain
from stacks.replay import ReplayConfig, history
from stacks.scenario import ScenarioStack

#: Construct id of the stream that the job reads.
TRIPS = "Trips"
#: The prefix of the raw trips in the archive.
RAW_PREFIX = "raw"
#: The indices that the job writes.
INDICES = (schema.PICKUP_COUNT, schema.TRIP_DURATION)
#: Options of the replay's Kinesis sink.
REPLAY_SINK = {
    # With several requests in flight, a later one may be written first: with the speedup, hours too early.
    "sink.requests.max-inflight": "1",
    # The replay's lag does not include records in the sink's buffer: a large buffer would hide a full stream.
    "sink.requests.max-buffered": "2000",
}


class TaxiAnalyticsConfig(ReplayConfig):
    """Context of the taxi analytics."""

    scenario: ClassVar[str] = "taxi-analytics"

    parallelism: int = Field(default=2, ge=1, description="parallel tasks of every operator")
    auto_scaling: bool = Field(default=True, description="let the service adapt the parallelism to the load")
    shards: Shards = Field(default=6, description="shards of the stream, or on-demand")
    early_results_minutes: int = from_option(settings.EARLY_RESULTS)
    out_of_order_seconds: int = from_option(settings.OUT_OF_ORDER)
    idle_seconds: int = from_option(settings.IDLE)
    clock_skew_seconds: int = from_option(settings.CLOCK_SKEW)
    archive: bool = Field(default=True, description="archive the raw trips in S3, with Firehose")
    producer: Literal["replay", "generator", "none"] = Field(
        default="replay",
        description="producer of the trips: replay (historic ones), generator (made-up ones), or none",
    )
    records_per_second: int = from_option(
        generator_settings.RECORDS_PER_SECOND, default=100, meaning="rate of the generator, in trips per second"
    )
    search_nodes: int = Field(default=2, ge=1, le=80, description="data nodes of the OpenSearch domain")
    search_zones: int | None = Field(
        default=None, ge=1, le=3, description="Availability Zones of the nodes; by default 2, or 1 for a single node"
    )
    sign_in: bool = Field(default=True, description="let people sign in to OpenSearch Dashboards, with Cognito")
    allowed_networks: Annotated[tuple[str, ...], BeforeValidator(comma_separated)] = Field(
        default=(), description="CIDR blocks from which people may reach the domain; by default from anywhere"
    )
    vpc: Vpc | None = Field(
        default=False,
        description="put the domain and the job into a VPC, instead of using a public endpoint: true for a new one, or"
        " the id of yours",
    )
    dead_letters_alarm: int = Field(default=100, ge=0, description="alarm above this many dead letters in 5 minutes")
    late_trips_alarm: int = Field(default=100, ge=0, description="alarm above this many late trips in 5 minutes")

    def check(self) -> None:
        """A domain in the stack's VPC has at most the VPC's zones, and can only be reached from there."""
        if self.vpc and (self.search_zones or 0) > self.number_of_zones:
            rule = f"be false where search-zones is above {self.number_of_zones}, the zones of the stack's VPC"
            raise self.error("vpc", rule)
        if self.vpc and self.allowed_networks:
            rule = "be false where allowed-networks are given: a domain in a VPC is reached from there alone"
            raise self.error("vpc", rule)


class TaxiAnalyticsStack(ScenarioStack):
    """Stream, job, domain and archive, the replay that feeds them, and what watches over all."""

    config_type = TaxiAnalyticsConfig
    purpose = "Where taxis are wanted, and how long the ride to the airports is, live"

    def __init__(self, scope: Construct, construct_id: str, *, config: TaxiAnalyticsConfig) -> None:
        """Declare what ``config`` names, and an application that may use just that."""
        super().__init__(scope, construct_id, config=config)
        self._config = config
        self._stream = self.stream(
            TRIPS, shards=config.shards, output="StreamName", description="the Kinesis stream of the trips"
        )
        self._domain = self._add_domain()
        application = self.add_application(
            [
                self.stream_ends.source(self._stream, settings.SOURCE_STREAM),
                domain_sink(self._domain, settings.SINK_DOMAIN, region=self.region, indices=INDICES),
                bucket_sink(self.archive, settings.DEAD_LETTERS.bucket),
            ]
        )
        uri = f"s3://{self.archive.bucket_name}/{settings.DEAD_LETTERS.bucket.prefix.default}/"
        self.add_output("DeadLettersUri", uri, "records that could not be used")
        delivery = self._add_delivery() if config.archive else None
        replay = self._add_trip_replay() if config.producer == "replay" else None
        if config.producer == "generator":
            self.add_generator([self.stream_ends.sink(self._stream, generator_settings.SINK_STREAM)])
        self._add_alarms_and_dashboard(application, replay, delivery)

    def own_properties(self, job: str) -> PropertyGroups:
        """The options from the context; the replay's sink keeps the trips in order, and the generator emits rides."""
        own = super().own_properties(job)
        if job == "replay":
            prefix = replay_settings.prefix_of(replay_settings.KINESIS_OPTIONS)
            return merged(own, {replay_settings.GROUP: {f"{prefix}{key}": value for key, value in REPLAY_SINK.items()}})
        if job == "data-generator":
            return merged(own, written([(generator_settings.RECORD_TYPE, TAXI_RIDE.name)]))
        return own

    def _add_domain(self) -> SearchDomain:
        """Add the domain with index templates, sign-in and saved objects."""
        config, network = self._config, self.network
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
        prepare_domain(domain, index_templates(config.scenario))
        self.add_output("SearchEndpoint", domain.endpoint, "the OpenSearch domain")
        if sign_in:
            imported = domain.add_saved_objects("Dashboards", saved_objects(config.scenario))
            domain.grant_dashboards(sign_in, *INDICES, REJECTED_DOCUMENTS)
            self.add_output("SearchDashboardsUrl", domain.dashboards_url, "the map and the lines, in Dashboards")
            self.add_output(
                "SavedObjects", imported.get_att_string("Outcome"), "whether the map and the lines are in Dashboards"
            )
            self.add_output(
                "ImportCommand",
                f'curl --cookie "$COOKIE" --header osd-xsrf:true --header securitytenant:__user__ --form'
                f" file=@dashboards/search/taxi_analytics/saved-objects.ndjson"
                f" '{domain.dashboards_url}/api/saved_objects/_import?overwrite=true'",
                "where they are not: puts them into your own tenant; COOKIE is what a browser that is signed in sends",
            )
            self.add_output(
                "AddUserCommand",
                f"aws cognito-idp admin-create-user --user-pool-id {sign_in.user_pool.user_pool_id}"
                " --username me --user-attributes Name=email,Value=me@example.com",
                "adds somebody who may sign in to Dashboards; the password comes by mail",
            )
        return domain

    def _add_delivery(self) -> StreamDelivery:
        """Add the second reader of the stream, which archives the raw trips."""
        uri = f"s3://{self.archive.bucket_name}/{RAW_PREFIX}/"
        self.add_output("ArchiveUri", uri, "the trips as they came, in folders by the hour of their arrival")
        return StreamDelivery(
            self,
            "Delivery",
            stream=self._stream,
            archive=self.archive,
            prefix=RAW_PREFIX,
            removal_policy=self.removal_policy,
        )

    def _add_trip_replay(self) -> FlinkApplication:
        """Add the replay: from a bucket's prefix into the stream."""
        return self.add_replay(
            [
                history(self, self._config, example="data/taxi_rides"),
                self.stream_ends.sink(self._stream, replay_settings.SINK_STREAM),
            ]
        )

    def _add_alarms_and_dashboard(
        self, application: FlinkApplication, replay: FlinkApplication | None, delivery: StreamDelivery | None
    ) -> None:
        config = self._config
        alarms = self.add_alarms(application)
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
        dashboard.add_sections(
            self.add_dashboard(dashboard.TITLE, alarms),
            application=application,
            stream=self._stream,
            replay=replay,
            search=SearchMetrics.of(self._domain),
            archive_behind=delivery.metric_seconds_behind() if delivery else None,
        )
