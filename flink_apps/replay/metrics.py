"""Metrics that the replay registers, in the group whose metrics the service publishes to CloudWatch."""

#: The present rate in events per second, per subtask.
REPLAYED_EVENT_RATE = "replayedEventRate"
#: Delay of the last event in milliseconds, per subtask.
REPLAY_LAG_MILLIS = "replayLagMillis"
#: Gaps that were skipped, since the start.
GAPS = "replayGapCount"
#: Events that came too late to be sorted, since the start.
OUT_OF_ORDER = "replayOutOfOrderCount"
#: Events without a readable time, since the start.
UNTIMED = "replayUntimedCount"
#: Files that were not read to their end, since the start.
UNREAD_FILES = "replayUnreadFileCount"
