"""Names of the job's metrics: what it registers, and what dashboards and alarms watch. Standard library only."""

#: The managed service hands the metrics of this group on to CloudWatch.
METRIC_GROUP = "kinesisanalytics"
#: Records that a subtask has generated since the start.
RECORD_COUNT_METRIC = "generatedRecordCount"
#: Records a second over a subtask's last few seconds, as a whole number.
RECORD_RATE_METRIC = "generatedRecordRatePerParallelism"
#: Subtasks of the job; each reports it.
PARALLELISM_METRIC = "taskParallelism"
