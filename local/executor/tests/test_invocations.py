"""What a function sees and answers while nothing goes wrong."""

import http.client
import json
import os
import threading
import unittest

from support import ARN, FunctionTest, Invocation, RuntimeApi, request


class Invocations(FunctionTest):
    def test_a_cold_start_runs_the_handler_and_reports_its_init_duration_once(self) -> None:
        orders = self.function("export const handler = async (event) => ({ got: event })")
        first, second = orders.invoke(request({"n": 1})), orders.invoke(request({"n": 2}))
        self.assertEqual(self.answer(first), {"got": {"n": 1}})
        self.assertRegex(first.logs, r"\tInit Duration: \d+\.\d\d ms\n")
        self.assertNotIn("Init Duration", second.logs)

    def test_a_warm_invocation_reuses_the_process_and_its_module_state(self) -> None:
        orders = self.function("let calls = 0; export const handler = async () => [++calls, process.pid]")
        first, second = self.answer(orders.invoke(request())), self.answer(orders.invoke(request()))
        self.assertEqual(second, [2, first[1]])

    def test_a_warm_invocation_takes_few_milliseconds(self) -> None:
        orders = self.function("export const handler = async () => 1")
        orders.invoke(request())
        durations = [float(orders.invoke(request()).logs.split("Duration: ")[1].split()[0]) for _ in range(20)]
        self.assertLess(sorted(durations)[10], 25)

    def test_several_environments_run_at_the_same_time(self) -> None:
        code = """
          import { existsSync, writeFileSync } from 'node:fs';
          export const handler = async ({ mine, other }) => {
            writeFileSync(mine, '');
            while (!existsSync(other)) await new Promise((done) => setTimeout(done, 5));
            return process.pid;
          };"""
        environments = [self.function(code), self.function(code)]
        paths = [str(self.folder / "a"), str(self.folder / "b")]
        pids: list[int] = []

        def invoke(index: int) -> None:
            event = {"mine": paths[index], "other": paths[1 - index]}
            pids.append(self.answer(environments[index].invoke(request(event))))

        threads = [threading.Thread(target=invoke, args=(index,)) for index in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(set(pids)), 2)

    def test_the_context_tells_the_function_what_lambda_tells_it(self) -> None:
        orders = self.function(
            """export const handler = async (event, context) =>
              ({ ...context, left: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID })""",
            timeout_s=7,
        )
        context = self.answer(orders.invoke(request(id="id-1")))
        self.assertTrue(5000 < context.pop("left") <= 7000)
        self.assertEqual(
            context,
            {
                "awsRequestId": "id-1",
                "callbackWaitsForEmptyEventLoop": True,
                "functionName": "orders",
                "functionVersion": "$LATEST",
                "invokedFunctionArn": ARN,
                "logGroupName": "/aws/lambda/orders",
                "logStreamName": "2025/10/25/[$LATEST]0123",
                "memoryLimitInMB": "256",
                "trace": "Root=1-5759e988-bd862e3fe1be46a994272793",
            },
        )

    def test_handlers_load_from_every_kind_of_module(self) -> None:
        awaiting = "const ready = await Promise.resolve('awaited'); export const handler = async () => ready"
        cases = {
            "index.mjs": awaiting,
            "index.cjs": "exports.handler = async () => 'awaited'",
            "index.js": "module.exports = { handler: async () => 'awaited' }",
            "src/deep.mjs": "export const api = { orders: { get: async () => 'awaited' } }",
        }
        for file, code in cases.items():
            with self.subTest(file):
                handler = "src/deep.api.orders.get" if "deep" in file else "index.handler"
                self.assertEqual(self.answer(self.function(code, file=file, handler=handler).invoke(request())), "awaited")
                (self.folder / file).unlink()
        (self.folder / "package.json").write_text('{"type": "module"}')
        self.assertEqual(self.answer(self.function(awaiting, file="index.js").invoke(request())), "awaited")

    def test_a_callback_handler_answers_when_its_event_loop_is_empty_or_at_once_if_it_says_so(self) -> None:
        orders = self.function(
            """let ran = false;
            exports.handler = (event, context, callback) => {
              context.callbackWaitsForEmptyEventLoop = event.wait;
              const state = { ran: false };
              setTimeout(() => { state.ran = true; }, 50);
              callback(null, state);
            };""",
            file="index.cjs",
        )
        self.assertEqual(self.answer(orders.invoke(request({"wait": True}))), {"ran": True})
        self.assertEqual(self.answer(orders.invoke(request({"wait": False}))), {"ran": False})

    def test_a_handler_that_returns_nothing_answers_null(self) -> None:
        self.assertIsNone(self.answer(self.function("export const handler = () => {}").invoke(request())))

    def test_a_payload_of_six_megabytes_goes_in_and_comes_out_unharmed(self) -> None:
        text = "ä€😀" * (6 * 1024 * 1024 // len("ä€😀".encode()) - 20)
        orders = self.function("export const handler = async (event) => event", memory_mb=512)
        self.assertEqual(self.answer(orders.invoke(request(text))), text)

    def test_a_response_above_lambdas_limit_is_an_error_and_the_environment_stays(self) -> None:
        orders = self.function("export const handler = async (n) => 'x'.repeat(n)", memory_mb=512)
        error = self.error(orders.invoke(request(7 * 1024 * 1024)))
        self.assertEqual(error["errorType"], "Function.ResponseSizeTooLarge")
        self.assertEqual(self.answer(orders.invoke(request(2))), "xx")

    def test_a_function_gets_its_variables_and_none_of_localstacks_own(self) -> None:
        environ = {**os.environ, "PYTHONPATH": "/x", "VIRTUAL_ENV": "/y", "SECRET": "z", "TMPDIR": str(self.folder)}
        orders = self.function(
            "export const handler = async () => process.env",
            environ=environ,
            variables={"TABLE": "orders", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9000"},
        )
        seen = self.answer(orders.invoke(request()))
        for name in ("PYTHONPATH", "VIRTUAL_ENV", "SECRET", "NODE_OPTIONS"):
            self.assertNotIn(name, seen)
        self.assertEqual(seen["TABLE"], "orders")
        self.assertEqual(seen["TMPDIR"], str(self.folder))
        self.assertEqual(seen["AWS_ENDPOINT_URL"], "http://127.0.0.1:4566")
        self.assertEqual(seen["AWS_ENDPOINT_URL_S3"], "http://127.0.0.1:9000")
        self.assertEqual(seen["AWS_EXECUTION_ENV"], "AWS_Lambda_nodejs22.x")


class RuntimeApiRequests(unittest.TestCase):
    """The API as another runtime client would use it."""

    def setUp(self) -> None:
        self.api = RuntimeApi(max_reply_bytes=1000)
        self.addCleanup(self.api.close)
        self.client = http.client.HTTPConnection(self.api.address)
        self.addCleanup(self.client.close)

    def post(self, path: str, body: object, **options: object) -> tuple[int, dict]:
        self.client.request("POST", f"/2018-06-01/runtime/{path}", body=body, **options)
        response = self.client.getresponse()
        return response.status, json.loads(response.read())

    def test_a_response_in_chunks_arrives_whole(self) -> None:
        self.api.hand_out(Invocation("id-1", b"1", ARN, "", 0))
        pieces = iter([b'{"rows":', b" 3", b"}"])
        status, _ = self.post("invocation/id-1/response", pieces, encode_chunked=True)
        self.assertEqual(status, 202)
        self.assertEqual(json.loads(self.api.reply.body), {"rows": 3})

    def test_a_response_in_chunks_above_the_limit_is_refused_and_the_connection_stays_usable(self) -> None:
        self.api.hand_out(Invocation("id-1", b"1", ARN, "", 0))
        self.assertEqual(self.post("invocation/id-1/response", iter([b"x" * 600] * 2), encode_chunked=True)[0], 413)
        self.assertTrue(self.api.reply.is_error)
        self.assertEqual(self.post("init/error", b"{}")[0], 202)

    def test_an_answer_to_a_request_that_nobody_waits_for_is_refused(self) -> None:
        status, body = self.post("invocation/id-9/response", b"{}")
        self.assertEqual((status, body["errorType"]), (400, "InvalidRequestID"))
        self.assertIsNone(self.api.reply)
        self.assertEqual(self.post("elsewhere", b"")[0], 404)
