"""duider-server's log: one line a request and an event, in the format that was chosen."""
import json
import shlex
import subprocess
import unittest

from tests.test_server import PATIENT, SERVER, Server


class Log(unittest.TestCase):
    def lines(self, *arguments):
        server = Server("--workers", "1", *PATIENT, *arguments)
        self.addCleanup(server.stop)
        server.annotate({"text": "Jan de Vries zegt dat het regent."}, **{"X-Request-Id": "a-1"})
        server.ask("BREW", "/coffee?pot=1", None, {"X-Request-Id": "b=2"})
        code, log = server.stop()
        self.assertEqual(code, 0, log)
        return server.log + log.splitlines()

    def check(self, lines):
        self.assertTrue(all(line["time"].endswith("Z") and line["level"] == "info" for line in lines), lines)
        self.assertIn("is ready on http://127.0.0.1:", lines[0]["msg"])
        annotate, other = [line for line in lines if line["msg"] == "request"]
        self.assertEqual((annotate["id"], annotate["method"], annotate["path"], str(annotate["status"])), ("a-1", "POST", "/v1/annotate", "200"))
        self.assertGreater(int(annotate["in"]), 0)
        self.assertGreater(int(annotate["out"]), 0)
        self.assertGreater(float(annotate["ms"]), 0)
        self.assertNotIn("key", annotate)
        self.assertEqual((other["method"], other["path"]), ("OTHER", "-"))
        self.assertNotEqual(other["id"], "b=2")

    def test_logfmt(self):
        self.check([dict(word.split("=", 1) for word in shlex.split(line)) for line in self.lines()])

    def test_json(self):
        self.check([json.loads(line) for line in self.lines("--log-format", "json")])

    def test_no_other_format(self):
        done = subprocess.run([SERVER, "--log-format", "xml"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (2, 'duider-server: log-format is logfmt or json, not "xml"\n'))


if __name__ == "__main__":
    unittest.main()
