"""The replay for real, into a stream that keeps Kinesis' limits: within them first, then beyond them.

```
 wanted   90 % ─────────┐         ┌── 130 % of what the shards take
 time     0 s      WITHIN_SECONDS      + BEYOND_SECONDS      then what is left over
```
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from flink_apps.common.aws import KINESIS_ENDPOINT
from flink_apps.replay.metrics import REPLAY_LAG_MILLIS
from flink_apps.replay.settings import GROUP, SINK_STREAM, SOURCE_PATH, SPEEDUP
from local.flink.rest import Job
from local.run import LocalRun
from local.scenarios.trips import REPLAY
from local.services.kinesis import KinesisService
from local.services.opensearch import OpenSearchService
from local.services.s3 import S3Service
from local.synth import synthesize
from tests.local.throttling_kinesis import RECORDS_PER_SECOND, Taken, ThrottlingKinesis

pytestmark = [pytest.mark.integration, pytest.mark.paced]

WITHIN, WITHIN_SECONDS = 0.9, 8
#: Long enough for what hides the limit at first: a second that the shards have saved up, and the sink's buffer.
BEYOND, BEYOND_SECONDS = 1.3, 15
#: Shards, and what each takes a second: twelve at the service's own limit would be more than the emulator takes.
STREAMS = [(6, RECORDS_PER_SECOND), (12, RECORDS_PER_SECOND // 4)]
#: How much more than the shards the emulator has to take: it shares its machine with Flink, and all wait for it.
EMULATOR_MARGIN = 1.2
EARLIEST_MILLIS = 1_706_659_200_000  # 2024-01-31T00:00:00Z


@dataclass(frozen=True)
class Moment:
    """What was known at a time, in seconds of a monotonic clock."""

    seconds: float
    taken: Taken
    lag_millis: float
    emulator_seconds: float


@dataclass(frozen=True, kw_only=True)
class Story:
    """What the tests below are told of a run."""

    limit: int
    wanted: int
    moments: list[Moment]
    arrived: Counter[int]

    @property
    def within(self) -> list[Moment]:
        """The moments at which only trips had come that the shards have room for."""
        last = WITHIN * self.limit * WITHIN_SECONDS
        return [moment for moment in self.moments if 0 < moment.taken.admitted <= last]

    @property
    def beyond(self) -> list[Moment]:
        """The moments at which others came, too, but for the last second: some shards are through before others."""
        before, end = self.within[-1], self.wanted - self.limit
        return [moment for moment in self.moments if before.taken.admitted < moment.taken.admitted < end]

    @property
    def throttled(self) -> list[Moment]:
        """The moments of them from the first throttled record on: the shards have nothing saved up any more."""
        before = self.within[-1].taken.throttled
        return [moment for moment in self.beyond if moment.taken.throttled > before]


def trips(limit: int, speedup: float) -> Iterator[dict[str, object]]:
    """Trips whose ends are evenly spaced, first as the shards take them and then closer together."""
    number, due = 0, 0.0
    for share, seconds in ((WITHIN, WITHIN_SECONDS), (BEYOND, BEYOND_SECONDS)):
        rate = share * limit
        for _ in range(int(rate * seconds)):
            end = EARLIEST_MILLIS + int(due * 1000 * speedup)
            number, due = number + 1, due + 1 / rate
            yield {
                "trip_id": number,
                "type": "yellow-trip",
                "pickup_datetime": end - 600_000,
                "dropoff_datetime": end,
                "pickup_location_id": 161,
                "dropoff_location_id": 142,
                "passenger_count": 1,
                "trip_distance": 1.54,
                "total_amount": 12.36,
            }


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRun]:
    folder = tmp_path_factory.mktemp("run")
    with LocalRun(synthesize("taxi-analytics", {}, folder / "cdk.out"), folder) as run:
        # Nobody reads the stream.
        run.services = [service for service in run.services if not isinstance(service, OpenSearchService)]
        run.clusters = {REPLAY: run.clusters[REPLAY]}
        run.start()
        run.assembly.unpack_code(folder / "code", REPLAY)
        yield run


@pytest.fixture(scope="module", params=STREAMS, ids=lambda stream: f"{stream[0]} shards")
def story(request: pytest.FixtureRequest, run: LocalRun) -> Story:
    shards, records_per_second = request.param
    kinesis, stream = run.service(KinesisService), f"trips-{shards}"
    kinesis.create_stream(stream, shards)
    with ThrottlingKinesis(kinesis.address, records_per_second=records_per_second) as proxy:
        return tell(run, kinesis, stream, proxy, shards * records_per_second)


def tell(run: LocalRun, kinesis: KinesisService, stream: str, proxy: ThrottlingKinesis, limit: int) -> Story:
    """Replay all trips, and look again and again at how far it is."""
    groups = run.property_groups(REPLAY)
    groups[KINESIS_ENDPOINT.group][KINESIS_ENDPOINT.key] = proxy.address
    arn = groups[GROUP][SINK_STREAM.stream.key]
    groups[GROUP][SINK_STREAM.stream.key] = f"{arn.rpartition('/')[0]}/{stream}"
    wanted = upload(run, groups[GROUP], limit)
    job = run.clusters[REPLAY].submit(run.folder / "code", groups)
    moments: list[Moment] = []
    deadline = time.monotonic() + 180
    while (state := job.state) != "FINISHED":
        assert state not in ("FAILED", "CANCELED", "RESTARTING"), job.root_cause()
        assert time.monotonic() < deadline, f"after {len(moments)} looks: {moments[-1:]}"
        moments.append(Moment(time.monotonic(), proxy.total(stream), lag_millis(job), proxy.emulator_seconds))
        time.sleep(0.2)
    arrived = Counter(json.loads(value)["trip_id"] for value in kinesis.values(stream))
    return Story(limit=limit, wanted=wanted, moments=moments, arrived=arrived)


def upload(run: LocalRun, settings: dict[str, str], limit: int) -> int:
    """Upload the trips to where the replay reads them; gives their number."""
    lines = [json.dumps(trip, separators=(",", ":")) for trip in trips(limit, float(settings[SPEEDUP.key]))]
    place = urlsplit(settings[SOURCE_PATH.key])
    key = f"{place.path.strip('/')}/trips.json"
    run.service(S3Service).client.put_object(Bucket=place.netloc, Key=key, Body="\n".join(lines).encode())
    return len(lines)


def lag_millis(job: Job) -> float:
    """How far the replay is behind; 0 before it has begun."""
    return max(job.metric_values(REPLAY_LAG_MILLIS), default=0.0)


@pytest.fixture
def paced(story: Story) -> Story:
    """The story, where the machine was quick enough for it to be one of the shards' limits, and not of its own."""
    moment = story.within[-1]
    rate = moment.taken.admitted / moment.emulator_seconds
    if rate < EMULATOR_MARGIN * story.limit:
        pytest.skip(
            f"left out: needs an emulator that takes {EMULATOR_MARGIN * story.limit:,.0f} records/s"
            f" (it took {rate:,.0f}): run it alone, on a quiet machine"
        )
    return story


