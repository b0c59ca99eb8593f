"""duider-server over a real socket: its routes, what it refuses, how it stops."""
import concurrent.futures
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import unittest

BUILD = os.environ.get("DUIDER_BUILD", "build")
SERVER = f"{BUILD}/duider-server"
with open("tests/articles/dijk.txt", encoding="utf-8") as file:
    TEXT = file.read()


PATIENT = ("--request-timeout-ms", "600000", "--drain-timeout-ms", "600000", "--queue-timeout-ms", "0", "--header-timeout-ms", "600000") # however busy the machine is


class Server:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([SERVER, "--port", "0", *arguments], stderr=subprocess.PIPE, text=True)
        self.log = []
        self.told = False
        while True:
            line = self.process.stderr.readline()
            if not line:
                raise AssertionError("the server did not start: " + "".join(self.log))
            self.log.append(line)
            found = re.search(r"ready on (?:https?://.+:(\d+)|unix:|systemd)", line)
            if found:
                self.port = int(found.group(1) or 0)
                break
        self.drain = concurrent.futures.ThreadPoolExecutor(1)
        self.rest = self.drain.submit(self.process.stderr.read)

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def annotate(self, value, **headers):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.ask("POST", "/v1/annotate", body, {"Content-Type": "application/json", **headers})

    def raw(self, data, timeout=60):
        """What the server sends until it closes the connection or is silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            out = b""
            while chunk := connection.recv(65536):
                out += chunk
            return out

    def terminate(self):
        self.told = True
        self.process.send_signal(signal.SIGTERM)

    def stop(self):
        if self.process.poll() is None and not self.told:  # a second signal would end it at once
            self.terminate()
        code = self.process.wait(600)
        text = self.rest.result()
        self.drain.shutdown()
        self.process.stderr.close()
        return code, text


class Served(unittest.TestCase):
    """The tests of a class share a server, which must end well."""

    options = ("--workers", "2")

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.options, *PATIENT)

    @classmethod
    def tearDownClass(cls):
        code, cls.log = cls.server.stop()
        assert code == 0, cls.log
        assert "Sanitizer" not in cls.log and "runtime error" not in cls.log, cls.log


class Routes(Served):
    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        assert "Petten" not in cls.log, "article text in the log"

    def problem(self, answer, status):
        got, headers, body = answer
        self.assertEqual(got, status, body)
        self.assertEqual(headers["Content-Type"], "application/problem+json")
        problem = json.loads(body)
        self.assertEqual(problem["status"], status)
        self.assertTrue(problem["title"] and problem["detail"])
        return problem

    def test_an_article(self):
        status, headers, body = self.server.annotate({"id": "n1", "text": TEXT})
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        result = json.loads(body)
        self.assertEqual(result["id"], "n1")
        self.assertIn("Marleen van den Heuvel", [entity["name"] for entity in result["entities"]])
        for quote in result["quotes"]:
            self.assertEqual(TEXT[quote["spans"][0]["start"]:quote["spans"][0]["end"]], quote["spans"][0]["text"])

    def test_plain_text_and_query(self):
        status, _, body = self.server.ask("POST", "/v1/annotate?offsets=utf16&language=nl", ("\U0001F600 " + TEXT).encode(),
                                          {"Content-Type": "text/plain; charset=utf-8"})
        self.assertEqual(status, 200)
        self.assertEqual(json.loads(body)["offsets"], "utf16")

    def test_include_chooses_the_members(self):
        result = json.loads(self.server.annotate({"text": TEXT, "include": ["quotes", "text"]})[2])
        self.assertEqual(set(result), {"language", "language_confidence", "offsets", "quotes", "text"})
        self.assertEqual(result["text"], TEXT)
        whole = json.loads(self.server.annotate({"text": TEXT})[2])
        self.assertEqual(set(whole), {"language", "language_confidence", "offsets", "sentences", "entities", "quotes", "sentiment"})
        self.assertEqual(result["quotes"], whole["quotes"])
        for bad in ("quotes", ["quote"], [1], {}):
            self.assertEqual(self.problem(self.server.annotate({"text": TEXT, "include": bad}), 422)["errors"][0]["pointer"], "/include")

    def test_same_as_the_command_line(self):
        line = json.dumps({"id": "x", "text": TEXT}).encode()
        cli = subprocess.run([f"{BUILD}/duider", "annotate", "--ndjson"], input=line, stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(self.server.annotate(line)[2], cli)

    def test_many_clients_get_the_same_bytes(self):
        wanted = self.server.annotate({"text": TEXT})[2]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.server.annotate({"text": TEXT}), range(24)))
        self.assertEqual({a[0] for a in answers}, {200})
        self.assertEqual({a[2] for a in answers}, {wanted})

    def test_health_info_openapi(self):
        self.assertEqual(json.loads(self.server.ask("GET", "/health/live")[2]), {"status": "live"})
        self.assertEqual(json.loads(self.server.ask("GET", "/health/ready")[2]), {"status": "ready"})
        info = json.loads(self.server.ask("GET", "/v1/info")[2])
        self.assertEqual(info["languages"], ["nl", "en", "de"])
        self.assertEqual(info["workers"], 2)
        with open("openapi.yaml", "rb") as file:
            self.assertEqual(self.server.ask("GET", "/openapi.yaml")[2], file.read())

    def test_openapi_names_every_route_and_no_other(self):
        with open("openapi.yaml", encoding="utf-8") as file:
            contract = set(re.findall(r"^  (/[a-z0-9/.]*):$", file.read(), re.M))
        with open("server/router.c", encoding="utf-8") as file:
            routes = set(re.findall(r'\{"[A-Z]+", "(/[^"]*)"', file.read()))
        self.assertEqual(contract, routes)
        for path in routes:
            self.assertNotEqual(self.server.ask("OPTIONS", path)[0], 404)

    def test_head_and_options(self):
        status, headers, body = self.server.ask("HEAD", "/health/live")
        self.assertEqual((status, body), (200, b""))
        self.assertGreater(int(headers["Content-Length"]), 0)
        status, headers, _ = self.server.ask("OPTIONS", "/v1/annotate")
        self.assertEqual((status, headers["Allow"]), (204, "POST, OPTIONS"))

    def test_unknown_path_and_method(self):
        self.problem(self.server.ask("GET", "/nothing"), 404)
        self.problem(self.server.ask("POST", "/nothing", b"x" * 10), 404)
        answer = self.server.ask("GET", "/v1/annotate")
        self.problem(answer, 405)
        self.assertEqual(answer[1]["Allow"], "POST, OPTIONS")
        self.problem(self.server.ask("DELETE", "/health/live"), 405)

    def test_bad_json(self):
        self.problem(self.server.annotate(b"{"), 400)
        self.problem(self.server.annotate(b""), 400)
        self.assertIn("\\u0000", self.problem(self.server.annotate(b'{"text": "a\\u0000b"}'), 400)["detail"])
        self.problem(self.server.annotate(b'{"text": "\xff"}'), 400)
        self.problem(self.server.annotate(b'{"text": "a", "text": "b"}'), 400)
        self.problem(self.server.annotate(b'{"text": "a"} x'), 400)
        self.problem(self.server.annotate(b"[" * 100_000), 400)
        self.assertIn("\\u0000", self.problem(self.server.annotate(b'{"a\\u0000b": 1}'), 400)["detail"])
        self.assertIn("too large", self.problem(self.server.annotate(b'{"text": "a", "id": 1e999}'), 400)["detail"])

    def test_bad_members(self):
        self.problem(self.server.annotate(b"[]"), 422)
        self.assertEqual(self.problem(self.server.annotate({"id": "x"}), 422)["errors"][0]["pointer"], "/text")
        self.assertEqual(self.problem(self.server.annotate({"text": 5}), 422)["errors"][0]["pointer"], "/text")
        self.assertEqual(self.problem(self.server.annotate({"text": "x", "id": 5}), 422)["errors"][0]["pointer"], "/id")
        self.problem(self.server.annotate({"text": "x", "language": "fr"}), 422)
        self.problem(self.server.annotate({"text": "x", "offsets": "words"}), 422)
        self.problem(self.server.annotate({"text": "x", "colour": "red"}), 422)
        self.problem(self.server.ask("POST", "/v1/annotate?x=1", b"Hallo", {"Content-Type": "text/plain"}), 422)

    def test_json_that_is_no_object(self):
        for body in (b"5", b'"x"', b"null", b"true", b"9" * 30):
            self.problem(self.server.annotate(body), 422)

    def test_an_id_of_null_is_none(self):
        status, _, body = self.server.annotate({"id": None, "text": "Jan de Vries zwijgt."})
        self.assertEqual(status, 200)
        self.assertNotIn("id", json.loads(body))

    def test_an_escaped_nul_ends_no_name(self):
        self.problem(self.server.ask("GET", "/health/live%00x"), 404)
        self.problem(self.server.ask("POST", "/v1/annotate?language=nl%00x", b"Hallo", {"Content-Type": "text/plain"}), 422)

    def test_the_absolute_form_of_a_path(self):
        self.assertEqual(self.server.ask("GET", "http://localhost/health/live")[0], 200)
        self.assertEqual(self.server.ask("GET", "http://localhost")[2], self.server.ask("GET", "/")[2])

    def test_texts_without_words(self):
        for text in ("", "  \n\t ", "\u00a0"):
            self.problem(self.server.annotate({"text": text}), 422)
        self.problem(self.server.ask("POST", "/v1/annotate", b"", {"Content-Type": "text/plain"}), 422)

    def test_invalid_utf8_as_plain_text(self):
        problem = self.problem(self.server.ask("POST", "/v1/annotate", b"Het is \xff", {"Content-Type": "text/plain"}), 400)
        self.assertIn("7", problem["detail"])

    def test_media_types(self):
        self.problem(self.server.ask("POST", "/v1/annotate", b"x", {"Content-Type": "application/xml"}), 415)
        self.problem(self.server.ask("POST", "/v1/annotate", b"x"), 415)
        self.problem(self.server.ask("POST", "/v1/annotate", b"x", {"Content-Type": "text/plain; charset=latin1"}), 415)
        self.problem(self.server.annotate({"text": "x"}, **{"Content-Encoding": "compress"}), 415)

    def test_five_megabytes_are_too_large(self):
        self.problem(self.server.ask("POST", "/v1/annotate", b"a" * 5_000_000, {"Content-Type": "text/plain"}), 413)

    def test_a_body_without_its_length(self):
        self.assertIn(b" 411 ", self.server.raw(b"POST /v1/annotate HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n\r\n"))

    def test_two_lengths_are_refused(self):
        answer = self.server.raw(b"POST /v1/annotate HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 b"0\r\n\r\n")
        self.assertIn(b" 400 ", answer)

    def test_unclear_framing_is_refused_on_every_path(self):
        for framing in (b"Transfer-Encoding: gzip", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: identity", b"Content-Length : 5",
                        b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Content-Length: 5\r\nContent-Length: 5"):
            for line in (b"POST /v1/annotate", b"GET /health/live", b"POST /nothing"):
                with socket.create_connection(("127.0.0.1", self.server.port), 20) as connection:
                    connection.sendall(line + b" HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n" + framing + b"\r\n\r\n")
                    answer = http.client.HTTPResponse(connection)
                    answer.begin()
                    self.problem((answer.status, dict(answer.getheaders()), answer.read()), 400)
                    self.assertEqual(connection.recv(1), b"") # and closes

    def test_who_sends_a_large_body_sees_why_it_is_refused(self):
        for path, headers, status in (("/nothing", {}, 404), ("/health/live", {}, 405), ("/v1/annotate", {"Content-Type": "image/png"}, 415),
                                      ("/v1/annotate", {"Content-Type": "text/plain", "Content-Encoding": "compress"}, 415),
                                      ("/v1/annotate", {"Content-Type": "text/plain"}, 413)):
            self.problem(self.server.ask("POST", path, b"a" * 5_000_000, headers), status)

    def test_who_asks_before_the_body_is_answered_before_it(self):
        for path, media, length, status in (("/v1/annotate", "image/png", 10, 415), ("/v1/annotate", "text/plain", 5_000_000, 413), ("/nothing", "text/plain", 10, 404),
                                            ("/v1/annotate", "text/plain", 10, 100)):
            with socket.create_connection(("127.0.0.1", self.server.port), 20) as connection:
                connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {media}\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n".encode())
                self.assertEqual(int(connection.recv(12).split()[1]), status)

    def test_chunked_bodies(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.request("POST", "/v1/annotate", iter([b"Jan de Vries ", b"zegt dat het regent."]), {"Content-Type": "text/plain"}, encode_chunked=True)
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        answer.read()
        connection.close()

    def test_one_connection_serves_many_requests(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.connect()
        port = connection.sock.getsockname()
        for method, path, status in (("GET", "/health/live", 200), ("GET", "/nothing", 404), ("HEAD", "/v1/info", 200), ("GET", "/health/ready", 200)):
            connection.request(method, path)
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, status)
            self.assertEqual(connection.sock and connection.sock.getsockname(), port)
        connection.close()

    def test_pipelined_requests_are_answered_in_order(self):
        body = json.dumps({"id": "p", "text": "Jan de Vries zegt dat het regent."}).encode()
        post = b"POST /v1/annotate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        answer = self.server.raw(post + b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertEqual(re.findall(rb"HTTP/1.1 (\d+)", answer), [b"200", b"404"])

    def test_what_is_no_http_does_not_stop_the_server(self):
        for garbage in (b"\x00\xff\x16\x03\x01" * 50, b"GET / HTTP/9.9\r\n\r\n", b"POST /v1/annotate HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"\r\n" * 100,
                        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n"):
            try:
                self.server.raw(garbage, timeout=1)
            except OSError:
                pass
        self.assertEqual(self.server.ask("GET", "/health/live")[0], 200)

    def test_a_client_that_leaves_early(self):
        body = json.dumps({"text": TEXT}).encode()
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", self.server.port)) as connection:
                connection.sendall(b"POST /v1/annotate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        self.assertEqual(self.server.annotate({"text": TEXT})[0], 200)


class StartAndStop(unittest.TestCase):
    def failure(self, *arguments, code=1):
        done = subprocess.run([SERVER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        return done.stderr

    def test_a_taken_port(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.assertIn(str(taken.getsockname()[1]), self.failure("--port", str(taken.getsockname()[1])))

    def test_a_missing_model(self):
        self.assertIn("/nonexistent.model", self.failure("--port", "0", "--model", "/nonexistent.model"))

    def test_wrong_usage(self):
        self.failure("--port", "70000", code=2)
        self.failure("--workers", "none", code=2)
        self.failure("--nothing", code=2)
        self.failure("x", code=2)
        self.failure("--host", "no.such.address", "--port", "0")

    def test_help_names_every_environment_variable(self):
        text = subprocess.run([SERVER, "--help"], stdout=subprocess.PIPE, text=True, check=True).stdout
        with open("docs/man/duider-server.8", encoding="utf-8") as file:
            page = file.read().replace("\\-", "-")
        for name in re.findall(r"DUIDER_[A-Z_]+|--[a-z]+(?:-[a-z]+)*", text):
            self.assertIn(name, page)

    def test_sigterm_answers_what_runs_and_ends(self):
        server = Server("--workers", "1", *PATIENT)
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            answers = [pool.submit(server.annotate, {"text": TEXT * 10}) for _ in range(5)]
            concurrent.futures.wait(answers, return_when=concurrent.futures.FIRST_COMPLETED)
            server.terminate()
            self.assertEqual({a.result()[0] for a in answers}, {200})
        code, log = server.stop()
        self.assertEqual(code, 0, log)

    def test_a_busy_connection_does_not_keep_the_server(self):
        server = Server("--workers", "1", *PATIENT)
        kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
        kept.request("GET", "/health/live")
        kept.getresponse().read()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            answers = [pool.submit(server.annotate, {"text": TEXT * 10}) for _ in range(4)]
            concurrent.futures.wait(answers, return_when=concurrent.futures.FIRST_COMPLETED)
            server.terminate()
            try:
                while True:
                    socket.create_connection(("127.0.0.1", server.port), 20).close()
            except ConnectionError:
                pass # it takes no new connections any more
            kept.request("POST", "/v1/annotate", json.dumps({"text": TEXT}), {"Content-Type": "application/json"})
            last = kept.getresponse()
            self.assertEqual((last.status, last.getheader("Connection")), (200, "close"))
            last.read()
            self.assertEqual({a.result()[0] for a in answers}, {200})
        kept.close()
        code, log = server.stop()
        self.assertEqual(code, 0, log)

    def test_an_ipv6_address_is_printed_as_a_url_has_it(self):
        with subprocess.Popen([SERVER, "--port", "0", "--host", "::1"], stderr=subprocess.PIPE, text=True) as process:
            line = process.stderr.readline()
            process.send_signal(signal.SIGTERM)
            process.stderr.read()
            if "can't listen" in line:
                self.skipTest("no IPv6 here")
            self.assertRegex(line, r"http://\[::1\]:\d+,")

    def test_a_full_queue_says_503(self):
        server = Server("--workers", "1", "--queue-length", "1", *PATIENT)
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: server.annotate({"text": TEXT * 4}), range(12)))
        self.assertLessEqual({a[0] for a in answers}, {200, 503})
        self.assertIn(200, {a[0] for a in answers})
        refused = [a for a in answers if a[0] == 503]
        self.assertTrue(refused)
        self.assertIn("Retry-After", refused[0][1])
        self.assertEqual(server.stop()[0], 0)

    def test_an_article_past_the_deadline_says_503(self):
        server = Server("--request-timeout-ms", "3000", "--workers", "1")
        status, _, body = server.annotate({"text": TEXT * 500})
        self.assertEqual(status, 503, body)
        self.assertEqual(server.annotate({"text": "Jan de Vries zegt dat het regent."})[0], 200)
        self.assertEqual(server.stop()[0], 0)


if __name__ == "__main__":
    unittest.main()
