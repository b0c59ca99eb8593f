"""Workers that do not come back: the service goes on without them. A thread is stopped as a debugger does it; where that is not allowed the tests are skipped."""
import concurrent.futures
import ctypes
import json
import os
import re
import signal
import time
import unittest

from tests.test_server import TEXT, Server

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT, WALL = 17, 0x4206, 0x4207, 0x40000000
SHORT, LONG = {"text": "Jan de Vries zegt dat het regent."}, {"text": TEXT * 300} # longer than the deadline anywhere
DEADLINE = ("--workers", "1", "--request-timeout-ms", "8000", "--stuck-after-ms", "100", "--queue-timeout-ms", "0", "--drain-timeout-ms", "600000")
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype, libc.ptrace.argtypes = ctypes.c_long, [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]


class Stuck(unittest.TestCase):
    def serve(self, *arguments):
        server = Server(*DEADLINE, *arguments)
        self.clients = concurrent.futures.ThreadPoolExecutor(4)
        self.addCleanup(self.clients.shutdown)
        self.addCleanup(server.stop)
        self.addCleanup(self.let_go)
        self.stopped = []
        return server

    def workers(self, server):
        found = []
        for thread in os.listdir(f"/proc/{server.process.pid}/task"):
            with open(f"/proc/{server.process.pid}/task/{thread}/comm", encoding="utf-8") as file:
                if file.read() == "duider-worker\n":
                    found.append(int(thread))
        return found

    def busy(self, server, thread):
        with open(f"/proc/{server.process.pid}/task/{thread}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ask(self, function, *arguments):
        """Where the answer will be."""
        return self.clients.submit(function, *arguments)

    def stop_worker(self, server):
        """Stops the one worker, in the middle of its article."""
        self.wait_for(server, "queue_running", 1)
        thread, = [thread for thread in self.workers(server) if thread not in self.stopped]
        began = self.busy(server, thread)
        while self.busy(server, thread) < began + 0.3: # in matrix products, where it holds no lock
            time.sleep(0.02)
        if libc.ptrace(PTRACE_SEIZE, thread, None, None) != 0:
            self.skipTest("no thread may be stopped here: " + os.strerror(ctypes.get_errno()))
        self.stopped.append(thread)
        self.assertEqual(libc.ptrace(PTRACE_INTERRUPT, thread, None, None), 0)
        os.waitpid(thread, WALL)

    def let_go(self):
        while self.stopped:
            libc.ptrace(PTRACE_DETACH, self.stopped.pop(), None, None)

    def counter(self, server, name):
        text = server.ask("GET", "/metrics")[2].decode()
        return float(re.search(rf"^duider_{name} (\S+)$", text, re.M).group(1))

    def wait_for(self, server, name, value):
        while self.counter(server, name) != value:
            time.sleep(0.02)

    def late(self, answer):
        status, headers, body = answer
        self.assertEqual((status, json.loads(body)["detail"]), (503, "the article took longer than a request may take"))
        self.assertIn("Retry-After", headers)

    def test_its_request_is_answered_and_another_takes_its_place(self):
        server = self.serve()
        wanted = server.annotate(SHORT)[2]
        late = self.ask(server.annotate, LONG)
        self.stop_worker(server)
        self.late(late.result())
        self.wait_for(server, "workers_stuck", 1)
        self.assertEqual((self.counter(server, "workers"), self.counter(server, "stuck_total")), (1, 1))
        self.assertEqual(server.ask("GET", "/health/ready")[0], 200)
        self.assertEqual(server.annotate(SHORT)[::2], (200, wanted))
        self.let_go()
        self.wait_for(server, "workers_stuck", 0) # it came back, and is not needed any more
        self.assertEqual(self.counter(server, "workers"), 1)
        self.assertEqual(server.annotate(SHORT)[::2], (200, wanted))
        code, log = server.stop()
        self.assertEqual(code, 0, log)
        self.assertIn("1 workers do not come back", log)

    def test_not_ready_when_all_are_stuck_and_nobody_waits_for_them(self):
        server = self.serve()
        for stuck in (1, 2): # the worker, and the one that takes its place
            late = self.ask(server.annotate, LONG)
            self.stop_worker(server)
            self.late(late.result())
            self.wait_for(server, "workers_stuck", stuck)
        self.assertEqual(self.counter(server, "workers"), 0)
        status, _, body = server.ask("GET", "/health/ready")
        self.assertEqual((status, json.loads(body)["detail"]), (503, "every worker is stuck"))
        self.assertEqual(server.annotate(SHORT)[0], 503)
        self.assertEqual(server.ask("GET", "/health/live")[0], 200)
        self.let_go()
        self.wait_for(server, "workers_stuck", 0)
        self.assertEqual(self.counter(server, "workers"), 1)
        self.assertEqual((server.ask("GET", "/health/ready")[0], server.annotate(SHORT)[0]), (200, 200))
        self.assertEqual(server.stop()[0], 0)

    def test_a_batch_goes_on(self):
        server = self.serve()
        body = "\n".join(json.dumps(item) for item in (LONG, SHORT, SHORT)).encode()
        batch = self.ask(server.ask, "POST", "/v1/annotate/batch", body, {"Content-Type": "application/x-ndjson"})
        self.stop_worker(server)
        status, _, answer = batch.result()
        lines = [json.loads(line) for line in answer.decode().splitlines()]
        self.assertEqual((status, [line.get("error", {}).get("status") for line in lines][0], len(lines)), (200, 503, 3))
        self.wait_for(server, "workers_stuck", 1)
        self.let_go()
        self.wait_for(server, "workers_stuck", 0)
        self.assertEqual(server.stop()[0], 0)

    def test_who_waits_behind_it_is_answered_too(self):
        server = self.serve("--stuck-after-ms", "600000")
        first = self.ask(server.annotate, LONG)
        self.stop_worker(server)
        for answer in [self.ask(server.annotate, SHORT) for _ in range(3)]:
            self.late(answer.result())
        self.assertFalse(first.done())
        self.let_go()
        self.late(first.result())

    def test_a_reload_goes_on_without_it(self):
        server = self.serve()
        late = self.ask(server.annotate, LONG)
        self.stop_worker(server)
        server.process.send_signal(signal.SIGHUP)
        self.wait_for(server, "reloads_total", 1)
        self.assertEqual(server.annotate(SHORT)[0], 200)
        self.late(late.result())
        self.wait_for(server, "workers_stuck", 1)
        self.let_go()
        self.wait_for(server, "workers_stuck", 0)
        self.assertEqual(server.stop()[0], 0)

    def test_the_server_ends_without_it(self):
        server = self.serve()
        late = self.ask(server.annotate, LONG)
        self.stop_worker(server)
        self.late(late.result())
        self.wait_for(server, "workers_stuck", 1)
        server.process.terminate()
        os.waitpid(self.stopped.pop(), WALL)
        code, log = server.stop()
        self.assertEqual(code, 0, log)
        self.assertIn("stopped with workers that do not come back", log)


if __name__ == "__main__":
    unittest.main()
