"""One execution environment of a function: what Lambda calls a sandbox.

Lifecycle   start (init phase) → invoke, one at a time, again and again → stop.
            A runtime that timed out, crashed or was killed is replaced inside the next invoke ("suppressed init"); the
            environment itself lives on with its log stream, as Lambda's does.
Read        `pid` of the runtime process, for diagnostics; None between incarnations.
Errors      Faults of the function are values in the Outcome. Only using a stopped environment throws.
"""

import json
import threading
import time
from collections import deque
from dataclasses import dataclass

from sluice_executor import report
from sluice_executor.report import Fault
from sluice_executor.runtime import FunctionSpec, Runtime
from sluice_executor.runtime_api import Invocation, Reply


class EnvironmentStopped(Exception):
    pass


@dataclass(frozen=True)
class Request:
    id: str
    payload: bytes
    function_arn: str
    trace_id: str = ""


@dataclass(frozen=True)
class Outcome:
    """is_error: the payload is Lambda's error object. logs: START to REPORT, with all that was written up to then."""

    payload: bytes
    is_error: bool
    logs: str


class Environment:
    def __init__(self, spec: FunctionSpec) -> None:
        self._spec = spec
        self._lock = threading.Lock()
        self._runtime: Runtime | None = None
        self._stopped = False
        self._logs = ""
        self._history: deque[str] = deque(maxlen=20)
        self._init_ms: float | None = None

    @property
    def pid(self) -> int | None:
        return self._runtime.pid if self._runtime and self._runtime.alive else None

    @property
    def history(self) -> str:
        """The logs of the last invocations and of what has followed them."""
        return "".join([*self._history, self._logs])

    def start(self) -> None:
        """The init phase. A function that fails it gets a second try in its first invoke, which then reports the failure."""
        if not self._spec.fault:
            began = time.monotonic()
            late = report.timed_out(self._spec.init_timeout_s)
            failure = self._spawn(began + self._spec.init_timeout_s, late, "init")
            if not failure:
                self._init_ms = (time.monotonic() - began) * 1000
        if self._stopped:
            raise EnvironmentStopped

    def invoke(self, request: Request) -> Outcome:
        if self._stopped:
            raise EnvironmentStopped
        began = time.monotonic()
        # As on Lambda, a suppressed init counts towards the timeout and the duration.
        end: Fault | Reply | None = self._spec.fault or self._make_idle(began + self._spec.timeout_s)
        self._collect()
        self._logs += report.start_line(request.id, self._spec.version)
        init_ms, self._init_ms = self._init_ms, None
        end = end or self._run(request, began + self._spec.timeout_s)
        self._collect()
        return self._outcome(request, end, (time.monotonic() - began) * 1000, init_ms)

    def stop(self) -> None:
        """Ends the process group, also in the middle of an invocation, whose outcome then says so. Safe to call twice."""
        with self._lock:
            self._stopped = True
            runtime = self._runtime
        if runtime:
            runtime.stop()

    def _make_idle(self, deadline: float) -> Fault | Reply | None:
        """Warm when it can be; otherwise a new runtime, within the same deadline."""
        late = report.timed_out(self._spec.timeout_s)
        if self._runtime and self._runtime.alive:
            failure = self._runtime.await_idle(deadline, late)
            if failure is None or failure == late:
                return failure
        return self._spawn(deadline, late, "invoke")

    def _run(self, request: Request, deadline: float) -> Fault | Reply:
        deadline_ms = int((time.time() + deadline - time.monotonic()) * 1000)
        invocation = Invocation(request.id, request.payload, request.function_arn, request.trace_id, deadline_ms)
        return self._runtime.run(invocation, deadline, report.timed_out(self._spec.timeout_s))

    def _spawn(self, deadline: float, late: Fault, phase: str) -> Fault | Reply | None:
        if self._runtime:
            self._runtime.kill()
            self._collect()
        began = time.monotonic()
        with self._lock:
            if self._stopped:
                return report.stopped()
            self._runtime = Runtime(self._spec)
        failure = self._runtime.await_idle(deadline, late)
        if failure:
            self._collect()
            status = failure.status if isinstance(failure, Fault) else "error"
            error_type = None if status == "timeout" else _error_type(failure)
            self._logs += report.init_report_line((time.monotonic() - began) * 1000, phase, status, error_type)
        return failure

    def _collect(self) -> None:
        """Moves what the runtime has written into the logs. Functions may write any bytes; logs are text."""
        if self._runtime:
            text = self._runtime.take_logs().decode(errors="replace")
            self._logs += text if not text or text.endswith("\n") else text + "\n"

    def _outcome(self, request: Request, end: Fault | Reply, duration_ms: float, init_ms: float | None) -> Outcome:
        fault = end if isinstance(end, Fault) else None
        reply = fault.reply(request.id) if fault else end
        if fault:
            self._logs += fault.log(request.id)
        peak = self._runtime.peak_rss if self._runtime else 0
        self._logs += report.end_lines(request.id, duration_ms, self._spec.memory_mb, peak, init_ms, fault)
        logs, self._logs = self._logs, ""
        self._history.append(logs)
        return Outcome(reply.body, reply.is_error, logs)


def _error_type(failure: Fault | Reply) -> str:
    if isinstance(failure, Fault):
        return failure.type
    try:
        return str(json.loads(failure.body)["errorType"])
    except (ValueError, KeyError, TypeError):
        return "Runtime.Unknown"
