"""A disk that is full: a tmpfs of some kilobytes where mounting is permitted, and a limit on file sizes everywhere."""

import json
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.runs import Done, Project, published, results, tree

from .conftest import STAGES, Unbroken

SIZE = 8 << 20


class SmallDisk:
    """A tmpfs in a mount namespace of its own, which lives as long as its keeper; seen from here through /proc."""

    def __init__(self, mount_point: Path) -> None:
        mount_point.mkdir()
        self.inside = mount_point
        command = f"mount -t tmpfs -o size={SIZE} none {mount_point} && echo mounted && exec sleep 600"
        self._keeper = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._keeper.stdout is not None
        self.works = self._keeper.stdout.readline() == "mounted\n"
        self.seen = Path(f"/proc/{self._keeper.pid}/root{mount_point}")
        self._ballast = self.seen / "ballast"

    def close(self) -> None:
        self._keeper.kill()
        self._keeper.wait()

    def leave_free(self, size: int) -> None:
        """Fills the disk up to `size` bytes."""
        self._ballast.unlink(missing_ok=True)
        free = shutil.disk_usage(self.seen).free
        with open(self._ballast, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, free - size)

    def make_room(self) -> None:
        self._ballast.unlink()

    def run(self, project: Project, stage: str) -> Done:
        keeper = str(self._keeper.pid)
        into = ("nsenter", "--mount", "--target", keeper, f"--wd={project.folder}")
        return project.run([stage], self.inside / "data", before=into)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if shutil.which("unshare") is None or shutil.which("nsenter") is None:
        pytest.skip("no unshare and nsenter here")
    disk = SmallDisk(tmp_path / "disk")
    try:
        if not disk.works:
            pytest.skip("mounting is not permitted here")
        yield disk
    finally:
        disk.close()


def stand_in(unbroken: Unbroken, data: Path, name: str) -> dict[str, bytes]:
    """Publishes an older result of the stage, and what it reads; gives its files back."""
    for before in STAGES[: STAGES.index(name) + 1]:
        shutil.copytree(unbroken.data / before, data / before)
    folder = published(data, name)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"fingerprint": "of older params"}))
    return tree(folder)


def check_complaint(done: Done, name: str, reason: str) -> None:
    assert done.code == 1, done.said
    complaint = done.complaint()
    assert reason in complaint and f"{name}: " in complaint
    assert "published before is unharmed" in complaint and "goes on from here" in complaint


@pytest.mark.parametrize("name", ["download", "skipgrams", "train", "export"])
def test_a_full_disk_harms_nothing_and_with_room_it_goes_on(
    project: Project, unbroken: Unbroken, small_disk: SmallDisk, name: str
) -> None:
    """For training it is the checkpoint that finds no room."""
    data = small_disk.seen / "data"
    standing = stand_in(unbroken, data, name)
    rows = unbroken.results["skipgrams"][1]["kept_tokens"]
    small_disk.leave_free(3 * rows + 16_384 if name == "skipgrams" else 24_576)  # more than skipgrams' forecast

    check_complaint(small_disk.run(project, name), name, "No space left on device; make room")
    assert tree(published(data, name)) == standing

    small_disk.make_room()
    done = small_disk.run(project, name)
    assert done.code == 0, done.said
    assert results(data, [name])[name] == unbroken.results[name]
    assert {path.name for path in (data / ".work").iterdir()} == set()


def test_skipgrams_foresee_a_full_disk(project: Project, unbroken: Unbroken, small_disk: SmallDisk) -> None:
    data = small_disk.seen / "data"
    standing = stand_in(unbroken, data, "skipgrams")
    small_disk.leave_free(24_576)
    done = small_disk.run(project, "skipgrams")
    assert done.code == 1 and "make room, or lower skipgrams.draws" in done.complaint()
    assert tree(published(data, "skipgrams")) == standing
    assert not list((data / ".work").rglob("part-*"))


def test_a_disk_with_not_one_byte_left(project: Project, unbroken: Unbroken, small_disk: SmallDisk) -> None:
    """Not even the lock's note of its holder has room."""
    data = small_disk.seen / "data"
    standing = stand_in(unbroken, data, "clean")
    small_disk.leave_free(0)
    check_complaint(small_disk.run(project, "clean"), "clean", "No space left on device")
    assert tree(published(data, "clean")) == standing


@pytest.mark.parametrize("name", ["download", "skipgrams", "train", "export"])
def test_a_file_that_may_not_grow(
    project: Project, unbroken: Unbroken, data_before: Callable[[str], Path], name: str
) -> None:
    """RLIMIT_FSIZE needs no rights. For training it is a table here."""
    data = data_before(name)
    standing = tree(data)

    def little_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    seldom = Project(project.folder.parent / "seldom")
    shutil.copytree(project.folder, seldom.folder, dirs_exist_ok=True)
    seldom.change({"train": {"checkpoint_seconds": 1000, "epochs": 2}})  # so the history is short enough
    done = seldom.run([name], data, preexec_fn=little_room)
    check_complaint(done, name, "File too large; raise the limit")
    assert {path: content for path, content in tree(data).items() if not path.startswith(".")} == standing
    assert not published(data, name).exists()

    if name == "train":  # the others go on as after a full disk
        assert project.run([name], data).code == 0
        assert results(data, [name])[name] == unbroken.results[name]
