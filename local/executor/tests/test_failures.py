"""Errors, crashes and limits look as they do on Lambda, and the next invocation works."""

import os
import re
import signal

from support import FunctionTest, eventually, request, running


class Errors(FunctionTest):
    def test_a_thrown_error_keeps_its_type_message_and_trace_and_its_process(self) -> None:
        orders = self.function("export const handler = async (e) => { if (e) throw new TypeError('no rows'); return process.pid }")
        pid = self.answer(orders.invoke(request()))
        outcome = orders.invoke(request(True, id="id-1"))
        error = self.error(outcome)
        self.assertEqual((error["errorType"], error["errorMessage"]), ("TypeError", "no rows"))
        self.assertEqual(error["trace"][0], "TypeError: no rows")
        self.assertIn('\tid-1\tERROR\tInvoke Error \t{"errorType":"TypeError","errorMessage":"no rows"', outcome.logs)
        self.assertEqual(self.answer(orders.invoke(request())), pid)

    def test_a_thrown_string_and_a_callback_error_are_errors_too(self) -> None:
        code = "exports.handler = (e, c, callback) => { if (e) throw 'plain'; callback(new RangeError('far')) }"
        orders = self.function(code, file="index.cjs")
        self.assertEqual(self.error(orders.invoke(request(1))), {"errorType": "string", "errorMessage": "plain", "trace": []})
        self.assertEqual(self.error(orders.invoke(request()))["errorType"], "RangeError")

    def test_an_unhandled_rejection_fails_the_invocation_and_the_next_one_gets_a_fresh_process(self) -> None:
        orders = self.function(
            """export const handler = async (e) => {
              if (e) { Promise.reject(new Error('lost')); await new Promise((done) => setTimeout(done, 5000)); }
              return process.pid;
            }"""
        )
        pid = self.answer(orders.invoke(request()))
        error = self.error(orders.invoke(request(True)))
        self.assertEqual(error["errorType"], "Runtime.UnhandledPromiseRejection")
        self.assertEqual(error["errorMessage"], "Error: lost")
        self.assertNotEqual(self.answer(orders.invoke(request())), pid)

    def test_an_uncaught_exception_fails_the_invocation_and_the_next_one_gets_a_fresh_process(self) -> None:
        orders = self.function(
            """export const handler = async (e) => {
              if (e) { setTimeout(() => { throw new Error('late') }, 1); await new Promise((done) => setTimeout(done, 5000)); }
              return process.pid;
            }"""
        )
        pid = self.answer(orders.invoke(request()))
        outcome = orders.invoke(request(True))
        self.assertEqual(self.error(outcome)["errorMessage"], "late")
        self.assertIn("ERROR\tUncaught Exception", outcome.logs)
        self.assertNotEqual(self.answer(orders.invoke(request())), pid)

    def test_a_promise_that_can_no_longer_settle_is_an_error_and_not_a_success(self) -> None:
        orders = self.function("export const handler = async (e) => e ? new Promise(() => {}) : 1")
        self.assertEqual(self.error(orders.invoke(request(True)))["errorType"], "Runtime.NodeJsExit")
        self.assertEqual(self.answer(orders.invoke(request())), 1)


