"""Where the server's settings come from, and the commands that show and check them."""
import os
import subprocess
import tempfile
import unittest

from tests.test_server import SERVER, Server


class Settings(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, text):
        path = os.path.join(self.folder, "duider.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run_server(self, *arguments, **environment):
        return subprocess.run([SERVER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, env={**os.environ, **environment})

    def printed(self, *arguments, **environment):
        done = self.run_server("--print-config", *arguments, **environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return dict(line.split(" = ", 1) for line in done.stdout.splitlines())

    def wrong(self, text, *arguments):
        done = self.run_server("--check-config", "--config", self.write(text), *arguments)
        self.assertEqual(done.returncode, 1, done.stderr)
        return done.stderr

    def test_a_value_comes_from_the_nearest_place(self):
        path = self.write("# what is meant\nport = 1001\nqueue-length=7 # few\n  workers  =  3\nmax-connections = 9\n")
        shown = self.printed("--config", path, "--port", "1003", DUIDER_PORT="1002", DUIDER_WORKERS="4", DUIDER_HOST="")
        self.assertEqual(shown["port"], "1003  # --port")
        self.assertEqual(shown["workers"], "4  # DUIDER_WORKERS")
        self.assertEqual(shown["queue-length"], f"7  # {path}:3")
        self.assertEqual(shown["host"], "127.0.0.1  # default")

    def test_the_file_may_be_named_by_the_environment(self):
        path = self.write("port = 1001")
        self.assertEqual(self.printed(DUIDER_CONFIG=path)["port"], f"1001  # {path}:1")

    def test_what_is_printed_is_a_file(self):
        first = self.run_server("--print-config", "--port", "1009").stdout
        self.assertEqual(self.printed("--config", self.write(first))["port"].split()[0], "1009")

    def test_every_setting_is_named_alike_everywhere(self):
        text = self.run_server("--help").stdout
        for name in self.printed():
            name = name.removeprefix("# ")
            self.assertIn(f"  --{name} ", text)
            self.assertIn("DUIDER_" + name.upper().replace("-", "_") + ")", text)

    def test_every_fault_of_a_file_is_named_with_its_line(self):
        text = self.wrong("colour = red\nport\nport = 1\nport = 2\nworkers = many\nconfig = x\n")
        for fault in (':1: there is no setting "colour"', ":2: a line is", ":4: port stands twice", ":5: workers takes a number", ':6: there is no setting "config"'):
            self.assertIn(fault, text)

    def test_a_number_is_digits(self):
        for value in ("", "-1", "+5", " 5", "5x", "0x10", "99999999999999999999"):
            done = self.run_server("--queue-length", value)
            self.assertEqual(done.returncode, 2, value)

    def test_a_file_that_can_not_be_read(self):
        self.assertIn("nothing.conf", self.run_server("--config", "/nothing.conf").stderr)
        self.assertEqual(self.run_server("--config", self.folder).returncode, 2)

    def test_check_config(self):
        self.assertEqual(self.run_server("--check-config").returncode, 0)
        self.assertIn("/none.model", self.wrong("", "--model", "/none.model"))
        self.assertIn("no IP address", self.wrong("host = no.such.address"))
        self.assertIn("--port", self.wrong("", "--port", "70000"))

    def test_healthcheck(self):
        server = Server("--workers", "1")
        self.assertEqual(self.run_server("--healthcheck", "--port", str(server.port)).returncode, 0)
        self.assertEqual(self.run_server("--healthcheck", "--host", "0.0.0.0", DUIDER_PORT=str(server.port)).returncode, 0)
        self.assertEqual(server.stop()[0], 0)
        done = self.run_server("--healthcheck", "--port", str(server.port))
        self.assertEqual((done.returncode, done.stderr), (1, "duider-server: no connection to the server\n"))


if __name__ == "__main__":
    unittest.main()
