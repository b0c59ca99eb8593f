"""Compressed bodies of requests, and compressed answers."""
import gzip
import http.client
import json
import os
import unittest
import zlib

from tests.codings import COMPRESS, DECOMPRESS
from tests.test_server import PATIENT, TEXT, Served, Server

SHORT = "“De brug gaat open”, zei wethouder Fatma Yilmaz."


class Bodies(Served):
    options = ("--workers", "2", "--max-body-bytes", "200000", "--max-batch-bytes", "400000")

    def post(self, body, coding, path="/v1/annotate", kind="application/json"):
        return self.server.ask("POST", path, body, {"Content-Type": kind, "Content-Encoding": coding})

    def problem(self, answer, status):
        got, headers, body = answer
        self.assertEqual((got, headers["Content-Type"]), (status, "application/problem+json"), body)
        return headers, json.loads(body)["detail"]

    def test_each_coding_gives_what_the_plain_body_gives(self):
        plain = json.dumps({"id": "x", "text": TEXT}).encode()
        wanted = self.server.annotate(plain)
        for coding, compress in COMPRESS.items():
            for name in (coding, coding.upper()):
                self.assertEqual(self.post(compress(plain), name)[::2], wanted[::2], name)
        self.assertEqual(self.post(gzip.compress(plain), "x-gzip")[::2], wanted[::2])
        self.assertEqual(self.post(plain, "identity")[::2], wanted[::2])

    def test_plain_text_and_chunks_of_a_byte(self):
        for coding, compress in COMPRESS.items():
            body = compress(SHORT.encode())
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=600)
            connection.request("POST", "/v1/annotate", iter([bytes([byte]) for byte in body]), {"Content-Type": "text/plain", "Content-Encoding": coding},
                               encode_chunked=True)
            answer = connection.getresponse()
            self.assertEqual(answer.status, 200, coding)
            self.assertEqual(json.loads(answer.read())["entities"][0]["name"], "Fatma Yilmaz")
            connection.close()

    def test_a_batch(self):
        lines = "\n".join(json.dumps({"id": str(i), "text": SHORT}) for i in range(5)).encode()
        for coding, compress in COMPRESS.items():
            status, _, body = self.post(compress(lines), coding, "/v1/annotate/batch", "application/x-ndjson")
            self.assertEqual((status, [json.loads(line)["id"] for line in body.splitlines()]), (200, list("01234")), coding)

    def test_frames_that_follow_one_another(self):
        halves = json.dumps({"text": SHORT}).encode()
        for coding in ("gzip", "zstd"):
            body = COMPRESS[coding](halves[:20]) + COMPRESS[coding](halves[20:])
            self.assertEqual(self.post(body, coding)[0], 200, coding)

    def test_what_is_not_of_the_coding_is_refused_with_400(self):
        plain = json.dumps({"text": TEXT}).encode()
        for coding, compress in COMPRESS.items():
            body = compress(plain)
            flipped = body[:len(body) // 2] + bytes([body[len(body) // 2] ^ 0x55]) + body[len(body) // 2 + 1:]
            bad = [plain, body[:-1], body[:len(body) // 2], body[:1], body + b"x", b"\x00" * 100]
            for data in bad + ([flipped] if coding in ("gzip", "deflate") else []): # those have check sums
                self.assertIn("Content-Encoding", self.problem(self.post(data, coding), 400)[1], (coding, data[:10]))
        self.problem(self.post(zlib.compress(plain), "gzip"), 400)
        self.problem(self.post(gzip.compress(plain), "deflate"), 400)

    def test_other_codings_are_refused_with_415(self):
        for path, kind in (("/v1/annotate", "application/json"), ("/v1/annotate/batch", "application/x-ndjson")):
            for coding in ("compress", "gzip, gzip", "gzip, br", "aes128gcm", "gzip;q=1, foo", "*"):
                headers, _ = self.problem(self.post(gzip.compress(b"{}"), coding, path, kind), 415)
                self.assertEqual(headers["Accept-Encoding"], "gzip, deflate, br, zstd")
        self.assertNotIn("Accept-Encoding", self.problem(self.server.ask("POST", "/v1/annotate", b"x", {"Content-Type": "image/png"}), 415)[0])

    def test_the_limit_counts_decoded_bytes(self):
        noise = os.urandom(120_000).hex().encode() # 240,000 bytes that become less than 200,000
        for coding, compress in COMPRESS.items():
            body = compress(noise)
            self.assertLess(len(body), 200_000)
            self.assertIn("200000", self.problem(self.post(body, coding, kind="text/plain"), 413)[1])
            self.assertEqual(self.post(compress(noise[:199_990]), coding)[0], 400, "it is not JSON")
            self.assertIn("400000", self.problem(self.post(compress(noise + noise[::-1]), coding, "/v1/annotate/batch", "application/x-ndjson"), 413)[1])

    def test_bombs_are_refused(self):
        for coding, compress in COMPRESS.items():
            self.assertIn("100 times", self.problem(self.post(compress(b"a" * 190_000), coding, kind="text/plain"), 413)[1])
            bomb = compress(b" " * 50_000_000)
            self.problem(self.post(bomb, coding), 413)
            self.problem(self.post(bomb, coding, "/v1/annotate/batch", "application/x-ndjson"), 413)
        self.assertEqual(self.server.annotate({"text": SHORT})[0], 200)

    def test_the_ratio_is_a_setting(self):
        body = gzip.compress(b" " * 150_000)
        server = Server("--max-body-ratio", "2000", *PATIENT)
        self.addCleanup(server.stop)
        self.assertEqual(server.ask("POST", "/v1/annotate", body, {"Content-Type": "text/plain", "Content-Encoding": "gzip"})[0], 422, "it holds no word")

    def test_an_unknown_path_or_method_says_so_whatever_the_coding(self):
        self.problem(self.post(b"x", "foo", "/nowhere"), 404)
        self.assertEqual(self.server.ask("GET", "/health/live", None, {"Content-Encoding": "gzip"})[0], 200)


class Answers(Served):
    def coding(self, accept, path="/openapi.yaml"):
        headers = self.server.ask("GET", path, None, {} if accept is None else {"Accept-Encoding": accept})[1]
        self.assertEqual(headers["Vary"], "Accept-Encoding")
        return headers.get("Content-Encoding")

    def test_an_article_is_the_same_in_each_coding(self):
        wanted = self.server.annotate({"text": TEXT})[2]
        for coding, decompress in DECOMPRESS.items():
            first, second = (self.server.annotate({"text": TEXT}, **{"Accept-Encoding": coding}) for _ in range(2))
            self.assertEqual((first[0], first[1]["Content-Encoding"], first[1]["Vary"], first[1]["Content-Type"]), (200, coding, "Accept-Encoding", "application/json"))
            self.assertEqual(int(first[1]["Content-Length"]), len(first[2]))
            self.assertLess(len(first[2]), len(wanted) / 2)
            self.assertEqual(decompress(first[2]), (wanted, True))
            self.assertEqual(first[2], second[2], "the same request gives the same bytes")
            self.assertIn("Server-Timing", first[1])

    def test_pages_and_counters(self):
        with open("openapi.yaml", "rb") as file:
            page = file.read()
        for coding, decompress in DECOMPRESS.items():
            self.assertEqual(decompress(self.server.ask("GET", "/openapi.yaml", None, {"Accept-Encoding": coding})[2]), (page, True))
            self.assertIn(b"duider_ready 1", decompress(self.server.ask("GET", "/metrics", None, {"Accept-Encoding": coding})[2])[0])

    def test_the_client_chooses(self):
        for accept, coding in ((None, None), ("", None), ("identity", None), ("gzip;q=0", None), ("deflate", None), ("compress, foo", None), ("gzip", "gzip"), ("GZIP", "gzip"), ("x-gzip", "gzip"),
                               ("br;q=0.5, gzip;q=0.6", "gzip"), ("br;q=0.8,gzip;q=0.799", "br"), ("gzip, deflate, br", "br"), ("gzip, br, zstd", "zstd"),
                               ("gzip;q=0.5, identity", None), ("gzip;q=0.5, identity;q=0.4", "gzip"), ("*", "zstd"), ("*;q=0", None), ("zstd;q=0, br;q=0, *", "gzip"),
                               ("gzip;q=1.0;x=\"a, br;q=0\", br;q=0.9", "gzip"), ("gzip ; q=0.0 , br ; Q=0.1", "br"), (",,gzip,,", "gzip"), ("gzip;q=x", "gzip")):
            self.assertEqual(self.coding(accept), coding, accept)

    def test_small_answers_and_errors_stay_plain(self):
        self.assertIsNone(self.coding("gzip", "/health/live"))
        self.assertEqual(self.coding("gzip, identity;q=0", "/health/live"), "gzip", "unless the client takes nothing plain")
        status, headers, body = self.server.annotate({"text": " "}, **{"Accept-Encoding": "gzip"})
        self.assertEqual((status, headers.get("Content-Encoding"), json.loads(body)["status"]), (422, None, 422))

    def test_head_says_what_get_would(self):
        got = self.server.ask("GET", "/openapi.yaml", None, {"Accept-Encoding": "br"})
        head = self.server.ask("HEAD", "/openapi.yaml", None, {"Accept-Encoding": "br"})
        self.assertEqual((head[0], head[2]), (200, b""))
        for name in ("Content-Length", "Content-Encoding", "Content-Type", "Vary"):
            self.assertEqual(head[1][name], got[1][name])

    def ask_batch(self, items, accept):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=600)
        self.addCleanup(connection.close)
        body = "\n".join(json.dumps(item) for item in items).encode()
        connection.request("POST", "/v1/annotate/batch", body, {"Content-Type": "application/x-ndjson", **accept})
        return connection.getresponse()

    def test_a_batch_is_the_same_in_each_coding(self):
        items = [{"id": "a", "text": TEXT}, {"text": 5}, {"id": "b", "text": SHORT}] * 3
        wanted = self.ask_batch(items, {}).read()
        for coding, decompress in DECOMPRESS.items():
            answer = self.ask_batch(items, {"Accept-Encoding": coding})
            self.assertEqual((answer.getheader("Content-Encoding"), answer.getheader("Content-Type")), (coding, "application/x-ndjson"))
            body = answer.read()
            self.assertEqual(decompress(body), (wanted, True))
            self.assertLess(len(body), len(wanted) / 3)

    def test_compressed_results_come_before_the_batch_is_done(self):
        for coding, decompress in DECOMPRESS.items():
            answer = self.ask_batch([{"id": "first", "text": SHORT}] + [{"text": TEXT * 8}] * 3, {"Accept-Encoding": coding})
            body = b""
            while b"\n" not in decompress(body)[0]:
                body += answer.read1(1 << 16)
            metrics = self.server.ask("GET", "/metrics")[2].decode()
            self.assertRegex(metrics, r"(?m)^duider_queue_(running|waiting) [1-9]")  # between two articles none runs
            self.assertEqual(json.loads(decompress(body)[0].split(b"\n")[0])["id"], "first")
            text, whole = decompress(body + answer.read())
            self.assertEqual((len(text.splitlines()), whole), (4, True))


if __name__ == "__main__":
    unittest.main()
