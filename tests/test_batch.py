"""POST /v1/annotate/batch of duider-server: many articles in one request."""
import http.client
import json
import socket
import time
import unittest

from tests.test_server import PATIENT, TEXT, Served, Server

SHORT = "“De brug gaat open”, zei wethouder Fatma Yilmaz."


class Batch(Served):
    options = ("--workers", "2", "--max-batch-items", "50")

    def post(self, body, kind="application/x-ndjson", query="", server=None):
        status, headers, answer = (server or self.server).ask("POST", "/v1/annotate/batch" + query, body, {"Content-Type": kind})
        return status, headers, [json.loads(line) for line in answer.decode().splitlines()]

    def lines(self, items):
        return "\n".join(json.dumps(item) for item in items).encode()

    def test_lines_come_back_in_order_as_single_requests_give_them(self):
        items = [{"id": f"a{i}", "text": TEXT if i % 4 == 0 else SHORT, "offsets": "utf16"} for i in range(12)]
        status, headers, results = self.post(self.lines(items) + b"\n\n")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/x-ndjson"))
        self.assertEqual(results, [json.loads(self.server.annotate(item)[2]) for item in items])

    def test_an_array_is_a_batch_too(self):
        items = [{"id": "x", "text": SHORT}, {"text": SHORT}]
        self.assertEqual(self.post(json.dumps(items).encode(), "application/json")[2], [json.loads(self.server.annotate(item)[2]) for item in items])

    def test_the_query_gives_the_defaults(self):
        results = self.post(self.lines([{"text": SHORT}, {"text": SHORT, "offsets": "bytes"}]), query="?offsets=utf16")[2]
        self.assertEqual([result["offsets"] for result in results], ["utf16", "bytes"])

    def test_a_bad_article_does_not_stop_the_others(self):
        bad = [b'{"id": "b1", "text": 5}', b"{", b"[]", b'{"id": "b4", "text": "  "}', b'{"text": "\xff"}', b'{"id": "b6"}']
        good = json.dumps({"id": "g", "text": SHORT}).encode()
        results = self.post(b"\n".join(b"\n".join((line, good)) for line in bad))[2]
        self.assertEqual([result.get("id") for result in results[1::2]], ["g"] * 6)
        errors = results[0::2]
        self.assertEqual([error["error"]["status"] for error in errors], [422, 400, 422, 422, 400, 422])
        self.assertEqual([error["index"] for error in errors], [0, 2, 4, 6, 8, 10])
        self.assertEqual([error.get("id") for error in errors], ["b1", None, None, "b4", None, "b6"])

    def test_what_is_no_batch_is_refused(self):
        for body, kind, status in ((b"", "application/x-ndjson", 422), (b"\n \n", "application/x-ndjson", 422), (b"[]", "application/json", 422),
                                   (b"{}", "application/json", 422), (b"[", "application/json", 400), (b"x", "text/plain", 415),
                                   (self.lines([{"text": "x"}] * 51), "application/x-ndjson", 413)):
            got, headers, answer = self.server.ask("POST", "/v1/annotate/batch", body, {"Content-Type": kind})
            self.assertEqual((got, headers["Content-Type"]), (status, "application/problem+json"), body[:20])

    def test_a_batch_may_be_larger_than_an_article(self):
        server = Server("--max-body-bytes", "4000", "--max-batch-bytes", "20000", *PATIENT)
        self.addCleanup(server.stop)
        items = [{"id": str(i), "text": SHORT * 20} for i in range(8)]
        self.assertEqual([result["id"] for result in self.post(self.lines(items), server=server)[2]], [str(i) for i in range(8)])
        large = self.post(self.lines([{"text": SHORT * 100}, {"text": SHORT}]), server=server)[2]
        self.assertEqual([large[0]["error"]["status"], "entities" in large[1]], [413, True])
        self.assertEqual(server.ask("POST", "/v1/annotate/batch", b" " * 30000, {"Content-Type": "application/x-ndjson"})[0], 413)

    def test_results_come_before_the_batch_is_done(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=600)
        self.addCleanup(connection.close)
        connection.request("POST", "/v1/annotate/batch", self.lines([{"id": "first", "text": SHORT}] + [{"text": TEXT * 20}] * 8), {"Content-Type": "application/x-ndjson"})
        answer = connection.getresponse()
        self.assertEqual(json.loads(answer.readline())["id"], "first")
        self.assertRegex(self.server.ask("GET", "/metrics")[2].decode(), r"(?m)^duider_queue_(running|waiting) [1-9]")
        self.assertEqual(len(answer.read().splitlines()), 8)

    def counter(self, name):
        return next(float(line.split()[1]) for line in self.server.ask("GET", "/metrics")[2].decode().splitlines() if line.startswith(name + " "))

    def test_who_leaves_frees_the_work(self):
        body = self.lines([{"text": TEXT * 30}] * 20)
        done = self.counter("duider_articles_total")
        with socket.create_connection(("127.0.0.1", self.server.port), 60) as connection:
            connection.sendall(b"POST /v1/annotate/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            self.assertIn(b"200", connection.recv(100))
        deadline = time.monotonic() + 300
        while self.counter("duider_queue_running") + self.counter("duider_queue_waiting") > 0:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)
        self.assertLess(self.counter("duider_articles_total") - done, 20)
        self.assertEqual(self.server.annotate({"text": SHORT})[0], 200)

    def test_who_does_not_read_holds_up_nobody(self):
        body = self.lines([{"text": TEXT}] * 50)
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", self.server.port))
            connection.sendall(b"POST /v1/annotate/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            for _ in range(5):
                self.assertEqual(self.server.annotate({"text": SHORT})[0], 200)

    def test_no_more_batches_than_may(self):
        server = Server("--workers", "1", "--max-batches", "1", *PATIENT)
        self.addCleanup(server.stop)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
        connection.request("POST", "/v1/annotate/batch", self.lines([{"text": TEXT * 10}] * 3), {"Content-Type": "application/x-ndjson"})
        answer = connection.getresponse()
        status, headers, _ = server.ask("POST", "/v1/annotate/batch", self.lines([{"text": SHORT}]), {"Content-Type": "application/x-ndjson"})
        self.assertEqual((status, headers["Retry-After"]), (503, "1"))
        self.assertEqual(server.annotate({"text": SHORT})[0], 200)
        self.assertEqual(len(answer.read().splitlines()), 3)
        connection.close()
        self.assertEqual(self.post(self.lines([{"text": SHORT}]), server=server)[0], 200)


if __name__ == "__main__":
    unittest.main()
