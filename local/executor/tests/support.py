"""Real functions in real processes, for the tests. Needs Node: SLUICE_LAMBDA_NODE, the repository's own, or PATH's."""

import json
import os
import sys
import tempfile
import time
import unittest
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PACKAGE))  # the sources beside these tests, whatever is installed

from sluice_executor import memory  # noqa: E402
from sluice_executor.environment import Environment, EnvironmentStopped, Outcome, Request  # noqa: E402, F401
from sluice_executor.function import NODE_VARIABLE, FunctionConfig, function_spec  # noqa: E402
from sluice_executor.runtime_api import Invocation, RuntimeApi  # noqa: E402, F401

_repository_node = PACKAGE.parents[1] / "node_modules" / "node" / "bin" / "node"
if NODE_VARIABLE not in os.environ and _repository_node.exists():
    os.environ[NODE_VARIABLE] = str(_repository_node)

ARN = "arn:aws:lambda:eu-central-1:000000000000:function:orders"


def eventually(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """The condition's first true value. Fails loudly when it does not come."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"did not happen within {seconds} s")
        time.sleep(0.01)
    return value


def running(pid: int) -> bool:
    """False for a zombie too: it runs no more, and reaping it is its parent's business."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:
        return memory.tree_rss(pid) > 0


class FunctionTest(unittest.TestCase):
    """Gives tests `function`, which makes an environment that ends with the test."""

    def setUp(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.folder = Path(self._folder.name)

    def function(
        self,
        code: str,
        *,
        file: str = "index.mjs",
        handler: str = "index.handler",
        start: bool = True,
        init_timeout_s: float = 10.0,
        environ: dict[str, str] | None = None,
        variables: dict[str, object] | None = None,
        **changes: Any,
    ) -> Environment:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
        memory_mb = changes.get("memory_mb", 256)
        given: dict[str, object] = {
            "_HANDLER": handler,
            "AWS_REGION": "eu-central-1",
            "AWS_LAMBDA_FUNCTION_NAME": "orders",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory_mb,
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/orders",
            "AWS_LAMBDA_LOG_STREAM_NAME": "2025/10/25/[$LATEST]0123",
            **(variables or {}),
        }
        settings: dict[str, Any] = {
            "runtime": "nodejs22.x",
            "code_dir": str(self.folder),
            "memory_mb": memory_mb,
            "timeout_s": 10,
            "version": "$LATEST",
            "variables": given,
            "endpoint": "http://127.0.0.1:4566",
            **changes,
        }
        spec = function_spec(FunctionConfig(**settings), environ or dict(os.environ))
        # A frozen value with one field changed, for tests that cannot wait for Lambda's ten seconds.
        object.__setattr__(spec, "init_timeout_s", init_timeout_s)
        environment = Environment(spec)
        self.addCleanup(environment.stop)
        if start:
            environment.start()
        return environment

    def answer(self, outcome: Outcome) -> Any:
        self.assertFalse(outcome.is_error, outcome)
        return json.loads(outcome.payload)

    def error(self, outcome: Outcome) -> dict[str, Any]:
        self.assertTrue(outcome.is_error, outcome)
        return json.loads(outcome.payload)


def request(event: Any = None, id: str | None = None) -> Request:
    return Request(id or str(uuid.uuid4()), json.dumps(event).encode(), ARN, "Root=1-5759e988-bd862e3fe1be46a994272793")