def test_within_the_limit_next_to_nothing_is_throttled(paced: Story) -> None:
    taken = paced.within[-1].taken
    assert taken.throttled <= 0.0002 * taken.admitted


def test_within_the_limit_the_replay_is_on_time(paced: Story) -> None:
    assert max(moment.lag_millis for moment in paced.within) < 1000


def test_within_the_limit_the_stream_has_the_trips_in_their_time(paced: Story) -> None:
    first, last = paced.within[0], paced.within[-1]
    assert last.seconds - first.seconds < WITHIN_SECONDS + 1


def test_beyond_the_limit_records_are_throttled(paced: Story) -> None:
    taken = paced.beyond[-1].taken - paced.within[-1].taken
    assert taken.throttled > 0.0005 * taken.admitted


def test_beyond_the_limit_the_replay_writes_nearly_all_that_the_shards_take(paced: Story) -> None:
    first, last = paced.throttled[0], paced.throttled[-1]
    seconds = last.seconds - first.seconds
    assert seconds > BEYOND_SECONDS / 2
    assert (last.taken - first.taken).admitted / seconds >= 0.95 * paced.limit


def test_the_lag_grows_beyond_the_limit_and_not_before(paced: Story) -> None:
    before = max(moment.lag_millis for moment in paced.within)
    assert paced.beyond[-1].lag_millis > 1000 + before


def test_nothing_is_lost(story: Story) -> None:
    assert story.arrived.keys() == set(range(1, story.wanted + 1))
