"""What Lambda writes and answers: the START, END and REPORT lines, and the faults of a sandbox."""

import math
import signal
from dataclasses import dataclass
from datetime import UTC, datetime

from sluice_executor.runtime_api import Reply, error_body


@dataclass(frozen=True)
class Fault:
    """An invocation or init that ended without the function's own answer."""

    type: str
    message: str
    status: str = "error"

    def reply(self, request_id: str) -> Reply:
        return Reply(error_body(self.type, f"RequestId: {request_id} Error: {self.message}"), is_error=True)

    def log(self, request_id: str) -> str:
        if self.status == "timeout":
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            return f"{now} {request_id} {self.message}\n"
        return f"RequestId: {request_id} Error: {self.message}\n{self.type}\n"


def timed_out(seconds: float) -> Fault:
    return Fault("Sandbox.Timedout", f"Task timed out after {seconds:.2f} seconds", "timeout")


def out_of_memory() -> Fault:
    return Fault("Runtime.OutOfMemory", "Runtime exited with error: signal: killed")


def stopped() -> Fault:
    return Fault("Sandbox.Failure", "The environment was stopped during the invocation")


def exited(code: int) -> Fault:
    if code == 0:
        return Fault("Runtime.ExitError", "Runtime exited without providing a reason")
    if code > 0:
        return Fault("Runtime.ExitError", f"Runtime exited with error: exit status {code}")
    return Fault("Runtime.ExitError", f"Runtime exited with error: signal: {_signal_name(-code)}")


def _signal_name(number: int) -> str:
    # macOS appends the number ("Killed: 9").
    return (signal.strsignal(number) or str(number)).split(":")[0].lower()


def start_line(request_id: str, version: str) -> str:
    return f"START RequestId: {request_id} Version: {version}\n"


def init_report_line(milliseconds: float, phase: str, status: str, error_type: str | None) -> str:
    failure = f"\tError Type: {error_type}" if error_type else ""
    return f"INIT_REPORT Init Duration: {milliseconds:.2f} ms\tPhase: {phase}\tStatus: {status}{failure}\n"


def end_lines(
    request_id: str,
    milliseconds: float,
    memory_mb: int,
    peak_bytes: int,
    init_milliseconds: float | None,
    fault: Fault | None,
) -> str:
    fields = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {milliseconds:.2f} ms",
        f"Billed Duration: {math.ceil(milliseconds + (init_milliseconds or 0))} ms",
        f"Memory Size: {memory_mb} MB",
        f"Max Memory Used: {math.ceil(peak_bytes / (1 << 20))} MB",
    ]
    if init_milliseconds is not None:
        fields.append(f"Init Duration: {init_milliseconds:.2f} ms")
    if fault:
        fields.append(f"Status: {fault.status}")
        if fault.status == "error":
            fields.append(f"Error Type: {fault.type}")
    return f"END RequestId: {request_id}\n" + "\t".join(fields) + "\n"
