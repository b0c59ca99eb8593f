"""duider-server over TLS: what it accepts, a certificate that is replaced, the health check."""
import http.client
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest
import warnings

from tests.test_server import PATIENT, SERVER, TEXT, Server


def make_pair(folder, name):
    """(certificate, key): paths of a pair that signs itself."""
    certificate, key = os.path.join(folder, name + ".crt"), os.path.join(folder, name + ".key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return certificate, key


class Tls(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.certificate, self.key = make_pair(self.folder, "first")

    def serve(self, *arguments):
        server = Server("--workers", "1", *PATIENT, "--tls-cert", self.certificate, "--tls-key", self.key, *arguments)
        self.addCleanup(server.stop)
        return server

    def connect(self, server, trusted=None, **limits):
        context = ssl.create_default_context(cafile=trusted or self.certificate)
        for name, value in limits.items():
            setattr(context, name, value)
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=600, context=context)
        self.addCleanup(connection.close)
        return connection

    def ask(self, connection, path="/health/live", body=None, **headers):
        connection.request("POST" if body else "GET", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def test_articles_over_tls(self):
        server = self.serve()
        self.assertIn("is ready on https://127.0.0.1:", server.log[-1])
        connection = self.connect(server)
        for _ in range(2): # the second in the same connection
            self.assertEqual(self.ask(connection, "/v1/annotate", TEXT.encode(), **{"Content-Type": "text/plain"}), 200)
        batch = b'{"text": "Jan de Vries zegt dat het regent."}\n' * 5
        self.assertEqual(self.ask(connection, "/v1/annotate/batch", batch, **{"Content-Type": "application/x-ndjson"}), 200)
        self.assertEqual(self.ask(connection, "/v1/annotate", b"a" * 3_000_000, **{"Content-Type": "text/plain"}), 413)
        connection.close()

    def test_old_versions_and_plain_http_get_nothing(self):
        server = self.serve()
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings(): # Python discourages them too
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", server.port), 600) as plain, self.assertRaises((ssl.SSLError, OSError)):
            old.wrap_socket(plain)
        with socket.create_connection(("127.0.0.1", server.port), 600) as plain:
            plain.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                self.assertNotIn(b"HTTP/1.1 200", plain.recv(1000))
            except ConnectionError:
                pass
        self.assertEqual(self.ask(self.connect(server, maximum_version=ssl.TLSVersion.TLSv1_2)), 200)
        self.assertEqual(self.ask(self.connect(server, minimum_version=ssl.TLSVersion.TLSv1_3)), 200)

    def reload(self, server, done, failed):
        server.process.send_signal(signal.SIGHUP)
        wanted = f"duider_reloads_total {done}\n", f"duider_failed_reloads_total {failed}\n"
        while True:
            connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=600, context=ssl._create_unverified_context())
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
            connection.close()
            if all(line in text for line in wanted):
                return
            time.sleep(0.01)

    def test_sighup_takes_the_new_pair_and_refuses_a_wrong_one(self):
        server = self.serve()
        kept = self.connect(server)
        self.assertEqual(self.ask(kept), 200)
        second, second_key = make_pair(self.folder, "second")
        with open(second, "rb") as file:
            new = file.read()
        os.rename(self.certificate, self.certificate + ".old")
        with open(self.certificate, "wb") as file:
            file.write(new)
        self.reload(server, 0, 1) # the key is the old one
        self.assertEqual(self.ask(self.connect(server, self.certificate + ".old")), 200)
        os.rename(second_key, self.key)
        self.reload(server, 1, 1)
        self.assertEqual(self.ask(self.connect(server, second)), 200)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.ask(self.connect(server, self.certificate + ".old"))
        self.assertEqual(self.ask(kept), 200)
        kept.close()
        self.assertIn("not reloaded", server.stop()[1])

    def test_healthcheck(self):
        server = self.serve()
        check = lambda *arguments: subprocess.run([SERVER, "--healthcheck", "--port", str(server.port), *arguments], stderr=subprocess.DEVNULL, timeout=60).returncode
        self.assertEqual(check("--tls-cert", self.certificate, "--tls-key", self.key), 0)
        self.assertEqual(check(), 1)

    def test_over_a_unix_socket(self):
        path = os.path.join(self.folder, "socket")
        self.serve("--socket", path)
        arguments = ("--socket", path, "--tls-cert", self.certificate, "--tls-key", self.key)
        self.assertEqual(subprocess.run([SERVER, "--healthcheck", *arguments], timeout=60).returncode, 0)

    def test_files_that_do_not_fit(self):
        other, other_key = make_pair(self.folder, "other")
        with open(self.certificate, "rb") as file:
            text = file.read()
        long = os.path.join(self.folder, "long")
        with open(long, "wb") as file:
            file.write(text * 17)
        for arguments, code in ((("--tls-cert", self.certificate), 1), (("--tls-key", self.key), 1), (("--tls-cert", self.certificate, "--tls-key", other_key), 1),
                                (("--tls-cert", self.key, "--tls-key", self.key), 1), (("--tls-cert", "/nothing", "--tls-key", self.key), 1),
                                (("--tls-cert", long, "--tls-key", self.key), 1), (("--tls-cert", other, "--tls-key", other_key), 0)):
            done = subprocess.run([SERVER, "--check-config", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual(done.returncode, code, (arguments, done.stderr))


if __name__ == "__main__":
    unittest.main()
