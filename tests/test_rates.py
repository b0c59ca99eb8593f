"""duider-server's rate limits: what a client may ask in a minute, and what its answers say of it. One token comes back a minute: longer than a test takes."""
import http.client
import json
import tempfile
import unittest

from tests.test_keys import SHORT, new_key
from tests.test_server import PATIENT, Server


class Rates(unittest.TestCase):
    def serve(self, *arguments):
        server = Server("--workers", "1", *PATIENT, *arguments)
        self.addCleanup(server.stop)
        return server

    def rate(self, headers):
        return tuple(int(headers["RateLimit-" + name]) for name in ("Limit", "Remaining", "Reset"))

    def refused(self, answer):
        status, headers, body = answer
        self.assertEqual((status, headers["Content-Type"], json.loads(body)["status"]), (429, "application/problem+json", 429))
        self.assertEqual(self.rate(headers)[1], 0)
        return int(headers["Retry-After"])

    def test_an_address_has_its_burst_and_no_more(self):
        server = self.serve("--rate-per-address", "1", "--rate-burst", "3")
        for left in (2, 1, 0):
            status, headers, _ = server.ask("GET", "/v1/info")
            limit, remaining, reset = self.rate(headers)
            self.assertEqual((status, limit, remaining), (200, 3, left))
            self.assertTrue((2 - left) * 60 < reset <= (3 - left) * 60, reset)
        self.assertTrue(0 < self.refused(server.annotate(SHORT)) <= 60)
        self.assertTrue(0 < self.refused(server.ask("POST", "/v1/annotate", b"a" * 3_000_000, {"Content-Type": "text/plain"})) <= 60)
        for path in ("/health", "/metrics"):
            status, headers, _ = server.ask("GET", path)
            self.assertEqual(status, 200)
            self.assertNotIn("RateLimit-Limit", headers)
        self.assertEqual(server.ask("OPTIONS", "/v1/annotate")[0], 204)
        other = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600, source_address=("127.0.0.7", 0))
        other.request("GET", "/v1/info")
        self.assertEqual(other.getresponse().status, 200)
        other.close()

    def test_errors_cost_and_say_what_is_left(self):
        server = self.serve("--rate-per-address", "1", "--rate-burst", "2")
        status, headers, _ = server.annotate(b"{")
        self.assertEqual((status, self.rate(headers)[:2]), (400, (2, 1)))
        status, headers, _ = server.ask("GET", "/v1/nothing")
        self.assertEqual((status, self.rate(headers)[:2]), (404, (2, 0)))
        self.refused(server.annotate(SHORT))

    def test_each_key_has_its_own(self):
        with tempfile.NamedTemporaryFile("w") as file:
            web, first = new_key("web")
            print_, second = new_key("print")
            rotated, third = new_key("web")
            file.write(first + second + third)
            file.flush()
            server = self.serve("--keys-file", file.name, "--rate-per-key", "1", "--rate-burst", "2")
        ask = lambda key: server.ask("GET", "/v1/info", None, {"Authorization": "Bearer " + key})
        self.assertEqual([ask(web)[0], ask(web)[0]], [200, 200])
        self.refused(ask(web))
        self.refused(ask(rotated)) # another key of the same name
        self.assertEqual(ask(print_)[0], 200)
        status, headers, _ = ask("wrong")
        self.assertEqual(status, 401)
        self.assertNotIn("RateLimit-Limit", headers)

    def test_who_guesses_keys_is_slowed_down(self):
        with tempfile.NamedTemporaryFile("w") as file:
            server = self.serve("--keys-file", file.name, "--rate-per-address", "1", "--rate-burst", "2")
        answers = [server.ask("GET", "/v1/info", None, {"Authorization": "Bearer wrong"}) for _ in range(3)]
        self.assertEqual([(a[0], self.rate(a[1])[1]) for a in answers], [(401, 1), (401, 0), (429, 0)])

    def test_the_tighter_limit_is_told(self):
        with tempfile.NamedTemporaryFile("w") as file:
            key, line = new_key("web")
            file.write(line)
            file.flush()
            server = self.serve("--keys-file", file.name, "--rate-per-key", "1", "--rate-per-address", "1", "--rate-burst", "4")
        self.assertEqual(self.rate(server.ask("GET", "/v1/info")[1])[1], 3)
        self.assertEqual(self.rate(server.ask("GET", "/v1/info", None, {"Authorization": "Bearer " + key})[1])[1], 2)

    def test_each_article_of_a_batch_counts(self):
        server = self.serve("--rate-per-address", "1", "--rate-burst", "5")
        batch = "\n".join([json.dumps(SHORT)] * 3).encode()
        ask = lambda: server.ask("POST", "/v1/annotate/batch", batch, {"Content-Type": "application/x-ndjson"})
        status, headers, _ = ask()
        self.assertEqual((status, self.rate(headers)[1]), (200, 2))
        status, headers, body = ask() # there is a token: the rest is owed
        self.assertEqual((status, self.rate(headers)[1], body.count(b"\n")), (200, 0, 3))
        self.assertTrue(60 < self.refused(server.annotate(SHORT)) <= 120)

    def test_no_limit_by_default(self):
        self.assertNotIn("RateLimit-Limit", self.serve().ask("GET", "/v1/info")[1])


if __name__ == "__main__":
    unittest.main()
