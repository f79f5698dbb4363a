"""Metrics that the job registers, in the group whose metrics the service hands on to CloudWatch."""

#: Records that were refused, per subtask, since the start.
DEAD_LETTER_COUNT = "deadLetterCount"
