"""What counters had counted at a job's end, read from what the reporter has written."""

from __future__ import annotations

from pathlib import Path

from local.flink.final_counters import final_counts

LINES = (
    "job\tsource\t0\t0\thost.taskmanager.1.name.source.0.seen\t5",  # before a restart
    "job\tsource\t0\t1\thost.taskmanager.1.name.source.0.seen\t7",
    "job\tsource\t1\t1\thost.taskmanager.1.name.source.1.seen\t2",
    "job\tsource\t1\t1\thost.taskmanager.1.name.source.1.unseen\t100",
    "another\tsource\t0\t0\thost.taskmanager.1.name.source.0.seen\t900",
)


def test_the_last_attempt_of_each_subtask_counts(tmp_path: Path) -> None:
    for number in (1, 2):  # each TaskManager writes its own
        lines = LINES[number - 1 :: 2]
        (tmp_path / f"final-counters-{number}.tsv").write_text("".join(f"{line}\n" for line in lines))
    assert sorted(final_counts(tmp_path, "job", "seen")) == [2, 7]


def test_a_cluster_without_ended_tasks_has_none(tmp_path: Path) -> None:
    assert final_counts(tmp_path, "job", "seen") == []
