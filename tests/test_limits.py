"""duider-server's limits: slow and oversized requests, too many connections, articles that wait too long."""
import concurrent.futures
import json
import socket
import time
import unittest

from tests.test_server import TEXT, Server


class Limits(unittest.TestCase):
    def serve(self, *arguments):
        server = Server(*arguments)
        self.addCleanup(server.stop)
        return server

    def closed_after(self, server, pieces, pause):
        """Sends the pieces one by one; seconds until the server closes, or None where it took them all."""
        start = time.monotonic()
        with socket.create_connection(("127.0.0.1", server.port), 60) as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
                    connection.settimeout(pause)
                    try:
                        if connection.recv(1) == b"":
                            return time.monotonic() - start
                    except TimeoutError:
                        pass
            except OSError:
                return time.monotonic() - start
        return None

    def test_headers_that_drip_are_cut_off_though_they_are_never_silent(self):
        server = self.serve("--header-timeout-ms", "500")
        pieces = [b"GET /health/live HTTP/1.1\r\nHost: x\r\nX-Long: "] + [b"a"] * 600
        self.assertIsNotNone(self.closed_after(server, pieces, 0.1))
        self.assertEqual(server.ask("GET", "/health/live")[0], 200)

    def test_a_quick_client_is_not_cut_off(self):
        server = self.serve("--header-timeout-ms", "60000")
        self.assertIsNone(self.closed_after(server, [b"GET /health/live HTTP/1.1\r\n", b"Host: x\r\n"], 0.2))

    def test_large_headers_are_refused_with_431(self):
        server = self.serve("--max-header-bytes", "2048")
        status, headers, body = server.ask("GET", "/health/live", None, {"X-Large": "a" * 4000})
        self.assertEqual((status, headers["Content-Type"]), (431, "application/problem+json"))
        self.assertIn("2048", json.loads(body)["detail"])
        self.assertEqual(server.ask("GET", "/health/live", None, {"X-Fine": "a" * 1000})[0], 200)

    def test_json_deeper_than_the_limit_is_refused(self):
        server = self.serve("--max-json-depth", "2")
        self.assertEqual(server.annotate({"text": TEXT})[0], 200)
        self.assertEqual(server.annotate(b'{"text": [[["x"]]]}')[0], 400)

    def test_an_address_has_no_more_connections_than_it_may(self):
        server = self.serve("--max-connections-per-address", "2")
        kept = [socket.create_connection(("127.0.0.1", server.port), 60) for _ in range(2)]
        for connection in kept:
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b"200", connection.recv(65536))
        with socket.create_connection(("127.0.0.1", server.port), 60) as third:
            try:
                third.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertEqual(third.recv(1), b"")
            except ConnectionResetError:
                pass
        for connection in kept:
            connection.close()

    def test_an_article_that_would_wait_too_long_is_refused(self):
        server = self.serve("--workers", "1", "--queue-timeout-ms", "100", "--request-timeout-ms", "600000")
        with concurrent.futures.ThreadPoolExecutor(8) as clients:
            answers = list(clients.map(lambda _: server.annotate({"text": TEXT * 8}), range(8)))
        refused = [answer for answer in answers if answer[0] == 503]
        self.assertTrue(refused and len(refused) < 8, [answer[0] for answer in answers])
        for _, headers, body in refused:
            self.assertIn("Retry-After", headers)
            self.assertEqual(json.loads(body)["status"], 503)


if __name__ == "__main__":
    unittest.main()
