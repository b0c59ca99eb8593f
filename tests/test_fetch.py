"""Articles by URL: what duider-server fetches, and from where it does not. All hosts are on loopback."""
import concurrent.futures
import gzip
import json
import os
import socket
import socketserver
import struct
import subprocess
import threading
import time
import unittest
import zlib

from tests.test_server import PATIENT, SERVER, TEXT, Server

PAGE = """<html><head><title>Brug dicht | De Veenbode</title></head><body><nav><a href=/>Nieuws</a></nav><article><h1>Brug dicht</h1>
<figure><img src=b.jpg><figcaption>De brug. Foto: Sietske Bos</figcaption></figure>
<p>De brug bij Zuidwolde is dicht, zegt wethouder Fatma Yilmaz van het café.</p></article></body></html>"""
ARTICLE = "Brug dicht\n\nDe brug bij Zuidwolde is dicht, zegt wethouder Fatma Yilmaz van het café.\n\nDe brug. Foto: Sietske Bos"
INNER = "127.0.0.2"


def answer(body=b"", kind="text/html", status="200 OK", **headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"] + ([f"Content-Type: {kind}"] if kind else [])
    lines += [name.replace("_", "-") + ": " + value for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Site:
    """An HTTP server whose pages are bytes, or functions that get the socket. It notes what was asked for."""

    def __init__(self, address, port=0):
        self.pages, self.asked = {}, []
        self.visited, self.may_answer, self.gone = threading.Event(), threading.Event(), threading.Event()
        site = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    line = self.rfile.readline()
                    if not line:
                        return
                    head += line
                site.asked.append(head.decode("latin-1"))
                site.visited.set()
                page = site.pages.get(head.split()[1].decode(), answer(status="404 Not Found"))
                try:
                    self.wfile.write(page) if isinstance(page, bytes) else page(self.wfile.write)
                except OSError:
                    site.gone.set()

        class Listener(socketserver.ThreadingTCPServer):
            allow_reuse_address = daemon_threads = True
            request_queue_size = 64

        self.server = Listener((address, port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def paths(self):
        return [head.split()[1] for head in self.asked]


class Fetch(unittest.TestCase):
    def setUp(self):
        self.site = Site("127.0.0.1")
        self.inner = Site(INNER) # stands for a host that must not be reached
        self.addCleanup(self.site.stop)
        self.addCleanup(self.inner.stop)
        self.site.pages["/brug"] = answer(PAGE.encode())
        self.inner.pages["/brug"] = answer(PAGE.encode())
        self.port = self.site.port

    def serve(self, *arguments, allow="127.0.0.1", names=""):
        names += f" news.example:{self.port}:127.0.0.1 inner.example:{self.inner.port}:{INNER}"
        server = Server("--workers", "2", "--allow-fetch", "--fetch-ports", f"{self.port},{self.inner.port}", "--fetch-allow-addresses", allow, "--fetch-resolve", names,
                        *PATIENT, *arguments)

        def stop():
            code, log = server.stop()
            assert code == 0, log
            assert "Sanitizer" not in log and "runtime error" not in log, log
            assert "news.example" not in log, "an address in the log"
        self.addCleanup(stop)
        return server

    def url(self, path="/brug", host="news.example"):
        return f"http://{host}:{self.port}{path}"

    def ask(self, server, url, **members):
        status, headers, body = server.annotate({"url": url, **members})
        self.assertEqual(headers["Content-Type"], "application/json" if status == 200 else "application/problem+json")
        return status, json.loads(body)

    def refused(self, server, url, status, word=""):
        got, problem = self.ask(server, url)
        self.assertEqual(got, status, (url, problem))
        self.assertIn(word, problem["detail"])

    # ---- pages ----

    def test_a_page(self):
        server = self.serve()
        status, result = self.ask(server, self.url(), id="a1", offsets="utf16", include=["entities"])
        self.assertEqual((status, result["id"], result["text"]), (200, "a1", ARTICLE))
        self.assertEqual(set(result), {"id", "language", "language_confidence", "offsets", "text", "entities", "captions"})
        same = json.loads(server.annotate({"html": PAGE, "id": "a1", "offsets": "utf16", "include": ["entities"]})[2])
        self.assertEqual(result, same)
        head = self.site.asked[0].lower()
        self.assertIn("user-agent: duider/", head)
        self.assertIn(f"host: news.example:{self.port}", head)
        for private in ("cookie", "authorization", "referer", "proxy"):
            self.assertNotIn(private, head)

    def test_a_title_takes_the_place_of_the_page_s(self):
        self.assertTrue(self.ask(self.serve(), self.url(), title="Weer dicht")[1]["text"].startswith("Weer dicht\n\nDe brug bij"))

    def test_kinds_of_pages(self):
        server = self.serve()
        text = "Het café is dicht, zegt Fatma Yilmaz."
        meta = "<meta charset=iso-8859-15>"
        for body, kind, wanted in ((text.encode("latin-1"), "text/plain; charset=ISO-8859-1", text), (text.encode(), "text/plain", text), (b"\xef\xbb\xbf" + text.encode(), "text/plain", text),
                                   (PAGE.encode("cp1252"), "text/html;charset=windows-1252", ARTICLE), (PAGE.encode(), "application/xhtml+xml; charset=utf-8", ARTICLE),
                                   ((meta + PAGE).encode("iso-8859-15"), "TEXT/HTML", ARTICLE)):
            self.site.pages["/kind"] = answer(body, kind)
            status, result = self.ask(server, self.url("/kind"))
            self.assertEqual((status, result.get("text")), (200, wanted), (kind, result))

    def test_pages_that_are_no_article(self):
        server = self.serve()
        for page, status in ((answer(b"\x89PNG", "image/png"), 422), (answer(PAGE.encode(), None), 422), (answer(PAGE.encode(), "application/json"), 422),
                             (answer(b"", "image/png"), 422), (answer(b"", "text/html"), 422), (answer(b"<nav>x</nav>"), 422), (answer(b"x", "text/html; charset=ebcdic"), 422),
                             (answer(b"<meta charset=ebcdic>De brug is dicht."), 422), (answer(PAGE.encode(), status="404 Not Found"), 502),
                             (answer(PAGE.encode(), status="500 Oops"), 502), (answer(PAGE.encode(), status="206 Partial"), 502), (answer(PAGE.encode(), status="304 Same"), 502),
                             (answer(PAGE.encode(), status="302 Found"), 502), (b"no HTTP at all\r\n\r\n", 502), (b"", 502), (answer(b"x" * 100)[:-50], 502)):
            self.site.pages["/page"] = page
            self.refused(server, self.url("/page"), status)

    def test_nobody_there(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0)) # and does not listen
            server = self.serve("--fetch-ports", str(free.getsockname()[1]))
            self.refused(server, f"http://127.0.0.1:{free.getsockname()[1]}/", 502)

    # ---- where it does not go ----

    def test_off_unless_allowed(self):
        server = Server("--workers", "1", *PATIENT)
        self.addCleanup(server.stop)
        status, problem = self.ask(server, self.url())
        self.assertEqual((status, problem["title"], problem["errors"][0]["pointer"]), (403, "Forbidden", "/url"))
        lines = server.ask("POST", "/v1/annotate/batch", json.dumps({"url": self.url()}), {"Content-Type": "application/x-ndjson"})[2]
        self.assertEqual(json.loads(lines)["error"]["status"], 403)
        self.assertFalse(json.loads(server.ask("GET", "/v1/info")[2])["fetch"])
        self.assertEqual(self.site.asked, [])

    def test_urls_that_are_none(self):
        server = self.serve()
        for url in ("file:///etc/passwd", "gopher://news.example/x", "ftp://news.example/x", "dict://news.example:2628/x", "javascript:alert(1)", "data:text/html,x", "ldap://x/y",
                    "FILE://localhost/etc/passwd"):
            self.refused(server, url, 422, "http")
        for url in ("", " ", "brug", "news.example/brug", "//news.example/brug", "http://", "http:///brug", "http://[::1", "http://a b/", "http://x\r\nHost: y/", "http://news.example:99999/",
                    "http://news.example/" + "a" * 5000):
            self.refused(server, url, 422)
        for url in (f"http://jan:geheim@news.example:{self.port}/brug", f"http://jan@news.example:{self.port}/brug", f"http://@news.example:{self.port}/brug"):
            self.refused(server, url, 422, "password")
        for value in (5, None, ["http://news.example"]):
            self.assertEqual(server.annotate({"url": value})[0], 422)
        for value in ({"url": self.url(), "text": "x"}, {"url": self.url(), "html": "x"}):
            self.assertEqual(server.annotate(value)[0], 422)
        self.assertEqual(self.site.asked, [])

    def test_addresses_that_are_not_public(self):
        server = self.serve(allow="")
        for host in ("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "localhost", "0.0.0.0", "0", "10.0.0.1", "100.64.0.1",
                     "169.254.169.254", "172.16.0.1", "192.0.0.1", "192.168.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "[::]", "[::1]",
                     "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::1]", "[2002:7f00:1::1]", "[2001:0:1::1]", "[fc00::1]", "[fd12::1]",
                     "[fe80::1]", "[fe80::1%25lo]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "news.example"):
            self.refused(server, self.url(host=host), 422, "address")
        self.assertEqual(self.site.asked, [])

    def test_an_address_that_is_allowed_is_allowed_in_every_form(self):
        server = self.serve(allow="10.0.0.0/8, 127.0.0.1/32")
        for host in ("127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1"):
            self.assertEqual(self.ask(server, self.url(host=host))[0], 200, host)
        self.refused(server, f"http://{INNER}:{self.inner.port}/brug", 422, "address")
        self.refused(server, f"http://inner.example:{self.inner.port}/brug", 422, "address")
        self.assertEqual(self.inner.asked, [])

    def test_no_address_of_a_name_is_tried_that_is_not_allowed(self):
        server = self.serve(names=f"two.example:{self.inner.port}:127.0.0.1,{INNER} other.example:{self.port}:{INNER},127.0.0.1")
        self.refused(server, f"http://two.example:{self.inner.port}/brug", 422) # nobody listens at the first
        self.assertEqual(self.inner.asked, [])
        self.assertEqual(self.ask(server, self.url(host="other.example"))[0], 200)

    def test_a_name_that_changes_its_address_at_the_second_look(self):
        server = self.serve(names=f"rebind.example:{self.port}:127.0.0.1 rebind.example:{self.inner.port}:{INNER}")
        self.site.pages["/again"] = answer(status="302 Found", Location=f"http://rebind.example:{self.inner.port}/brug")
        self.refused(server, self.url("/again", "rebind.example"), 422, "address")
        self.assertEqual((self.site.paths(), self.inner.asked), (["/again"], []))

    def test_each_redirect_is_checked(self):
        server = self.serve("--fetch-hosts", f"news.example,inner.example,{INNER},[::ffff:127.0.0.2],[::1],2130706434,localhost")
        for target in (f"http://{INNER}:{self.inner.port}/brug", f"http://[::ffff:127.0.0.2]:{self.inner.port}/brug", f"http://2130706434:{self.inner.port}/brug",
                       f"http://inner.example:{self.inner.port}/brug", f"http://[::1]:{self.inner.port}/brug", f"//{INNER}:{self.inner.port}/brug", "file:///etc/passwd", "gopher://x/",
                       f"http://jan:x@news.example:{self.port}/brug", "http://news.example:22/", f"http://other.example:{self.port}/brug", "http://169.254.169.254/latest/meta-data/",
                       "javascript:alert(1)", f"https://{INNER}:{self.inner.port}/"):
            self.site.pages["/away"] = answer(status="302 Found", Location=target)
            self.refused(server, self.url("/away"), 422)
        self.assertEqual((set(self.site.paths()), self.inner.asked), ({"/away"}, []))

    def test_redirects_have_an_end(self):
        server = self.serve()
        for i in range(5):
            self.site.pages[f"/{i}"] = answer(b"<p>Verhuisd.</p>", status=("301 Moved", "302 Found", "303 See", "307 Same", "308 Same")[i], Location=f"{i + 1}")
        self.site.pages["/5"] = answer(PAGE.encode())
        self.site.pages["/loop"] = answer(status="302 Found", Location="/loop")
        self.assertEqual(self.ask(server, self.url("/2"))[1]["text"], ARTICLE)
        self.refused(server, self.url("/1"), 502, "too often")
        self.refused(server, self.url("/loop"), 502, "too often")
        self.assertEqual(self.site.paths().count("/loop"), 4)

    def test_only_the_hosts_that_are_listed(self):
        server = self.serve("--fetch-hosts", "News.example, *.veen.example", names=f"a.veen.example:{self.port}:127.0.0.1 veen.example:{self.port}:127.0.0.1 "
                                                                                  f"xveen.example:{self.port}:127.0.0.1 news.example.evil.example:{self.port}:127.0.0.1")
        for host, status in (("news.example", 200), ("NEWS.EXAMPLE", 200), ("a.veen.example", 200), ("veen.example", 422), ("xveen.example", 422), ("127.0.0.1", 422),
                             ("news.example.evil.example", 422)):
            self.assertEqual(self.ask(server, self.url(host=host))[0], status, host)

    def test_ports_are_80_and_443_unless_others_are_named(self):
        server = Server("--workers", "1", "--allow-fetch=1", "--fetch-allow-addresses", "127.0.0.0/8", *PATIENT)
        self.addCleanup(server.stop)
        self.refused(server, f"http://127.0.0.1:{self.port}/brug", 422, "port")
        self.assertEqual(self.site.asked, [])

    def test_no_proxy_of_the_environment(self):
        names = ("http_proxy", "all_proxy", "ALL_PROXY", "https_proxy")
        before = {name: os.environ.get(name) for name in names}
        os.environ.update({name: f"http://{INNER}:{self.inner.port}" for name in names})
        try:
            server = self.serve()
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value
        self.assertEqual(self.ask(server, self.url())[0], 200)
        self.assertEqual((len(self.site.asked), self.inner.asked), (1, []))

    # ---- how much, how long ----

    def test_a_body_without_end(self):
        def endless(write):
            write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
            while True:
                write(b"<p>De brug is dicht en blijft dicht.</p>" * 100)
        self.site.pages["/endless"] = endless
        self.refused(self.serve("--fetch-max-bytes", "100000"), self.url("/endless"), 422, "larger")
        self.assertTrue(self.site.gone.wait(60))

    def test_a_body_that_says_it_is_too_large(self):
        server = self.serve("--fetch-max-bytes", "2000")
        self.site.pages["/large"] = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9999999999\r\n\r\n"
        self.refused(server, self.url("/large"), 422, "larger")
        self.site.pages["/most"] = answer(PAGE.encode().ljust(2000))
        self.site.pages["/more"] = answer(PAGE.encode().ljust(2001))
        self.assertEqual(self.ask(server, self.url("/most"))[0], 200)
        self.refused(server, self.url("/more"), 422, "larger")

    def test_a_body_that_drips(self):
        def drip(write):
            write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
            while True:
                write(b"a")
                time.sleep(0.05)

        release = threading.Event()
        self.addCleanup(release.set)
        server = self.serve("--fetch-timeout-ms", "1500")
        self.site.pages["/drip"] = drip
        self.site.pages["/silent"] = lambda write: release.wait(600)
        self.refused(server, self.url("/drip"), 504, "time")
        self.refused(server, self.url("/silent"), 504, "time")
        self.assertEqual(self.ask(server, self.url())[0], 200)

    def test_headers_without_end(self):
        def headers(write):
            write(b"HTTP/1.1 200 OK\r\n")
            while True:
                write(b"X-More: " + b"a" * 1000 + b"\r\n")

        def interim(write):
            while True:
                write(b"HTTP/1.1 100 Continue\r\n\r\n")
        server = self.serve()
        for page in (headers, interim):
            self.site.pages["/headers"] = page
            self.refused(server, self.url("/headers"), 502, "headers are too large")

    def test_compressed_pages(self):
        server = self.serve()
        packed = gzip.compress(PAGE.encode())
        for body, coding in ((packed, "gzip"), (packed, "X-GZIP"), (packed, "identity, gzip"), (zlib.compress(PAGE.encode()), "deflate")):
            self.site.pages["/packed"] = answer(body, Content_Encoding=coding)
            self.assertEqual(self.ask(server, self.url("/packed"))[1].get("text"), ARTICLE)
        long = "".join(f"<p>De brug nummer {i} bij Zuidwolde is dicht, zegt wethouder Fatma Yilmaz.</p>" for i in range(30)).encode()
        self.site.pages["/packed"] = answer(gzip.compress(long), Content_Encoding="gzip")
        self.assertEqual(self.ask(server, self.url("/packed"))[0], 200)
        for body, coding in ((gzip.compress(packed), "gzip, gzip"), (packed[:-20] + b"x" * 20, "gzip"), (packed[:-20], "gzip"), (packed[:-1], "gzip"), (PAGE.encode(), "gzip"),
                             (packed, "foo")):
            self.site.pages["/packed"] = answer(body, Content_Encoding=coding)
            self.refused(server, self.url("/packed"), 502)

    def test_a_page_that_grows_when_it_is_unpacked(self):
        server = self.serve("--fetch-max-bytes", "1000000000")
        bomb = gzip.compress(b"<p>" + b"a" * 60_000_000)
        self.site.pages["/bomb"] = answer(bomb, Content_Encoding="gzip")
        self.refused(server, self.url("/bomb"), 422, "compressed")
        counters = server.ask("GET", "/metrics")[2].decode()
        memory = next(float(line.split()[1]) for line in counters.splitlines() if line.startswith("duider_resident_memory_bytes "))
        self.assertLess(memory, 400e6)
        server = self.serve("--fetch-max-bytes", "100000")
        self.site.pages["/bomb"] = answer(gzip.compress(os.urandom(60_000) + b"a" * 300_000), Content_Encoding="gzip")
        self.refused(server, self.url("/bomb"), 422, "larger")

    # ---- beside other work ----

    def test_nobody_waits_for_a_slow_page(self):
        release = threading.Event()
        self.addCleanup(release.set)

        def slow(write):
            release.wait(600)
            write(answer(PAGE.encode()))
        self.site.pages["/slow"] = slow
        server = self.serve("--fetch-threads", "2", "--fetch-queue-length", "2", "--fetch-timeout-ms", "600000", "--queue-length", "1")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = [pool.submit(self.ask, server, self.url("/slow")) for _ in range(8)]
            deadline = time.monotonic() + 300
            while sum(a.done() for a in answers) < 4: # what has no room is refused at once
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            self.assertEqual([a.result()[0] for a in answers if a.done()], [503] * 4)
            self.assertEqual(server.annotate({"text": TEXT})[0], 200)
            self.assertEqual(server.ask("GET", "/health/ready")[0], 200)
            counters = server.ask("GET", "/metrics")[2].decode()
            self.assertIn("duider_fetch_running 2\n", counters)
            self.assertIn("duider_fetch_waiting 2\n", counters)
            release.set()
            self.assertLessEqual({a.result()[0] for a in answers}, {200, 503})
            self.assertIn(200, {a.result()[0] for a in answers})

    def test_a_batch_takes_urls(self):
        server = self.serve()
        self.site.pages["/png"] = answer(b"x", "image/png")
        items = [{"id": "a", "url": self.url()}, {"id": "b", "text": "De brug is dicht, zegt Jan Bos."}, {"id": "c", "url": self.url("/png")}, {"id": "d", "url": self.url("/none")},
                 {"id": "e", "url": "file:///etc/passwd"}] + [{"id": str(i), "url": self.url()} for i in range(20)]
        status, _, body = server.ask("POST", "/v1/annotate/batch", "\n".join(map(json.dumps, items)), {"Content-Type": "application/x-ndjson"})
        results = [json.loads(line) for line in body.splitlines()]
        self.assertEqual((status, [result["id"] for result in results]), (200, [item["id"] for item in items]))
        self.assertEqual([result.get("error", {}).get("status") for result in results], [None, None, 422, 502, 422] + [None] * 20)
        self.assertEqual({result["text"] for result in results[5:]}, {ARTICLE})

    def start(self, server, path, kind, body):
        """Sends the request over a connection that is reset when it is left."""
        self.site.pages["/silent"] = lambda write: [write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")] + [(write(b"a"), time.sleep(0.05)) for _ in range(10000)]
        self.site.pages["/late"] = lambda write: self.site.may_answer.wait(60) and write(answer(PAGE.encode()))
        connection = socket.create_connection(("127.0.0.1", server.port), 60)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        head = f"POST /v1/annotate{path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall((head + body).encode())
        return connection

    def test_who_leaves_a_batch_ends_its_fetches(self):
        body = "\n".join([json.dumps({"url": self.url("/silent")})] * 5)
        with self.start(self.serve("--fetch-timeout-ms", "120000"), "/batch", "application/x-ndjson", body) as connection:
            self.assertIn(b"200", connection.recv(100))
        self.assertTrue(self.site.gone.wait(60))

    def test_who_leaves_ends_the_fetch(self):
        server = self.serve("--fetch-timeout-ms", "120000")
        with self.start(server, "", "application/json", json.dumps({"url": self.url("/silent")})):
            self.assertTrue(self.site.visited.wait(60))
        self.assertTrue(self.site.gone.wait(60))

    def test_who_only_ends_its_request_gets_the_answer(self):
        with self.start(self.serve(), "", "application/json", json.dumps({"url": self.url("/late")})) as connection:
            connection.shutdown(socket.SHUT_WR)
            self.assertTrue(self.site.visited.wait(60))
            time.sleep(1)
            self.site.may_answer.set()
            self.assertIn(b"200 OK", connection.recv(100))

    def test_fetches_are_counted(self):
        server = self.serve()
        self.site.pages["/packed"] = answer(gzip.compress(PAGE.encode()), Content_Encoding="gzip")
        for path in ("/brug", "/packed", "/none"):
            self.ask(server, self.url(path))
        self.ask(server, "file:///etc/passwd")
        lines = server.ask("GET", "/metrics")[2].decode().splitlines()
        for line in ('duider_fetches_total{status="200"} 2', 'duider_fetches_total{status="422"} 1', 'duider_fetches_total{status="502"} 1',
                     f"duider_fetched_bytes_total {len(PAGE.encode()) + len(gzip.compress(PAGE.encode()))}"):
            self.assertIn(line, lines)
        self.assertRegex(server.annotate({"url": self.url()})[1]["Server-Timing"], r"^fetch;dur=\d+\.\d, queue;dur=\d+\.\d, annotate;dur=\d+\.\d$")
        self.assertTrue(json.loads(server.ask("GET", "/v1/info")[2])["fetch"])

    def test_settings_that_are_none(self):
        for setting, values in (("fetch-ports", ("http", "0", "70000", "80;443", "-1")), ("fetch-allow-addresses", ("10.0.0.0/33", "10.0.0", "::/129", "x", "10.0.0.0/", "10.0.0.0/8x")),
                                ("fetch-resolve", ("x", "x:80", "x:80:", ":80:1.2.3.4", "x::1.2.3.4", "x:80:1.2.3.4 y")), ("allow-fetch", ("yes", "2", ""))):
            for value in values:
                done = subprocess.run([SERVER, "--check-config", f"--{setting}={value}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
                self.assertEqual(done.returncode, 1, (setting, value))
                self.assertIn(setting, done.stderr)


if __name__ == "__main__":
    unittest.main()
