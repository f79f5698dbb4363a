"""Metrics that the replay registers, in the group whose metrics the service hands on to CloudWatch."""

#: Events per second that are replayed now, per subtask.
REPLAYED_EVENT_RATE = "replayedEventRate"
#: Milliseconds that the last event was behind its schedule, per subtask.
REPLAY_LAG_MILLIS = "replayLagMillis"
