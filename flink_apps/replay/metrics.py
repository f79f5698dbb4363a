"""Metrics that the replay registers, in the group whose metrics the service publishes to CloudWatch."""

#: The present rate in events per second, per subtask.
REPLAYED_EVENT_RATE = "replayedEventRate"
#: Delay of the last event in milliseconds, per subtask.
REPLAY_LAG_MILLIS = "replayLagMillis"
