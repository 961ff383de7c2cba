"""How were the campaigns at another time? A revision of the owner's git repository, laid out in a folder of its own."""

import io
import subprocess
import tarfile
from pathlib import Path

from aftercart.errors import InputError

_OWNED = ("campaigns", "templates")
_PATIENCE_SECONDS = 60


def lay_out(revision: str, *, root: Path, to: Path) -> None:
    """Writes the campaigns and templates of a revision below `to`; the working tree is not touched.

    Raises:
        InputError: when git is missing, `root` is in no repository, or there is no such revision.
    """
    if revision.startswith("-"):
        raise InputError(
            f'"{revision}" is not a revision; name a commit, a branch or a tag'
        )
    known = _git(
        "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", root=root
    )
    commit = known.decode().strip()
    listed = _git("ls-tree", "--name-only", commit, "--", *_OWNED, root=root)
    folders = listed.decode().split()
    if "campaigns" not in folders:
        raise InputError(f"the revision {revision} has no campaigns/ in {root}")
    packed = _git("archive", "--format=tar", commit, "--", *folders, root=root)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(to, filter="data")


def _git(*arguments: str, root: Path) -> bytes:
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - a revision is an argument, and cannot be an option
            command, capture_output=True, timeout=_PATIENCE_SECONDS, check=False
        )
    except FileNotFoundError:
        raise InputError(
            "git is not installed, and a revision is asked of it"
        ) from None
    if done.returncode == 0:
        return done.stdout
    said = done.stderr.decode(errors="replace").strip().splitlines()
    if arguments[0] == "rev-parse" and not said:
        name = arguments[-1].removesuffix("^{commit}")
        raise InputError(
            f'git knows no revision "{name}"; `git log --oneline` lists some'
        )
    raise InputError(f"git: {said[-1] if said else 'it could not be read'}")
