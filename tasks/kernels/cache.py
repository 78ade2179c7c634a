"""Where numba keeps compiled kernels. It writes no artifact, and no result depends on it.

numba's cache notices a change in the file of a cached function, but not in the other modules that it calls. So its
folder is named after a digest of all the kernels' sources: an edit anywhere gives an empty folder, and two checkouts do
not mix. numba reads its folder from the environment when it is imported; `tasks.kernels` sets it before that.
"""

import atexit
import hashlib
import logging
import os
import shutil
import sys
import tempfile
from pathlib import Path

logger = logging.getLogger("wordloom")

VARIABLE = "NUMBA_CACHE_DIR"


def use_cache_folder() -> Path:
    """Sets NUMBA_CACHE_DIR for this process and its children, and gives the folder back.

    The folder is `<base>/<digest>`, where base is the user's own NUMBA_CACHE_DIR, else `wordloom/numba` in the user's
    cache folder (XDG_CACHE_HOME, else ~/.cache). Where that cannot be written, a temporary one, with a warning.
    """
    digest = sources_digest()
    set_before = os.environ.get(VARIABLE)
    if set_before and Path(set_before).name == digest:  # a child of a process that chose it, or a second call
        return Path(set_before)
    folder = (Path(set_before) if set_before else _user_cache() / "wordloom" / "numba") / digest
    if not _writable(folder):
        temporary = Path(tempfile.mkdtemp(prefix="wordloom-numba-")) / digest
        temporary.mkdir()
        atexit.register(shutil.rmtree, temporary.parent, ignore_errors=True)
        logger.warning(
            "%s cannot be written: kernels are compiled again in every run (kept in %s); set %s to a folder of yours",
            folder,
            temporary,
            VARIABLE,
        )
        folder = temporary
    os.environ[VARIABLE] = str(folder)
    if "numba" in sys.modules:  # imported by somebody else already
        sys.modules["numba"].config.CACHE_DIR = str(folder)
    return folder


def sources_digest() -> str:
    """A hash over the names and the bytes of the kernels' source files; 16 hex digits."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _user_cache() -> Path:
    named = os.environ.get("XDG_CACHE_HOME")
    if named:
        return Path(named)
    try:
        return Path.home() / ".cache"
    except RuntimeError:  # no home at all, as in some containers
        return Path("/nonexistent")


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
