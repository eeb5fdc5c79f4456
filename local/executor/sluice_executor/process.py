"""One operating-system process for a runtime: its group, its lifeline, its log pipe, its end."""

import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence

from sluice_executor import memory

# The lifeline is a pipe whose write end only this Python process holds. A second shell in the function's own process
# group reads it, so the whole group dies with LocalStack however LocalStack dies, even while the function's event loop
# is busy. `exec` keeps the first shell's pid for the runtime: exit statuses and signals arrive unchanged.
_LAUNCH = """
ulimit -c 0
exec 3<&0 </dev/null
( read -r _ <&3; kill -KILL 0 ) >/dev/null 2>&1 &
exec "$@" 3<&-
"""


class RuntimeProcess:
    def __init__(self, command: Sequence[str], cwd: str, env: Mapping[str, str], on_exit: Callable[[], None]) -> None:
        self.peak_rss = 0
        self._on_exit = on_exit
        self._end_lock = threading.Lock()
        self._group_ended = False
        self._logs_lock = threading.Lock()
        self._logs = bytearray()
        lifeline_read, self._lifeline = os.pipe()
        self._log_read, log_write = os.pipe()
        os.set_blocking(self._log_read, False)
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _LAUNCH, "function", *command],
                cwd=cwd,
                env=dict(env),
                stdin=lifeline_read,
                stdout=log_write,
                stderr=log_write,
                start_new_session=True,
            )
        except BaseException:
            os.close(self._lifeline)
            os.close(self._log_read)
            raise
        finally:
            os.close(lifeline_read)
            os.close(log_write)
        self.pid = self._process.pid
        self._pump_thread = self._thread(self._pump)
        self._reap_thread = self._thread(self._reap)

    @property
    def exited(self) -> bool:
        """True as soon as it is dying: a killed process can take milliseconds until its end is reported."""
        return self._process.poll() is not None or memory.is_dying(self.pid)

    @property
    def exit_code(self) -> int:
        """Waits for the end; negative for the signal that caused it."""
        return self._process.wait()

    def sample(self) -> int:
        """Resident bytes of the process tree now; also raises `peak_rss`."""
        now = 0 if self.exited else memory.tree_rss(self.pid)
        self.peak_rss = max(self.peak_rss, now, memory.peak_rss(self.pid))
        return now

    def take_logs(self) -> bytes:
        """Everything written until now and not taken yet. What a runtime wrote before it answered is always in it."""
        with self._logs_lock:
            self._drain()
            taken = bytes(self._logs)
            self._logs.clear()
            return taken

    def kill(self) -> None:
        """Ends the group and what descendants left it; returns when the process is gone. Safe to call twice."""
        if not self.exited:
            for pid in memory.tree(self.pid)[1:]:
                _quietly(os.kill, pid)
        self._end_group()
        self._reap_thread.join()

    def _end_group(self) -> None:
        # Once only: the shell on the lifeline keeps the group's number taken until here, afterwards it may be a stranger's.
        with self._end_lock:
            if not self._group_ended:
                self._group_ended = True
                _quietly(os.killpg, self.pid)

    def _reap(self) -> None:
        self._process.wait()
        self._end_group()
        os.close(self._lifeline)
        # With the group gone the pipe ends, unless a descendant left the group and still holds it.
        self._pump_thread.join(timeout=0.5)
        self._on_exit()

    def _pump(self) -> None:
        readable = select.poll()  # select() itself refuses descriptors from 1024 on
        readable.register(self._log_read, select.POLLIN)
        while True:
            readable.poll()
            with self._logs_lock:
                if not self._drain():
                    os.close(self._log_read)
                    self._log_read = -1
                    return

    def _drain(self) -> bool:
        """Reads what the pipe holds. False at its end."""
        while self._log_read >= 0:
            try:
                piece = os.read(self._log_read, 1 << 16)
            except BlockingIOError:
                return True
            if not piece:
                return False
            self._logs += piece
        return False

    def _thread(self, target: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=target, name=f"function-{self.pid}", daemon=True)
        thread.start()
        return thread


def _quietly(send: Callable[[int, int], None], pid: int) -> None:
    try:
        send(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
