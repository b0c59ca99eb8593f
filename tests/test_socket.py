"""Where duider-server listens: Unix sockets, both families of addresses, a socket that systemd passes; and what it tells systemd."""
import http.client
import os
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

from tests.test_server import PATIENT, SERVER, Server

class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=600)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(600)
        self.sock.connect(self.path)

def ask(connection, path):
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status

class Sockets(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "socket")

    def serve(self, *arguments):
        server = Server("--workers", "1", *PATIENT, *arguments)
        self.addCleanup(server.stop)
        return server

    def healthcheck(self, *arguments):
        return subprocess.run([SERVER, "--healthcheck", *arguments], stderr=subprocess.DEVNULL, timeout=60).returncode

    def test_a_unix_socket(self):
        server = self.serve("--socket", self.path, "--max-connections-per-address", "1", "--rate-per-address", "1", "--rate-burst", "1")
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o660)
        kept = [UnixConnection(self.path) for _ in range(3)] # without an address there is no limit an address
        for connection in kept:
            connection.request("GET", "/v1/info")
            self.assertEqual(connection.getresponse().status, 200)
            connection.close()
        self.assertEqual(self.healthcheck("--socket", self.path), 0)
        code, log = server.stop()
        self.assertEqual(code, 0, log)
        self.assertFalse(os.path.exists(self.path))
        self.assertEqual(self.healthcheck("--socket", self.path), 1)

    def test_its_permissions(self):
        self.serve("--socket", self.path, "--socket-mode", "600")
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        for bad in ("", "8", "1000", "rw", "-1"):
            self.assertEqual(subprocess.run([SERVER, "--socket-mode", bad], stderr=subprocess.DEVNULL, timeout=60).returncode, 2, bad)

    def test_a_socket_that_was_left_behind_is_taken_and_no_other(self):
        left = socket.socket(socket.AF_UNIX)
        left.bind(self.path)
        left.close()
        self.serve("--socket", self.path)
        self.assertEqual(ask(UnixConnection(self.path), "/health"), 200)
        for path in (self.path, __file__, "/" + "a" * 200):
            done = subprocess.run([SERVER, "--socket", path], stderr=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(ask(UnixConnection(self.path), "/health"), 200)
        self.assertTrue(os.path.isfile(__file__))

    def test_every_address_of_both_families(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("no IPv6 here")
        server = self.serve("--host", "::", "--rate-per-address", "1", "--rate-burst", "1")
        for address in ("127.0.0.1", "::1"): # each has its own limits
            self.assertEqual(ask(http.client.HTTPConnection(address, server.port, timeout=600), "/v1/info"), 200)
            self.assertEqual(ask(http.client.HTTPConnection(address, server.port, timeout=600), "/v1/info"), 429)
        self.assertEqual(self.healthcheck("--host", "::", "--port", str(server.port)), 0)

    def pass_socket(self, listening, notified, *arguments):
        """Starts the server as systemd does."""
        def become_service():
            os.dup2(listening.fileno(), 3)
            os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), NOTIFY_SOCKET=notified)
        process = subprocess.Popen([SERVER, "--workers", "1", *PATIENT, *arguments], stderr=subprocess.PIPE, text=True, pass_fds=(3,), preexec_fn=become_service)
        self.addCleanup(process.kill)
        return process

    def test_a_socket_that_systemd_passes(self):
        with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(self.path)
            systemd.settimeout(600)
            address = listening.getsockname()
            for _ in range(2): # the socket outlives the service
                waiting = http.client.HTTPConnection(*address, timeout=600)
                waiting.request("GET", "/health/live") # before there is a service
                process = self.pass_socket(listening, self.path)
                self.assertEqual(systemd.recv(1000), b"READY=1")
                self.assertEqual(waiting.getresponse().status, 200)
                process.send_signal(signal.SIGHUP)
                self.assertRegex(systemd.recv(1000), rb"^RELOADING=1\nMONOTONIC_USEC=\d+$")
                self.assertEqual(systemd.recv(1000), b"READY=1")
                process.send_signal(signal.SIGTERM)
                self.assertEqual(systemd.recv(1000), b"STOPPING=1")
                log = process.communicate()[1]
                self.assertEqual(process.returncode, 0, log)
                self.assertIn("ready on systemd's socket", log)
                waiting.close()

    def test_a_socket_that_does_not_listen(self):
        with socket.socket() as other:
            process = self.pass_socket(other, "")
            self.assertIn("one that listens to a stream is needed", process.communicate()[1])
            self.assertEqual(process.returncode, 1)

if __name__ == "__main__":
    unittest.main()
