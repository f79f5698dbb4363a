"""Metrics that the job registers, in the group whose metrics the service hands on to CloudWatch."""

#: Beats, per subtask, since the start.
BEATS = "beatCount"
