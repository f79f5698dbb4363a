"""Names of the job's metrics: what it registers, and what dashboards and alarms watch. Standard library only."""

from flink_apps.data_generator import faults

#: The managed service publishes the metrics of this group to CloudWatch.
METRIC_GROUP = "kinesisanalytics"
#: Records that a subtask has generated since the start.
RECORD_COUNT_METRIC = "generatedRecordCount"
#: Records a second over a subtask's last few seconds, as a whole number.
RECORD_RATE_METRIC = "generatedRecordRatePerParallelism"
#: Subtasks of the job; each reports it.
PARALLELISM_METRIC = "taskParallelism"
#: Counters of the records with a fault, which are there when faults are asked for.
FAULT_METRICS = {
    faults.LATE: "generatedLateCount",
    faults.DUPLICATE: "generatedDuplicateCount",
    faults.MALFORMED: "generatedMalformedCount",
    faults.OUT_OF_RANGE: "generatedOutOfRangeCount",
}
