"""The plugin inside a real LocalStack. Runs in the environment that requirements.lock describes, on free ports."""

import base64
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import tomllib
import unittest
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from support import PACKAGE, eventually, running

REGION = "eu-central-1"
CODE = """
import { spawn } from 'node:child_process';
export const handler = async (event, context) => {
  console.log('asked', event.ask ?? 'nothing');
  if (event.ask === 'error') throw new RangeError('no such row');
  if (event.ask === 'spin') for (;;);
  if (event.ask === 'child') return [process.pid, spawn('sleep', ['600']).pid];
  return { pid: process.pid, id: context.awsRequestId, s3: process.env.AWS_ENDPOINT_URL_S3, version: 1 };
};
"""


class LocalStack:
    """One LocalStack of its own, in a folder of its own. `end` leaves nothing of it."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = (folder / "log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "localstack.runtime.main"],
            cwd=folder,
            env=self._env(folder),
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        try:
            eventually(self._healthy, 60)
        except BaseException:
            print(self.log)
            self.end()
            raise

    @property
    def log(self) -> str:
        return Path(self._log.name).read_text()

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def end(self) -> None:
        """Without asking: told to stop while a service still loads, LocalStack says goodbye and never exits."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._log.close()
        self._folder.cleanup()

    def _healthy(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"LocalStack ended with {self.process.returncode}")
        try:
            with urllib.request.urlopen(f"{self.url}/_localstack/health", timeout=2) as response:
                return response.status == 200
        except OSError:
            return False

    def _env(self, folder: Path) -> dict[str, str]:
        for name in ("tmp", "cache", "site"):
            (folder / name).mkdir()
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            # The sources beside these tests, with their entry points, whether or not a copy is installed.
            "PYTHONPATH": f"{describe_package(folder / 'site')}{os.pathsep}{PACKAGE}",
            "SLUICE_LAMBDA_NODE": os.environ["SLUICE_LAMBDA_NODE"],
            "LAMBDA_RUNTIME_EXECUTOR": "process",
            "LAMBDA_SYNCHRONOUS_CREATE": "1",
            "GATEWAY_LISTEN": f"127.0.0.1:{self.port}",
            "OVERRIDE_IN_DOCKER": "0",
            "FILESYSTEM_ROOT": str(folder / "root"),
            "TMPDIR": str(folder / "tmp"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DNS_ADDRESS": "0",
        }


def describe_package(site: Path) -> Path:
    """Writes what an installation would: the metadata in which LocalStack looks for plugins."""
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    info = site / f"sluice_executor-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    lines = [line for group, points in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in points.items()))]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return site


