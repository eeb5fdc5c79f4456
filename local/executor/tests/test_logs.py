"""What a function writes arrives whole, in order, and with the invocation that wrote it."""

import re

from support import FunctionTest, request


class Logs(FunctionTest):
    def test_start_end_and_report_surround_what_the_invocation_wrote(self) -> None:
        orders = self.function("export const handler = async () => { console.log('counted', { rows: 3 }); }", memory_mb=512)
        lines = orders.invoke(request(id="id-1")).logs.splitlines()
        self.assertEqual(lines[0], "START RequestId: id-1 Version: $LATEST")
        self.assertRegex(lines[1], r"^\d{4}-\d\d-\d\dT[\d:.]+Z\tid-1\tINFO\tcounted \{ rows: 3 \}$")
        self.assertEqual(lines[2], "END RequestId: id-1")
        self.assertRegex(
            lines[3],
            r"^REPORT RequestId: id-1\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 512 MB\t"
            r"Max Memory Used: \d+ MB\tInit Duration: [\d.]+ ms$",
        )

    def test_output_of_both_streams_keeps_its_order_however_much_it_is(self) -> None:
        orders = self.function(
            """export const handler = async () => {
              for (let i = 0; i < 20000; i++) (i % 2 ? process.stderr : process.stdout).write(`line ${i} ${'x'.repeat(90)}\\n`);
            };"""
        )
        written = re.findall(r"^line (\d+) x{90}$", orders.invoke(request()).logs, re.MULTILINE)
        self.assertEqual(written, [str(i) for i in range(20000)])

    def test_each_invocation_gets_its_own_lines_even_when_it_answers_right_after_writing(self) -> None:
        orders = self.function("export const handler = async (n) => { process.stdout.write(`only ${n} ${'y'.repeat(200000)}\\n`) }")
        for n in range(10):
            logs = orders.invoke(request(n)).logs
            self.assertEqual(re.findall(r"only (\d+) y{200000}\n", logs), [str(n)])

    def test_output_of_the_init_phase_comes_before_the_first_start_line(self) -> None:
        logs = self.function("console.log('loading'); export const handler = async () => 1").invoke(request()).logs
        self.assertRegex(logs, r"^\S+\tundefined\tINFO\tloading\nSTART ")

    def test_a_message_of_several_lines_stays_one_line_of_the_log(self) -> None:
        orders = self.function("export const handler = async () => console.warn('first\\nsecond')")
        self.assertIn("\tWARN\tfirst\rsecond\n", orders.invoke(request()).logs)

    def test_bytes_that_are_no_text_do_not_break_the_log(self) -> None:
        orders = self.function(
            """export const handler = async () => {
              process.stdout.write(Buffer.from([0x61, 0xff, 0xfe, 0x00, 0xc3]));
              process.stdout.write('\\nnext ä\\n');
            };"""
        )
        self.assertIn("a��\0�\nnext ä\nEND", orders.invoke(request()).logs)

    def test_output_without_a_last_line_break_still_leaves_end_on_a_line_of_its_own(self) -> None:
        orders = self.function("export const handler = async () => { process.stdout.write('half') }")
        self.assertIn("\nhalf\nEND RequestId", orders.invoke(request()).logs)

    def test_what_a_child_process_writes_is_in_the_log(self) -> None:
        orders = self.function(
            """import { spawnSync } from 'node:child_process';
            export const handler = async () => { spawnSync('sh', ['-c', 'echo from the child'], { stdio: 'inherit' }) }"""
        )
        self.assertIn("\nfrom the child\n", orders.invoke(request()).logs)
