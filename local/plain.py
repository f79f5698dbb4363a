"""Names for folders that Flink's shell scripts can take: they split a path at its blanks."""

from __future__ import annotations

import hashlib
import re
import tempfile
from pathlib import Path

from local.errors import RunError

#: Paths that mean the same in a shell, in a list of files, and in every locale.
_PLAIN = re.compile(r"[\w/.+@-]*", re.ASCII)


def plain(folder: Path, link: Path | None = None) -> Path:
    """The folder itself where its path is plain, else a symbolic link to it, which is made where it is missing.

    Args:
        folder: The folder.
        link: The link's path. Default: one in the folder for temporary files, which :func:`remove_link` finds.

    Raises:
        RunError: where something else has the link's path.

    """
    if _PLAIN.fullmatch(str(folder)):
        return folder
    link = link or _link(folder)
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        try:
            link.symlink_to(folder, target_is_directory=True)
        except OSError as error:
            raise RunError(f"{link} must be free for a link to {folder} (got {error.strerror}); remove it") from error
    if link.readlink() != folder:
        raise RunError(f"{link} must be a link to {folder} (got one to {link.readlink()}); remove it")
    return link


def remove_link(folder: Path) -> None:
    """Remove the link to a folder in that for temporary files, as far as there is one."""
    link = _link(folder)
    if link.is_symlink() and link.readlink() == folder:
        link.unlink()


def _link(folder: Path) -> Path:
    temporary = tempfile.gettempdir()
    name = hashlib.sha256(bytes(folder)).hexdigest()[:16]
    return Path(temporary if _PLAIN.fullmatch(temporary) else "/tmp") / f"flink-scenarios-{name}"  # noqa: S108
