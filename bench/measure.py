"""Runs a program to its end and writes what it took into a file, as JSON.

Usage       measure.py <report> <program> <argument>…
Report      seconds: from the program's start to its end. cpu: seconds of user and system time of the program and all its
            descendants. peak_kib: the most that they held in memory at one time; pages that several of them share count once.
Exit code   the program's own.
Linux only: the memory of several processes is read from /proc, ten times a second.
"""

import ctypes
import json
import os
import resource
import sys
import threading
import time

PR_SET_CHILD_SUBREAPER = 36


def descendants(pid):
    found = [pid]
    for each in found:
        try:
            for task in os.listdir(f"/proc/{each}/task"):
                with open(f"/proc/{each}/task/{task}/children") as children:
                    found += map(int, children.read().split())
        except OSError:
            pass  # it has just ended
    return found


def proportional_kib(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as rollup:
            return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def watch(pid, over, peak):
    while not over.wait(0.1):
        family = descendants(pid)
        # The kernel itself knows the peak of a single one, without any sampling.
        if len(family) > 1:
            peak[0] = max(peak[0], sum(map(proportional_kib, family)))


def main(report, command):
    # Orphans become ours, so that what they have used is counted as well.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    over, peak = threading.Event(), [0]
    began = time.monotonic()
    pid = os.posix_spawnp(command[0], command, os.environ)
    watcher = threading.Thread(target=watch, args=(pid, over, peak))
    watcher.start()
    _, status = os.waitpid(pid, 0)
    seconds = time.monotonic() - began
    over.set()
    watcher.join()
    try:
        while True:
            os.wait()
    except ChildProcessError:
        pass
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = {
        "seconds": seconds,
        "cpu": used.ru_utime + used.ru_stime,
        "peak_kib": max(peak[0], used.ru_maxrss),
    }
    with open(report, "w") as file:
        json.dump(taken, file)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    code = main(sys.argv[1], sys.argv[2:])
    sys.exit(code if code >= 0 else 128 - code)
