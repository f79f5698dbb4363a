"""`ApplicationAlarms`: what has to be known of a Flink application before its users notice."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from flink_constructs import metric_math, validation
from flink_constructs.application_base import FlinkApplicationBase
from flink_constructs.data_stream import DataStreamBase

__all__ = ["ApplicationAlarms"]

# Minutes for which a value has to stay too high before it is more than a peak.
SUSTAINED_MINUTES = 15
LAG_MINUTES = 5


class ApplicationAlarms(Construct):
    """The alarms that AWS recommends for Managed Service for Apache Flink, and those that a scenario adds.

    They follow https://docs.aws.amazon.com/managed-flink/latest/java/monitoring-metrics-alarms.html. An application
    that does not run reports nothing. One alarm, ``Stopped``, is for that: missing data
    raises it. Missing data raises no other, so that one cause raises one alarm.
    """

    alarms: list[cloudwatch.Alarm]
    """In the order in which they were made; for a dashboard, or a composite alarm."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        application: FlinkApplicationBase,
        topic: sns.ITopic | None = None,
        always_running: bool = True,
        source_stream: DataStreamBase | None = None,
        max_stream_lag: Duration | None = None,
        max_records_lag: int | None = None,
        max_downtime: Duration | None = None,
        max_full_restarts: int = 0,
        max_failed_checkpoints: int = 0,
        max_cpu_percent: int = 80,
        max_memory_percent: int = 90,
        max_heap_memory_percent: int = 90,
    ) -> None:
        """Declare the alarms.

        Args:
            scope: The parent.
            construct_id: The id, unique in ``scope``.
            application: What is watched.
            topic: Where each alarm sends a notification when it is raised, and when it is over. The key of an
                encrypted topic has to be the customer's own, with a policy that allows ``kms:Decrypt`` and
                ``kms:GenerateDataKey*`` to ``cloudwatch.amazonaws.com``. Default: nowhere, alarms show in the console.
            always_running: Raise an alarm when the application has reported nothing for 15 minutes. Default: on; turn
                it off for an application that is not started, or stopped for the night.
            source_stream: The stream that the job reads; of further ones, see ``stream_lag``. Default: none, no alarm
                on its lag.
            max_stream_lag: How far behind the head of ``source_stream`` the job may be for 5 minutes. Default: 1
                minute.
            max_records_lag: How many records behind the job may be in a Kafka partition for 5 minutes; a partition's
                records per second, times the seconds that may pass. Default: no alarm, since this depends on the rate.
            max_downtime: How long the job may fail and recover. Default: 0, any interruption raises the alarm.
            max_full_restarts: Restarts in 5 minutes that are no reason for an alarm. Default: 0.
            max_failed_checkpoints: Failed checkpoints in 5 minutes that are no reason for an alarm. Default: 0.
            max_cpu_percent: CPU that the busiest container may use for 15 minutes, 1 to 100. Default: 80.
            max_memory_percent: Memory that the fullest container may use for 15 minutes, 1 to 100. Default: 90.
            max_heap_memory_percent: Heap that the fullest JVM may use for 15 minutes, 1 to 100. Default: 90.

        Raises:
            InvalidArgumentError: for a value out of range.

        """
        max_downtime = max_downtime or Duration.seconds(0)
        for name, percent in (
            ("max_cpu_percent", max_cpu_percent),
            ("max_memory_percent", max_memory_percent),
            ("max_heap_memory_percent", max_heap_memory_percent),
        ):
            validation.integer(name, percent, low=1, high=100, fix="80 to 90 is usual")
        for name, count in (
            ("max_full_restarts", max_full_restarts),
            ("max_failed_checkpoints", max_failed_checkpoints),
            ("max_records_lag", max_records_lag or 0),
        ):
            validation.integer(name, count, low=0, high=1_000_000_000, fix="0 raises the alarm at the first")
        super().__init__(scope, construct_id)
        self.alarms = []
        self._application = application
        self._action = actions.SnsAction(topic) if topic else None

        self.alarm(
            "Downtime",
            metric=application.metric_downtime_millis(),
            threshold=max_downtime.to_milliseconds(),
            description="The job fails and recovers, and processes nothing meanwhile. Look for the exception in the "
            "application's log; a job that keeps failing needs its code, its permissions or its bad input mended.",
        )
        if always_running:
            stopped = self.alarm(
                "Stopped",
                # Nothing that runs is below 0: a job that has ended reports -1, and a stopped one nothing.
                metric=application.metric_uptime_millis(),
                threshold=0,
                comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
                datapoints=SUSTAINED_MINUTES,
                missing_data=cloudwatch.TreatMissingData.BREACHING,
                description="The job has ended, or the application has reported nothing for a quarter of an hour: it "
                "is stopped, or cannot start. Look at its status and its log, and start it.",
            )
            if application.lifecycle is not None:
                # It comes after the start, and goes before the stop: a deployment is no reason for an alarm.
                stopped.node.add_dependency(application.lifecycle)
        self.alarm(
            "FullRestarts",
            metric=metric_math.increase(application.metric_full_restarts()),
            threshold=max_full_restarts,
            description="The job restarted. Once may be maintenance by the service; more often the log has the "
            "exception, or a TaskManager ran out of memory.",
        )
        self.alarm(
            "FailedCheckpoints",
            metric=metric_math.increase(application.metric_failed_checkpoints()),
            threshold=max_failed_checkpoints,
            description="Checkpoints fail, so that more and more would be replayed after a failure, and sinks that "
            "commit with checkpoints write nothing. Look for backpressure, growing state, and permissions in S3.",
        )
        for name, metric, percent, remedy in (
            (
                "Cpu",
                application.metric_cpu_percent(),
                max_cpu_percent,
                "Raise the parallelism or turn automatic scaling on; if one container alone is busy, look for hot keys",
            ),
            (
                "Memory",
                application.metric_memory_percent(),
                max_memory_percent,
                "At 100 % the container is killed. Raise the parallelism or lower the tasks per KPU",
            ),
            (
                "HeapMemory",
                application.metric_heap_memory_percent(),
                max_heap_memory_percent,
                "Look for state or buffers that grow without end, then raise the parallelism or lower the tasks per "
                "KPU",
            ),
        ):
            self.alarm(
                name,
                metric=metric.with_(statistic=cloudwatch.Stats.MAXIMUM),
                threshold=percent,
                datapoints=SUSTAINED_MINUTES,
                description=f"More than {percent} % for {SUSTAINED_MINUTES} minutes. {remedy}.",
            )
        if source_stream is not None:
            self.stream_lag(source_stream, max_lag=max_stream_lag)
        if max_records_lag is not None:
            self.alarm(
                "TopicLag",
                metric=application.metric_max_records_lag(),
                threshold=max_records_lag,
                datapoints=LAG_MINUTES,
                description="The job falls behind its topic. Raise the parallelism, at most to the number of "
                "partitions; if CPU is to spare, look for a slow sink.",
            )

    def alarm(
        self,
        construct_id: str,
        *,
        metric: cloudwatch.IMetric,
        threshold: float,
        description: str,
        comparison: cloudwatch.ComparisonOperator = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        datapoints: int = 1,
        missing_data: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> cloudwatch.Alarm:
        """Add an alarm, with the same notifications as the others.

        Args:
            construct_id: The id, unique among the alarms.
            metric: What is watched; a search expression cannot be.
            threshold: The last value that is no reason for an alarm.
            description: What the alarm means, and what to do.
            comparison: Default: raised by values above the threshold.
            datapoints: How many in a row have to be beyond the threshold. Default: 1.
            missing_data: What a period without data is taken for. Default: for one that is no reason for an alarm.

        """
        alarm = cloudwatch.Alarm(
            self,
            construct_id,
            metric=metric,
            threshold=threshold,
            comparison_operator=comparison,
            evaluation_periods=datapoints,
            treat_missing_data=missing_data,
            alarm_description=description,
        )
        if self._action is not None:
            alarm.add_alarm_action(self._action)
            alarm.add_ok_action(self._action)
        self.alarms.append(alarm)
        return alarm

    def stream_lag(
        self,
        stream: DataStreamBase,
        *,
        max_lag: Duration | None = None,
        silence_is_lag: bool = False,
        construct_id: str = "StreamLag",
    ) -> cloudwatch.Alarm:
        """Add an alarm on the lag of the job behind a stream that it reads.

        Args:
            stream: The stream.
            max_lag: How far behind the head of the stream the job may be for 5 minutes. Default: 1 minute.
            silence_is_lag: Raise it also where the job reports no lag, as one that does not read the stream; for an
                application that is always to run. Default: off, ``Stopped`` is the alarm for that.
            construct_id: The id, unique among the alarms. Default: that of the ``source_stream``.

        """
        max_lag = max_lag or Duration.minutes(1)
        return self.alarm(
            construct_id,
            metric=self._application.metric_millis_behind_latest(stream.stream_name),
            threshold=max_lag.to_milliseconds(),
            datapoints=LAG_MINUTES,
            missing_data=cloudwatch.TreatMissingData.BREACHING
            if silence_is_lag
            else cloudwatch.TreatMissingData.NOT_BREACHING,
            description="The job falls behind its stream. Raise the parallelism, at most to the number of shards; "
            "if CPU is to spare, look for throttled reads and for a slow sink.",
        )

    def dead_letters(self, counter: str, *, max_in_5_minutes: int = 0) -> cloudwatch.Alarm:
        """Add an alarm on records that the job refused.

        Args:
            counter: Name of the job's counter of them, registered in the group ``kinesisanalytics``.
            max_in_5_minutes: Refused records that are no reason for an alarm. Default: 0.

        Raises:
            InvalidArgumentError: for a name that cannot be one, or a number below 0.

        """
        validation.integer(
            "max_in_5_minutes", max_in_5_minutes, low=0, high=1_000_000_000, fix="0 raises the alarm at the first"
        )
        return self.alarm(
            "DeadLetters",
            metric=metric_math.total_increase(self._application, counter),
            threshold=max_in_5_minutes,
            description="The job refuses records, and writes them to its dead letters with the reason. Read some of "
            "them, then mend the producer or the job's rules, and send them again.",
        )
