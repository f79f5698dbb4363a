"""Names of the job's metrics, for the job, dashboards and alarms. Standard library only."""

from flink_apps.data_generator import faults

#: The managed service publishes the metrics of this group to CloudWatch.
METRIC_GROUP = "kinesisanalytics"
#: Records that a subtask has generated since the start.
RECORD_COUNT_METRIC = "generatedRecordCount"
#: Records per second of a subtask over the last few seconds, as an integer.
RECORD_RATE_METRIC = "generatedRecordRatePerParallelism"
#: The parallelism of the job; each subtask reports it.
PARALLELISM_METRIC = "taskParallelism"
#: Counters of the records with a fault, if faults are configured.
FAULT_METRICS = {
    faults.LATE: "generatedLateCount",
    faults.DUPLICATE: "generatedDuplicateCount",
    faults.MALFORMED: "generatedMalformedCount",
    faults.OUT_OF_RANGE: "generatedOutOfRangeCount",
}
