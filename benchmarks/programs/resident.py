"""How much memory this process has had at its highest."""

from pathlib import Path


def highest_resident_mb() -> float:
    """VmHWM: what was resident, mapped files included, since this program began (not since its process did)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return round(kilobytes * 1024 / 1e6, 1)
