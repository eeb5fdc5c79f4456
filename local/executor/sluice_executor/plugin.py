"""The executor as LocalStack 4.9.2 wants it. Only this module and gateway.py import LocalStack.

LocalStack makes one executor for each of its execution environments. It calls start once, then invoke, never two at a
time, and stop from any thread, also during either. An environment that has answered, with an error too, is kept for
LAMBDA_KEEPALIVE_MS; a new version of the function's code stops it.
"""

import logging

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from sluice_executor.environment import Environment, EnvironmentStopped, Request
from sluice_executor.function import NODE_VARIABLE, FunctionConfig, function_spec, node_executable

LOG = logging.getLogger(__name__)
ANY_ADDRESS = {"", "0.0.0.0", "::"}


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    name = "process"

    def load(self, *args: object, **kwargs: object) -> type[RuntimeExecutor]:
        return ProcessExecutor


class ProcessExecutor(RuntimeExecutor):
    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id, function_version)
        self._environment: Environment | None = None

    def start(self, env_vars: dict[str, str]) -> None:
        function = self.function_version.config
        self._environment = Environment(
            function_spec(
                FunctionConfig(
                    runtime=function.runtime,
                    code_dir=str(function.code.get_unzipped_code_location()) if function.code else ".",
                    memory_mb=function.memory_size,
                    timeout_s=function.timeout,
                    version=self.function_version.id.qualifier,
                    variables=env_vars,
                    endpoint=_gateway_url(),
                    layers=[layer.layer_version_arn for layer in function.layers],
                    max_reply_bytes=config.LAMBDA_LIMITS_MAX_FUNCTION_PAYLOAD_SIZE_BYTES,
                )
            )
        )
        self._environment.start()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        if not self._environment:
            raise EnvironmentStopped
        request = Request(
            id=payload["invoke-id"],
            payload=payload["payload"].encode(),
            function_arn=payload["invoked-function-arn"],
            trace_id=payload["trace-id"],
        )
        outcome = self._environment.invoke(request)
        return InvocationResult(request.id, outcome.payload, is_error=outcome.is_error, logs=outcome.logs)

    def stop(self) -> None:
        if self._environment:
            self._environment.stop()

    def get_logs(self) -> str:
        return self._environment.history if self._environment else ""

    def get_address(self) -> str:
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        """The host from which LocalStack builds the function's AWS_ENDPOINT_URL."""
        return _gateway_host()

    def get_runtime_endpoint(self) -> str:
        """LocalStack's own init would report here; ours speaks to its runtime directly and never calls it."""
        return f"{_gateway_url()}/_localstack_lambda/{self.id}"

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """LocalStack itself removes the unzipped code once no version uses it."""

    @classmethod
    def validate_environment(cls) -> bool:
        if node_executable():
            return True
        LOG.warning("Functions will not run: no Node on PATH. Set %s to its absolute path.", NODE_VARIABLE)
        return False


def _gateway_host() -> str:
    host = config.GATEWAY_LISTEN[0].host
    return "127.0.0.1" if host in ANY_ADDRESS else host


def _gateway_url() -> str:
    return f"http://{_gateway_host()}:{config.GATEWAY_LISTEN[0].port}"
