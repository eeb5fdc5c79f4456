"""What the system tells about a process and its descendants, their memory above all. Linux reads /proc; elsewhere `ps`."""

import os
import subprocess
import threading
import time

_PROC = os.path.exists("/proc/self/statm")
_EXITING = 0x4  # PF_EXITING, among the flags in /proc/PID/stat
_PAGE = os.sysconf("SC_PAGE_SIZE")

SAMPLE_EVERY_S = 0.1 if _PROC else 1.0
_LISTING_AGE_S = 0.5
"""All environments share one listing of who is whose child: taking it costs some milliseconds, a sample without it none."""

_listing_lock = threading.Lock()
_listed_at = float("-inf")
_parents: dict[int, int] = {}


def tree(pid: int, max_age_s: float = 0.0) -> list[int]:
    """The process and all its living descendants, itself first; also those that left its process group."""
    children: dict[int, list[int]] = {}
    for child, parent in _listing(max_age_s).items():
        children.setdefault(parent, []).append(child)
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found


def tree_rss(pid: int) -> int:
    """Resident bytes of the whole tree. Pages that its processes share count once for each."""
    pids = tree(pid, _LISTING_AGE_S)
    if _PROC:
        return sum(_rss(p) for p in pids)
    listed = _ps("-o", "rss=", "-p", ",".join(map(str, pids)))
    return sum(int(kib) * 1024 for kib in listed.split())


def peak_rss(pid: int) -> int:
    """The most that this one process ever held, where the kernel keeps it (Linux); otherwise 0."""
    try:
        with open(f"/proc/{pid}/status") as status:
            return next((int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:")), 0)
    except OSError:
        return 0


def is_dying(pid: int) -> bool:
    """True between a fatal signal and the moment when the end of the last thread is reported. Linux only."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            state, *numbers = stat.read().rpartition(b")")[2].split()
            return state in b"ZX" or bool(int(numbers[5]) & _EXITING)
    except OSError:
        return False


def _listing(max_age_s: float) -> dict[int, int]:
    global _listed_at, _parents
    with _listing_lock:
        if time.monotonic() - _listed_at > max_age_s:
            _parents = _proc_parents() if _PROC else _ps_parents()
            _listed_at = time.monotonic()
        return _parents


def _proc_parents() -> dict[int, int]:
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                with open(f"/proc/{name}/stat", "rb") as stat:
                    # The second field is the command in parentheses and may itself hold spaces and parentheses.
                    parents[int(name)] = int(stat.read().rpartition(b")")[2].split()[1])
            except OSError:
                continue  # it ended meanwhile
    return parents


def _ps_parents() -> dict[int, int]:
    lines = _ps("-axo", "pid=,ppid=").splitlines()
    return {int(pid): int(parent) for pid, parent in (line.split() for line in lines)}


def _ps(*arguments: str) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True, check=False).stdout


def _rss(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm") as statm:
            return int(statm.read().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0
