"""duider-server's API keys: how they are made, who is let in, what the log says."""
import http.client
import os
import socket
import subprocess
import tempfile
import unittest

from tests.test_server import PATIENT, SERVER, Server

SHORT = {"text": "Jan de Vries zegt dat het regent."}


def new_key(name):
    """(key, line for the file)"""
    done = subprocess.run([SERVER, "--new-key", name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)
    return done.stderr.split("once: ")[1].split("\n")[0], done.stdout


class Keys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = os.path.join(cls.folder.name, "keys")
        cls.web, first = new_key("web")
        cls.old, second = new_key("archive-1")
        cls.new, third = new_key("archive-1")
        with open(cls.path, "w", encoding="utf-8") as file:
            file.write(f"# who may call\n{first}\n  {second.strip()}  # until July\n{third}")
        cls.server = Server("--workers", "1", "--keys-file", cls.path, "--cors-origins", "https://news.example", *PATIENT)

    @classmethod
    def tearDownClass(cls):
        code, log = cls.server.stop()
        cls.folder.cleanup()
        assert code == 0, log
        assert "Sanitizer" not in log and "runtime error" not in log, log
        assert not [key for key in (cls.web, cls.old, cls.new, "duider_") if key in log], "a key in the log"
        assert " path=/v1/annotate status=200 " in log and " key=web\n" in log, log
        assert " path=/v1/annotate status=401 " in log, log

    def refused(self, answer, error):
        status, headers, body = answer
        self.assertEqual((status, headers["Content-Type"]), (401, "application/problem+json"), body)
        self.assertEqual(headers["WWW-Authenticate"], 'Bearer realm="duider"' + (', error="invalid_token"' if error else ""))

    def test_a_key_of_the_file_is_let_in(self):
        for key in (self.web, self.old, self.new):
            self.assertEqual(self.server.annotate(SHORT, Authorization="Bearer " + key)[0], 200)
        self.assertEqual(self.server.annotate(SHORT, Authorization="bearer   " + self.web)[0], 200)
        self.assertEqual(self.server.ask("GET", "/v1/info", None, {"Authorization": "Bearer " + self.web})[0], 200)

    def test_others_are_not(self):
        self.refused(self.server.annotate(SHORT), False)
        self.refused(self.server.annotate(SHORT, Authorization="Basic " + self.web), False)
        self.refused(self.server.annotate(SHORT, Authorization=self.web), False)
        for key in ("x", self.web[:-1], self.web + "0", self.web.upper(), "a" * 5000, "\u00e9", self.web[:-1] + ("0" if self.web[-1] != "0" else "1")):
            self.refused(self.server.annotate(SHORT, Authorization=("Bearer " + key).encode()), True)
        for method, path in (("GET", "/v1/info"), ("HEAD", "/v1/info"), ("POST", "/v1/annotate/batch"), ("GET", "/v1/nothing")):
            self.refused(self.server.ask(method, path), False)

    def test_probes_counters_contract_and_preflight_need_none(self):
        for path in ("/health", "/health/live", "/health/ready", "/metrics", "/openapi.yaml"):
            self.assertEqual(self.server.ask("GET", path)[0], 200)
        status, headers, _ = self.server.ask("OPTIONS", "/v1/annotate", None, {"Origin": "https://news.example", "Access-Control-Request-Method": "POST"})
        self.assertEqual(status, 204)
        self.assertIn("Authorization", headers["Access-Control-Allow-Headers"])

    def test_the_answer_comes_before_the_body(self):
        with socket.create_connection(("127.0.0.1", self.server.port), 60) as connection:
            connection.sendall(b"POST /v1/annotate HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n")
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            self.assertEqual((answer.status, answer.getheader("Connection")), (401, "close"))

    def test_who_sends_a_large_body_sees_the_answer(self):
        for _ in range(3):
            self.refused(self.server.ask("POST", "/v1/annotate", b"a" * 5_000_000, {"Content-Type": "text/plain"}), False)

    def test_a_connection_that_is_refused_can_bring_a_key(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=600)
        connection.connect()
        port = connection.sock.getsockname()
        for headers, status in (({}, 401), ({"Authorization": "Bearer " + self.web}, 200), ({}, 401)):
            connection.request("GET", "/v1/info", None, headers)
            answer = connection.getresponse()
            answer.read()
            self.assertEqual((answer.status, connection.sock.getsockname()), (status, port))
        connection.close()


class KeysFile(unittest.TestCase):
    def check(self, text):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text)
            file.flush()
            return subprocess.run([SERVER, "--check-config", "--keys-file", file.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)

    def test_a_fault_is_named_with_its_line_and_nothing_of_it(self):
        good = new_key("web")[1]
        name, salt, digest = good.split()
        for bad in ("web", f"{name} {salt}", f"{name} {salt} {digest} x", f"{name} {salt[:-1]} {digest}", f"{name} {salt} {digest[:-2]}g0", f"a=b {salt} {digest}",
                    f"{'a' * 65} {salt} {digest}", f"{name} {digest} {salt}"):
            done = self.check(good + bad + "\n")
            self.assertEqual(done.returncode, 1, bad)
            self.assertIn(":2: a line is", done.stderr)
            self.assertNotIn(digest[:8], done.stderr)
        self.assertEqual(self.check(good).returncode, 0)

    def test_too_many_keys(self):
        _, salt, digest = new_key("x")[1].split()
        self.assertEqual(self.check("".join(f"k{i} {salt} {digest}\n" for i in range(1000))).returncode, 0)
        self.assertIn(":1001: there are too many keys", self.check("".join(f"k{i} {salt} {digest}\n" for i in range(1001))).stderr)

    def test_a_file_that_is_not_there(self):
        done = subprocess.run([SERVER, "--port", "0", "--keys-file", "/no/keys"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/no/keys: No such file or directory", done.stderr)

    def test_a_name_that_could_forge_the_log(self):
        for name in ("", "a b", "a=b", "a" * 65, "\u00e9"):
            done = subprocess.run([SERVER, "--new-key", name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout), (2, ""))

    def test_two_keys_are_never_alike(self):
        made = [new_key("x") for _ in range(3)]
        self.assertEqual(len({key for key, _ in made}), 3)
        self.assertEqual(len({line.split()[1] for _, line in made}), 3)


if __name__ == "__main__":
    unittest.main()
