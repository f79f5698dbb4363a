"""Who calls: the access key of each role."""

from __future__ import annotations

import re

#: The longest access key id, as IAM has it.
_LONGEST_ID = 128


def access_key_id(role: str) -> str:
    """The access key id of a role, by its ARN: its name, as far as an id may have it."""
    return re.sub(r"\W", "_", role.rpartition("/")[2], flags=re.ASCII)[-_LONGEST_ID:]


def credentials(role: str) -> dict[str, str]:
    """The variables with which a process is a role, by the role's ARN; the emulators take any secret."""
    return {"AWS_ACCESS_KEY_ID": access_key_id(role), "AWS_SECRET_ACCESS_KEY": "local"}