def zipped(code: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.mjs", code)
    return packed.getvalue()


def create_function(client: Any, name: str, **changes: Any) -> None:
    settings = {"Runtime": "nodejs22.x", "Handler": "index.handler", "Timeout": 10, "MemorySize": 256, **changes}
    role = "arn:aws:iam::000000000000:role/any"
    client.create_function(FunctionName=name, Role=role, Code={"ZipFile": zipped(CODE)}, **settings)


def invoke(client: Any, name: str, ask: str = "") -> tuple[Any, str | None, str]:
    """The payload, the kind of error if there was one, and the log."""
    response = client.invoke(FunctionName=name, Payload=json.dumps({"ask": ask}), LogType="Tail")
    log = base64.b64decode(response["LogResult"]).decode()
    return json.loads(response["Payload"].read()), response.get("FunctionError"), log


class InLocalStack(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.localstack = LocalStack()
        cls.addClassCleanup(cls.localstack.end)
        cls.functions = cls.localstack.client("lambda")

    def test_a_function_starts_cold_and_is_reused_warm(self) -> None:
        create_function(self.functions, "orders")
        first, error, cold = invoke(self.functions, "orders")
        self.assertIsNone(error)
        self.assertEqual(first["s3"], self.localstack.url)
        second, _, warm = invoke(self.functions, "orders")
        self.assertEqual(second["pid"], first["pid"])
        self.assertIn("Init Duration", cold)
        self.assertNotIn("Init Duration", warm)

    def test_every_line_of_an_invocation_is_in_cloudwatch_logs_once_and_in_order(self) -> None:
        create_function(self.functions, "logged")
        answers = [invoke(self.functions, "logged", ask)[0] for ask in ("first", "second")]
        logs = self.localstack.client("logs")

        def lines() -> list[str]:
            events = logs.filter_log_events(logGroupName="/aws/lambda/logged")["events"]
            return [event["message"].rstrip("\n") for event in events]

        eventually(lambda: len(lines()) >= 8)
        shapes = []
        for answer, ask in zip(answers, ("first", "second"), strict=True):
            id = answer["id"]
            shapes += [f"START RequestId: {id} ", f".*\t{id}\tINFO\tasked {ask}$", f"END RequestId: {id}", f"REPORT RequestId: {id}\t"]
        self.assertEqual(len(lines()), len(shapes))
        for line, shape in zip(lines(), shapes, strict=True):
            self.assertRegex(line, f"^{shape}")

    def test_an_error_a_timeout_and_a_killed_process_leave_a_function_that_works(self) -> None:
        create_function(self.functions, "unlucky", Timeout=1)
        pid = invoke(self.functions, "unlucky")[0]["pid"]
        payload, error, _ = invoke(self.functions, "unlucky", "error")
        self.assertEqual((error, payload["errorType"], payload["errorMessage"]), ("Unhandled", "RangeError", "no such row"))
        self.assertEqual(invoke(self.functions, "unlucky")[0]["pid"], pid)
        payload, error, log = invoke(self.functions, "unlucky", "spin")
        self.assertEqual((error, payload["errorType"]), ("Unhandled", "Sandbox.Timedout"))
        self.assertIn("Task timed out after 1.00 seconds", log)
        replaced = invoke(self.functions, "unlucky")[0]["pid"]
        self.assertFalse(running(pid))
        os.kill(replaced, signal.SIGKILL)
        eventually(lambda: not running(replaced))
        payload, error, _ = invoke(self.functions, "unlucky")
        self.assertIsNone(error)
        self.assertNotEqual(payload["pid"], replaced)

    def test_new_code_ends_the_environment_of_the_old_one(self) -> None:
        create_function(self.functions, "renewed")
        pid = invoke(self.functions, "renewed")[0]["pid"]
        self.functions.update_function_code(FunctionName="renewed", ZipFile=zipped(CODE.replace("version: 1", "version: 2")))
        self.functions.get_waiter("function_updated_v2").wait(FunctionName="renewed", WaiterConfig={"Delay": 1})
        self.assertEqual(invoke(self.functions, "renewed")[0]["version"], 2)
        eventually(lambda: not running(pid))

    def test_a_deleted_function_leaves_no_process(self) -> None:
        create_function(self.functions, "removed")
        processes = invoke(self.functions, "removed", "child")[0]
        self.functions.delete_function(FunctionName="removed")
        eventually(lambda: not any(running(pid) for pid in processes))

    def test_another_runtime_can_be_deployed_and_says_at_its_invocation_why_it_does_not_run(self) -> None:
        create_function(self.functions, "snake", Runtime="python3.12")
        payload, error, log = invoke(self.functions, "snake")
        self.assertEqual(error, "Unhandled")
        self.assertRegex(payload["errorMessage"], "python3.12.*Docker")
        self.assertIn("python3.12", log)

    def test_localstack_listens_on_the_loopback_address_alone(self) -> None:
        # Every address of 127.0.0.0/8 is this machine: whoever listens everywhere answers here too.
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.2", self.localstack.port), timeout=1).close()


class EndOfLocalStack(unittest.TestCase):
    def test_functions_and_their_children_end_with_a_localstack_that_is_stopped_or_killed(self) -> None:
        for how in (signal.SIGTERM, signal.SIGKILL):
            with self.subTest(how.name):
                localstack = LocalStack()
                self.addCleanup(localstack.end)
                functions = localstack.client("lambda")
                create_function(functions, "ending")
                processes = invoke(functions, "ending", "child")[0]
                localstack.process.send_signal(how)
                eventually(lambda processes=processes: not any(running(pid) for pid in processes))
