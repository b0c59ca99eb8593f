"""What operators see of duider-server: request ids, timings, counters."""
import re
import unittest

from tests.test_server import PATIENT, TEXT, Server


class Metrics(unittest.TestCase):
    def setUp(self):
        self.server = Server("--workers", "1", *PATIENT)

    def tearDown(self):
        code, self.log = self.server.stop()
        self.assertEqual(code, 0, self.log)

    def counters(self):
        status, headers, body = self.server.ask("GET", "/metrics")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        lines = body.decode().splitlines()
        for line in lines:
            self.assertRegex(line, r'^(# (HELP|TYPE) duider_\w+ .+|duider_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [0-9.e+-]+)$')
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}

    def test_requests_and_articles_are_counted(self):
        self.assertEqual(self.server.annotate({"text": TEXT})[0], 200)
        self.assertEqual(self.server.annotate({"text": ""})[0], 422)
        self.server.ask("GET", "/nowhere")
        counters = self.counters()
        self.assertEqual(counters['duider_requests_total{route="/v1/annotate",status="200"}'], 1)
        self.assertEqual(counters['duider_requests_total{route="/v1/annotate",status="422"}'], 1)
        self.assertEqual(counters['duider_requests_total{route="other",status="404"}'], 1)
        self.assertEqual(counters["duider_articles_total"], 1)
        self.assertEqual(counters["duider_article_bytes_total"], len(TEXT.encode()))
        self.assertGreater(counters["duider_worker_busy_seconds_total"], 0)
        self.assertEqual((counters["duider_ready"], counters["duider_workers"], counters["duider_queue_waiting"]), (1, 1, 0))
        self.assertGreater(counters["duider_resident_memory_bytes"], 1e6)

    def test_a_histogram_grows_and_ends_with_its_count(self):
        for _ in range(3):
            self.server.ask("GET", "/health/live")
        counters = self.counters()
        buckets = [v for k, v in counters.items() if k.startswith('duider_request_seconds_bucket{route="/health/live"')]
        self.assertEqual(buckets, sorted(buckets))
        self.assertEqual(buckets[-1], 3)
        self.assertEqual(counters['duider_request_seconds_count{route="/health/live"}'], 3)

    def test_a_request_keeps_its_id(self):
        self.assertEqual(self.server.ask("GET", "/health", None, {"X-Request-Id": "a.b-C_1"})[1]["X-Request-Id"], "a.b-C_1")

    def test_an_id_that_could_forge_the_log_is_replaced(self):
        for bad in ("a b", "x" * 65, "a=1;status=200", "\u00e9"):
            got = self.server.ask("GET", "/nowhere", None, {"X-Request-Id": bad.encode("utf-8")})[1]["X-Request-Id"]
            self.assertRegex(got, r"^[0-9a-f]+-[0-9a-f]+$")

    def test_ids_differ(self):
        self.assertEqual(len({self.server.ask("GET", "/health/live")[1]["X-Request-Id"] for _ in range(5)}), 5)

    def test_the_answer_says_what_took_the_time(self):
        self.assertTrue(re.fullmatch(r"queue;dur=\d+\.\d, annotate;dur=\d+\.\d", self.server.annotate({"text": TEXT})[1]["Server-Timing"]))


if __name__ == "__main__":
    unittest.main()
