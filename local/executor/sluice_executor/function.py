"""From a function's configuration to what an environment spawns: the command, its environment variables, its limits."""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sluice_executor.report import Fault
from sluice_executor.runtime import FunctionSpec
from sluice_executor.runtime_api import MAX_REPLY_BYTES

NODE_VARIABLE = "SLUICE_LAMBDA_NODE"
BOOTSTRAP = Path(__file__).with_name("bootstrap.mjs")


@dataclass(frozen=True)
class FunctionConfig:
    """runtime: as the function states it, such as nodejs22.x; None for a container image.

    variables: what LocalStack hands over for the function, its own variables included.
    endpoint: LocalStack's address, for whatever of AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_S3 is not set.
    """

    runtime: str | None
    code_dir: str
    memory_mb: int
    timeout_s: float
    version: str
    variables: Mapping[str, object]
    endpoint: str
    layers: Sequence[str] = field(default_factory=tuple)
    max_reply_bytes: int = MAX_REPLY_BYTES


def node_executable(environ: Mapping[str, str] = os.environ) -> str | None:
    return environ.get(NODE_VARIABLE) or shutil.which("node", path=environ.get("PATH"))


def function_spec(config: FunctionConfig, environ: Mapping[str, str] = os.environ) -> FunctionSpec:
    """`environ` is LocalStack's own environment, of which a function sees PATH, TMPDIR and locale only."""
    node = node_executable(environ)
    return FunctionSpec(
        command=[node or "node", *_heap_flags(config.memory_mb), str(BOOTSTRAP)],
        cwd=config.code_dir,
        env=_environment(config, environ),
        memory_mb=config.memory_mb,
        kill_above_mb=_kill_above_mb(config.memory_mb),
        timeout_s=config.timeout_s,
        version=config.version,
        max_reply_bytes=config.max_reply_bytes,
        fault=_obstacle(config, node),
    )


def _obstacle(config: FunctionConfig, node: str | None) -> Fault | None:
    remedy = "start LocalStack in Docker instead (LAMBDA_RUNTIME_EXECUTOR=docker)"
    if not (config.runtime or "").startswith("nodejs"):
        what = config.runtime or "a container image"
        return Fault("Runtime.Unsupported", f"The process executor runs nodejs functions only, not {what}: {remedy}")
    if config.layers:
        layers = ", ".join(config.layers)
        return Fault("Runtime.Unsupported", f"The process executor has no layers ({layers}): bundle them or {remedy}")
    if not node or not os.access(node, os.X_OK):
        return Fault("Runtime.Unsupported", f"No Node at {node or 'PATH'}: set {NODE_VARIABLE} to its absolute path")
    return None


def _heap_flags(memory_mb: int) -> list[str]:
    """The shares of the memory that Lambda's own Node runtime gives to V8's old and young generation."""
    return [f"--max-old-space-size={memory_mb * 90 // 100}", f"--max-semi-space-size={max(1, memory_mb * 5 // 100)}"]


def _kill_above_mb(memory_mb: int) -> int:
    """Lambda kills at MemorySize. Here Node's own 60 MB of program text count in full, pages shared by several processes
    count for each, and nothing presses V8 to give memory back: hence a quarter more, and 64 MB."""
    return memory_mb + memory_mb // 4 + 64


def _environment(config: FunctionConfig, environ: Mapping[str, str]) -> dict[str, str]:
    temporary = environ.get("TMPDIR") or tempfile.gettempdir()
    return {
        "PATH": environ.get("PATH", os.defpath),
        "LANG": environ.get("LANG", "en_US.UTF-8"),
        "TMPDIR": temporary,
        # Not the developer's home: the SDK would find profiles and credentials in it that no function has on Lambda.
        "HOME": temporary,
        "AWS_ENDPOINT_URL": config.endpoint,
        "AWS_ENDPOINT_URL_S3": config.endpoint,
        **{name: str(value) for name, value in config.variables.items()},
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.runtime}",
        "LAMBDA_TASK_ROOT": config.code_dir,
        "LAMBDA_RUNTIME_DIR": str(BOOTSTRAP.parent),
    }
