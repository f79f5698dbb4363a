"""Two applications of one template for real: one feeds the other through a bucket, and a TaskManager is lost."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.feeders import Feeders
from local.flink.rest import Job
from local.restarts import WatchedJob
from local.run import LocalRun
from local.services.s3 import S3Service
from tests.local.failures import wait_for
from tests.local.made_by_hand import SQL_GROUP, application, assembly

pytestmark = pytest.mark.integration

ROWS = 15_000
RATE = 1000

FEEDER_SQL = """
CREATE TABLE numbers (n INT) WITH (
    'connector' = 'datagen', 'rows-per-second' = '{rate}',
    'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '{rows}');
CREATE TABLE fed (n INT) WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{output}',
    'sink.rolling-policy.rollover-interval' = '2 s', 'sink.rolling-policy.check-interval' = '1 s');
INSERT INTO fed SELECT n FROM numbers
"""
# Files stay open for several checkpoints: each keeps what is too small for a part of an upload beside it.
MAIN_SQL = """
CREATE TABLE fed (n INT) WITH (
    'connector' = 'filesystem', 'format' = 'json', 'path' = '{input}', 'source.monitor-interval' = '1 s');
CREATE TABLE kept (n INT) WITH ('connector' = 'filesystem', 'format' = 'json', 'path' = '{output}',
    'sink.rolling-policy.rollover-interval' = '5 s', 'sink.rolling-policy.check-interval' = '1 s');
INSERT INTO kept SELECT n FROM fed
"""


@dataclass(frozen=True, kw_only=True)
class Story:
    """What the tests below are told of the run."""

    feeder_states: tuple[str, str]
    restarts: int
    addresses: set[str]
    fed: list[int]
    kept: list[int]


def numbers(s3: S3Service, prefix: str) -> list[int]:
    """The numbers in the files that readers see; what begins with a dot or an underscore is not finished."""
    finished = [key for key in s3.keys("archive", prefix) if not Path(key).name.startswith((".", "_"))]
    return [json.loads(line)["n"] for key in finished for line in s3.read("archive", key).splitlines()]


def path(prefix: str) -> dict[str, object]:
    return {"Fn::Join": ["", ["s3://", {"Ref": "Archive1234ABCD"}, f"/{prefix}"]]}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("run")
    feeder = {SQL_GROUP: {"rate": RATE, "rows": ROWS, "output": path("in/")}}
    main = {SQL_GROUP: {"input": path("in/"), "output": path("out/")}}
    resources = {
        "Archive1234ABCD": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "archive"}},
        "ReplayApplication00000000": application("replay.zip", groups=feeder),
        "FlinkApplication11111111": application("main.zip", groups=main, parallelism=2),
    }
    made = assembly(folder / "cdk.out", resources, {"replay.zip": FEEDER_SQL, "main.zip": MAIN_SQL})
    with LocalRun(made, folder) as run:
        yield tell(run)


def tell(run: LocalRun) -> Story:
    """Feed the job, crash it in the middle, and let it take all that there is."""
    run.start()
    s3 = run.service(S3Service)
    s3.client.put_object(
        Bucket="archive", Key="in/first.json", Body=b'{"n":0}\n'
    )  # a path that nobody has written is none
    job = run.submit()
    wait_for("the start", lambda: job.running_seconds() > 0)
    feeders = Feeders(run, ("Replay",))
    assert list(feeders.submit()) == ["Replay"]
    feeder = feeders.jobs["Replay"]
    wait_for("the first rows", lambda: len(numbers(s3, "out/")) > 1)
    state = feeder.state
    restarts = crash(run, job, s3)
    wait_for("the end of what feeds", lambda: feeder.state == "FINISHED")
    feeders.stop()
    wait_for("the end of the input", lambda: processed(job))
    run.stop_job(job)
    return Story(
        feeder_states=(state, feeder.state),
        restarts=restarts,
        addresses={cluster.rest.address for cluster in run.clusters.values()},
        fed=numbers(s3, "in/"),
        kept=numbers(s3, "out/"),
    )


def crash(run: LocalRun, job: Job, s3: S3Service) -> int:
    """Lose a TaskManager that has files open which a checkpoint covers: their beginnings lie beside them.

    Gives the number of restarts.
    """
    wait_for("a checkpoint of open files", lambda: any("_tmp_" in key for key in s3.keys("archive", "out/")))
    run.cluster.task_managers[0].kill()
    run.cluster.task_managers.append(run.cluster.new_task_manager(2))
    run.cluster.task_managers[-1].start()
    watched = WatchedJob(job)
    wait_for("the notice of the crash", lambda: watched.look() == 0)
    wait_for("the restart", lambda: watched.look() > 0)
    return watched.restarts


def processed(job: Job) -> bool:
    """Whether the source found nothing new for a while: it looks every second."""
    before = job.metric_values("numRecordsOut")
    time.sleep(4)
    return job.metric_values("numRecordsOut") == before


def test_each_application_has_a_cluster_of_its_own(story: Story) -> None:
    assert len(story.addresses) == 2


def test_what_feeds_may_finish_by_itself(story: Story) -> None:
    assert story.feeder_states == ("RUNNING", "FINISHED")


def test_a_lost_task_manager_is_one_restart(story: Story) -> None:
    assert story.restarts == 1


def test_a_bounded_job_has_written_all_its_rows_when_it_finishes(story: Story) -> None:
    assert sorted(story.fed) == list(range(ROWS + 1))


def test_files_in_the_bucket_hold_every_row_once_in_spite_of_a_crash(story: Story) -> None:
    assert sorted(story.kept) == list(range(ROWS + 1))