class Crashes(FunctionTest):
    CODE = """export const handler = async (how) => {
      if (typeof how === 'number') process.exit(how);
      if (how) { process.kill(process.pid, how); await new Promise((done) => setTimeout(done, 5000)); }
      return process.pid;
    }"""

    def test_a_crash_is_shown_with_its_exit_status_or_signal_and_the_next_invocation_works(self) -> None:
        orders = self.function(self.CODE)
        cases = {
            1: "Runtime exited with error: exit status 1",
            0: "Runtime exited without providing a reason",
            "SIGKILL": "Runtime exited with error: signal: killed",
            "SIGSEGV": "Runtime exited with error: signal: segmentation fault",
        }
        for how, message in cases.items():
            with self.subTest(how):
                outcome = orders.invoke(request(how, id="id-1"))
                expected = {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: id-1 Error: {message}"}
                self.assertEqual(self.error(outcome), expected)
                self.assertIn(f"RequestId: id-1 Error: {message}\nRuntime.ExitError\nEND", outcome.logs)
                self.assertTrue(outcome.logs.endswith("\tStatus: error\tError Type: Runtime.ExitError\n"))
                self.answer(orders.invoke(request()))

    def test_a_process_killed_between_invocations_is_replaced_without_an_error(self) -> None:
        orders = self.function(self.CODE)
        pid = self.answer(orders.invoke(request()))
        for _ in range(20):
            os.kill(pid, signal.SIGKILL)
            eventually(lambda pid=pid: not running(pid))
            replaced = self.answer(orders.invoke(request()))
            self.assertNotEqual(replaced, pid)
            pid = replaced

    def test_what_was_written_before_a_crash_is_in_the_log(self) -> None:
        orders = self.function("export const handler = async () => { console.log('last words'); process.exit(3) }")
        self.assertIn("INFO\tlast words\n", orders.invoke(request()).logs)

    def test_children_of_a_crashed_function_end_with_it(self) -> None:
        orders = self.function(
            """import { spawn } from 'node:child_process';
            export const handler = async () => { console.log('child', spawn('sleep', ['600']).pid); process.exit(1) }"""
        )
        child = int(re.search(r"child (\d+)", orders.invoke(request()).logs)[1])
        eventually(lambda: not running(child))


class InitErrors(FunctionTest):
    def test_an_error_while_loading_keeps_its_own_type_and_message_and_is_tried_twice_as_on_lambda(self) -> None:
        orders = self.function("class ConfigError extends Error { name = 'ConfigError' }\nthrow new ConfigError('no table')")
        outcome = orders.invoke(request())
        error = self.error(outcome)
        self.assertEqual((error["errorType"], error["errorMessage"]), ("ConfigError", "no table"))
        self.assertRegex(outcome.logs, r"INIT_REPORT Init Duration: [\d.]+ ms\tPhase: init\tStatus: error\tError Type: ConfigError\n")
        self.assertIn("\tPhase: invoke\tStatus: error\tError Type: ConfigError\nSTART", outcome.logs)
        self.assertEqual(outcome.logs.count("ERROR\tInit Error"), 2)

    def test_a_handler_that_cannot_be_found_is_named_by_lambdas_error_types(self) -> None:
        good = "export const handler = async () => 1"
        cases = {
            "Runtime.ImportModuleError": (good, "elsewhere.handler"),
            "Runtime.HandlerNotFound": (good, "index.missing"),
            "Runtime.MalformedHandlerName": (good, "index"),
            "Runtime.UserCodeSyntaxError": ("export const handler = (", "index.handler"),
        }
        for error_type, (code, handler) in cases.items():
            with self.subTest(error_type):
                outcome = self.function(code, handler=handler).invoke(request())
                self.assertEqual(self.error(outcome)["errorType"], error_type)
        outcome = self.function("import 'not-bundled'; export const handler = 1").invoke(request())
        self.assertEqual(self.error(outcome)["errorType"], "Runtime.ImportModuleError")
        self.assertIn("not-bundled", self.error(outcome)["errorMessage"])

    def test_an_exit_while_loading_is_an_exit_error(self) -> None:
        error = self.error(self.function("process.exit(4)").invoke(request(id="id-1")))
        self.assertEqual(error["errorMessage"], "RequestId: id-1 Error: Runtime exited with error: exit status 4")

    def test_an_init_beyond_its_limit_is_tried_again_within_the_invocation(self) -> None:
        marker = "import { existsSync, writeFileSync } from 'node:fs'; const marker = `${process.env.TMPDIR}/seen`;"
        orders = self.function(
            f"""{marker}
            if (!existsSync(marker)) {{ writeFileSync(marker, ''); await new Promise((done) => setTimeout(done, 60000)); }}
            export const handler = async () => 'second try';""",
            init_timeout_s=1,
            environ={**os.environ, "TMPDIR": str(self.folder)},
        )
        outcome = orders.invoke(request())
        self.assertEqual(self.answer(outcome), "second try")
        self.assertRegex(outcome.logs, r"INIT_REPORT Init Duration: 1\d\d\d\.\d\d ms\tPhase: init\tStatus: timeout\n")

    def test_a_runtime_that_is_not_node_is_refused_with_its_name_and_the_remedy(self) -> None:
        outcome = self.function("", runtime="python3.12").invoke(request())
        self.assertEqual(self.error(outcome)["errorType"], "Runtime.Unsupported")
        self.assertRegex(self.error(outcome)["errorMessage"], r"python3\.12.*Docker")
        self.assertRegex(outcome.logs, r"START[^\n]*\n[^\n]*python3\.12[^\n]*\nRuntime.Unsupported\nEND")

    def test_layers_and_a_missing_node_are_refused_by_name(self) -> None:
        layered = self.function("", layers=["arn:aws:lambda:eu-central-1:1:layer:tools:1"]).invoke(request())
        self.assertIn("layer:tools:1", self.error(layered)["errorMessage"])
        nodeless = self.function("", environ={"PATH": "/nowhere"}).invoke(request())
        self.assertIn("SLUICE_LAMBDA_NODE", self.error(nodeless)["errorMessage"])


class Limits(FunctionTest):
    def test_a_timeout_kills_the_group_and_the_next_invocation_gets_a_fresh_process(self) -> None:
        orders = self.function(
            """import { spawn } from 'node:child_process';
            export const handler = async (spin) => {
              if (spin) { console.log('child', spawn('sleep', ['600']).pid); for (;;); }
              return process.pid;
            };""",
            timeout_s=1,
        )
        pid = self.answer(orders.invoke(request()))
        outcome = orders.invoke(request(True, id="id-1"))
        self.assertEqual(
            self.error(outcome),
            {"errorType": "Sandbox.Timedout", "errorMessage": "RequestId: id-1 Error: Task timed out after 1.00 seconds"},
        )
        self.assertRegex(outcome.logs, r"\n\S+Z id-1 Task timed out after 1\.00 seconds\nEND")
        self.assertTrue(outcome.logs.endswith("\tStatus: timeout\n"))
        child = int(re.search(r"child (\d+)", outcome.logs)[1])
        eventually(lambda: not running(pid) and not running(child))
        self.assertNotEqual(self.answer(orders.invoke(request())), pid)

    def test_the_report_shows_the_peak_memory_of_the_whole_process_tree(self) -> None:
        orders = self.function(
            """import { spawnSync } from 'node:child_process';
            const fill = 'const b = Buffer.alloc(150e6, 1); const end = Date.now() + 1500; while (Date.now() < end && b);';
            export const handler = async (where) => {
              if (where === 'here') Buffer.alloc(100e6, 1);
              if (where === 'child') spawnSync(process.execPath, ['-e', fill]);
            };""",
            memory_mb=1024,
        )
        used = [int(re.search(r"Max Memory Used: (\d+) MB", orders.invoke(request(w)).logs)[1]) for w in ("", "here", "child")]
        self.assertTrue(25 < used[0] < 120, used)
        self.assertGreater(used[1], used[0] + 80)
        self.assertGreater(used[2], used[0] + 150)

    def test_a_function_far_above_its_memory_is_killed_as_out_of_memory(self) -> None:
        orders = self.function(
            """export const handler = async (grow) => {
              const kept = [];
              while (grow) { kept.push(Buffer.alloc(10e6, 1)); await new Promise((done) => setTimeout(done, 20)); }
              return 'small';
            };""",
            memory_mb=128,
        )
        outcome = orders.invoke(request(True, id="id-1"))
        self.assertEqual(
            self.error(outcome),
            {"errorType": "Runtime.OutOfMemory", "errorMessage": "RequestId: id-1 Error: Runtime exited with error: signal: killed"},
        )
        self.assertEqual(self.answer(orders.invoke(request())), "small")

    def test_the_heap_is_bound_by_the_memory_size(self) -> None:
        orders = self.function("export const handler = async () => { const kept = []; for (;;) kept.push({ n: kept.length }); }", memory_mb=128)
        outcome = orders.invoke(request())
        self.assertIn("signal: aborted", self.error(outcome)["errorMessage"])
        self.assertIn("JavaScript heap out of memory", outcome.logs)
