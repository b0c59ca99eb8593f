"""Which web pages duider-server lets read its answers."""
import json
import unittest

from tests.test_server import PATIENT, Server


class Cors(unittest.TestCase):
    def serve(self, *arguments):
        server = Server("--workers", "1", *PATIENT, *arguments)
        self.addCleanup(server.stop)
        return server

    def preflight(self, server, origin):
        return server.ask("OPTIONS", "/v1/annotate", None, {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"})

    def test_no_page_may_read_by_default(self):
        status, headers, _ = self.serve().ask("GET", "/health", None, {"Origin": "https://news.example"})
        self.assertEqual(status, 200)
        self.assertFalse([name for name in headers if name.startswith("Access-Control")])
        self.assertNotIn("Origin", headers["Vary"])

    def test_a_listed_page_may_post(self):
        server = self.serve("--cors-origins", "https://a.example, https://news.example")
        status, headers, _ = self.preflight(server, "https://news.example")
        self.assertEqual((status, headers["Access-Control-Allow-Origin"], headers["Access-Control-Max-Age"]), (204, "https://news.example", "600"))
        self.assertIn("POST", headers["Access-Control-Allow-Methods"])
        self.assertIn("Content-Type", headers["Access-Control-Allow-Headers"])
        status, headers, body = server.annotate({"text": "Jan de Vries zegt dat het regent."}, Origin="https://news.example")
        self.assertEqual((status, headers["Access-Control-Allow-Origin"], headers["Vary"]), (200, "https://news.example", "Accept-Encoding, Origin"))
        self.assertIn("X-Request-Id", headers["Access-Control-Expose-Headers"])
        status, headers, body = server.annotate({"text": ""}, Origin="https://news.example")
        self.assertEqual((json.loads(body)["status"], headers["Access-Control-Allow-Origin"]), (422, "https://news.example"), "errors are readable too")

    def test_other_pages_may_not(self):
        server = self.serve("--cors-origins", "https://news.example")
        for origin in ("https://news.example.evil.test", "https://news.exampl", "http://news.example", "null", ""):
            headers = self.preflight(server, origin)[1]
            self.assertNotIn("Access-Control-Allow-Origin", headers)
            self.assertEqual(headers["Vary"], "Origin")

    def test_a_star_is_every_page(self):
        self.assertEqual(self.preflight(self.serve("--cors-origins", "*"), "https://any.example")[1]["Access-Control-Allow-Origin"], "https://any.example")


if __name__ == "__main__":
    unittest.main()
