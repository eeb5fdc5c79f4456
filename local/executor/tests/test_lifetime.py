"""Processes end when they should: at a stop, and when LocalStack is gone."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from support import EnvironmentStopped, FunctionTest, eventually, request, running

SPAWN = """import { spawn } from 'node:child_process';
export const handler = async (how) => {
  const child = spawn('sleep', ['600'], { detached: how === 'detached' }).pid;
  console.log('started', child);
  if (how === 'spin') { (await import('node:fs')).writeFileSync(process.env.MARKER, `${process.pid} ${child}`); for (;;); }
  return [process.pid, child];
};"""

OWNER = """
import sys
from pathlib import Path
from support import FunctionTest, request
test = FunctionTest()
test.setUp()
environment = test.function(sys.argv[1], variables={"MARKER": sys.argv[2]}, timeout_s=60)
environment.invoke(request("spin"))
"""


class Lifetime(FunctionTest):
    def test_a_stop_ends_the_function_and_its_children_even_those_that_left_its_group(self) -> None:
        orders = self.function(SPAWN)
        processes = [*self.answer(orders.invoke(request())), *self.answer(orders.invoke(request("detached")))]
        self.assertTrue(all(running(pid) for pid in processes))
        orders.stop()
        eventually(lambda: not any(running(pid) for pid in processes))
        orders.stop()
        with self.assertRaises(EnvironmentStopped):
            orders.invoke(request())

    def test_a_stop_during_an_invocation_ends_it_at_once_with_an_error(self) -> None:
        marker = self.folder / "marker"
        orders = self.function(SPAWN, variables={"MARKER": marker}, timeout_s=60)
        outcomes = []
        thread = threading.Thread(target=lambda: outcomes.append(orders.invoke(request("spin"))))
        thread.start()
        eventually(lambda: marker.exists() and marker.read_text())
        orders.stop()
        thread.join(timeout=5)
        self.assertEqual(self.error(outcomes[0])["errorType"], "Sandbox.Failure")

    def test_a_stop_during_the_init_phase_ends_it(self) -> None:
        orders = self.function("await new Promise((done) => setTimeout(done, 60000))", start=False)
        raised = []

        def start() -> None:
            try:
                orders.start()
            except EnvironmentStopped as stopped:
                raised.append(stopped)

        thread = threading.Thread(target=start)
        thread.start()
        pid = eventually(lambda: orders.pid)
        orders.stop()
        thread.join(timeout=5)
        self.assertEqual(len(raised), 1)
        self.assertFalse(running(pid))

    def test_a_busy_function_and_its_children_die_with_the_killed_owner_of_their_environment(self) -> None:
        marker = self.folder / "marker"
        owner = subprocess.Popen([sys.executable, "-c", OWNER, SPAWN, str(marker)], cwd=Path(__file__).parent, start_new_session=True)
        try:
            text = eventually(lambda: marker.exists() and marker.read_text())
        finally:
            os.killpg(owner.pid, signal.SIGKILL)
            owner.wait()
        for pid in text.split():
            eventually(lambda pid=pid: not running(int(pid)))

    def test_an_ended_environment_leaves_no_threads_and_no_open_files(self) -> None:
        self.function("export const handler = async () => 1").stop()
        descriptors = Path("/dev/fd")
        count = lambda: (threading.active_count(), len(list(descriptors.iterdir())))  # noqa: E731
        before = eventually(lambda: threading.active_count() == 1 and count())
        for _ in range(3):
            orders = self.function("export const handler = async () => 1")
            orders.invoke(request())
            orders.stop()
        eventually(lambda: count() <= before)
