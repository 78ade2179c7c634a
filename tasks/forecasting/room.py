"""What this machine has to give: the memory that is free."""

from pathlib import Path

UNLIMITED = 1 << 60
"""Version 1 of cgroups says "no limit" with a number about as large as this."""


def free_memory() -> int:
    """The bytes that a new process can have: what the kernel calls available, within the limit of every cgroup."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    membership = Path("/proc/self/cgroup")
    return min([free, *(left_by_cgroups(membership.read_text()) if membership.exists() else [])])


def left_by_cgroups(membership: str, mount: Path = Path("/sys/fs/cgroup")) -> list[int]:
    """The bytes that each limit of a process's cgroups, version 1 or 2, still leaves it.

    Args:
        membership: what /proc/self/cgroup says.
        mount: where the cgroups are.
    """
    left = []
    for line in membership.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            hierarchy, limit, usage = mount, "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            hierarchy, limit, usage = mount / controllers, "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        group = hierarchy / path.lstrip("/")
        for folder in (group, *group.parents):
            most = _number(folder / limit)
            if most is not None and most < UNLIMITED:
                left.append(max(0, most - (_number(folder / usage) or 0) + _given_back(folder)))
            if folder == hierarchy:
                break
    return left


def _given_back(folder: Path) -> int:
    """Pages of files count as used in a cgroup, but the kernel takes them back when they are wanted."""
    try:
        fields = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    except OSError:
        return 0
    return int(fields.get("total_inactive_file") or fields.get("inactive_file") or 0)


def _number(path: Path) -> int | None:
    """The number in a file; None if there is no such file, or no number in it ("max")."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
