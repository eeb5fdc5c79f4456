"""One incarnation of a runtime: its process and its Runtime API, from spawn to death."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sluice_executor import memory, report
from sluice_executor.process import RuntimeProcess
from sluice_executor.report import Fault
from sluice_executor.runtime_api import Invocation, Reply, RuntimeApi


@dataclass(frozen=True)
class FunctionSpec:
    """All that an environment has to know about a function.

    timeout_s, init_timeout_s: seconds; the first is the function's own, the second Lambda's ten.
    memory_mb: what REPORT shows. kill_above_mb: resident memory of the process tree at which it is killed.
    fault: the function cannot run here at all, and why; then nothing is ever spawned.
    """

    command: Sequence[str]
    cwd: str
    env: Mapping[str, str]
    memory_mb: int
    kill_above_mb: int
    timeout_s: float
    version: str
    max_reply_bytes: int
    init_timeout_s: float = 10.0
    fault: Fault | None = None


class Runtime:
    """Every method that waits ends at its deadline (time.monotonic), and has killed the process when it returns a Fault."""

    def __init__(self, spec: FunctionSpec) -> None:
        self._kill_above = spec.kill_above_mb << 20
        self._stopped = False
        self._api = RuntimeApi(spec.max_reply_bytes)
        env = {**spec.env, "AWS_LAMBDA_RUNTIME_API": self._api.address}
        try:
            self._process = RuntimeProcess(spec.command, spec.cwd, env, on_exit=self._api.close)
        except BaseException:
            self._api.close()
            raise
        self.pid = self._process.pid

    @property
    def alive(self) -> bool:
        return not self._process.exited and not self._api.closed

    @property
    def peak_rss(self) -> int:
        return self._process.peak_rss

    def await_idle(self, deadline: float, late: Fault) -> Fault | Reply | None:
        """None once the runtime asks for work; its own words when its init failed; `late` at the deadline."""
        api = self._api
        fault = self._await(lambda: api.idle or api.init_error, deadline, late)
        if api.init_error:
            self.kill()
            return api.init_error
        return fault

    def run(self, invocation: Invocation, deadline: float, late: Fault) -> Fault | Reply:
        """To be called while idle."""
        self._api.hand_out(invocation)
        return self._await(lambda: self._api.reply, deadline, late) or self._api.reply

    def take_logs(self) -> bytes:
        return self._process.take_logs()

    def kill(self) -> None:
        self._process.kill()

    def stop(self) -> None:
        """Kill from outside: whoever waits here meanwhile gets the fault of a stopped environment."""
        self._stopped = True
        self.kill()

    def _await(self, happened: Callable[[], object], deadline: float, late: Fault) -> Fault | None:
        while True:
            pause = min(memory.SAMPLE_EVERY_S, deadline - time.monotonic())
            self._api.wait_for(lambda: happened() or self._api.closed, pause)
            resident = self._process.sample()
            if happened():
                return None
            if self._api.closed:
                return self._end(report.stopped() if self._stopped else report.exited(self._process.exit_code))
            if time.monotonic() >= deadline:
                return self._end(late)
            if resident > self._kill_above:
                return self._end(report.out_of_memory())

    def _end(self, fault: Fault) -> Fault:
        self.kill()
        return fault
