"""Who calls what of AWS, and whether the template's policies allow it: recorded call by call, judged after a run."""
