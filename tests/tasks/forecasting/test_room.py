"""What is free: the kernel's figure, the limits of both versions of cgroups, the disk of a folder that is not there."""

import os
from pathlib import Path

from tasks.forecasting.room import free_memory, left_by_cgroups
from tasks.storage.room import free_disk


def test_free_memory_is_at_most_what_the_machine_has() -> None:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < free_memory() < machine


def test_free_disk_is_that_of_the_nearest_folder_that_stands(tmp_path: Path) -> None:
    (tmp_path / "standing").mkdir()
    found = os.statvfs(tmp_path)
    for folder in ("standing", "standing/not/yet/there", "not there"):
        assert abs(free_disk(tmp_path / folder) - found.f_bavail * found.f_frsize) < 1 << 30


def test_the_tightest_of_the_nested_groups_of_version_2_counts(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    (inner / "memory.max").write_text("max\n")
    (inner.parent / "memory.max").write_text("1000\n")
    (inner.parent / "memory.current").write_text("700\n")
    (inner.parent / "memory.stat").write_text("anon 500\ninactive_file 200\n")
    assert left_by_cgroups("0::/outer/inner\n", tmp_path) == [1000 - 700 + 200]


def test_version_1_has_a_tree_for_memory_and_a_number_for_no_limit(tmp_path: Path) -> None:
    group = tmp_path / "memory" / "job"
    group.mkdir(parents=True)
    (group / "memory.limit_in_bytes").write_text("5000\n")
    (group / "memory.usage_in_bytes").write_text("1500\n")
    (group.parent / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert left_by_cgroups("9:cpu:/elsewhere\n4:memory:/job\n0::/\n", tmp_path) == [3500]


def test_no_limit_leaves_no_figure(tmp_path: Path) -> None:
    assert left_by_cgroups("0::/\n", tmp_path) == []
