"""The demo page: what the server says of it, that its Content-Security-Policy allows all it does, that it works in a browser."""
import html.parser
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse

from tests.test_server import PATIENT, Server

POLICY = {"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "data:", "connect-src": "'self'", "base-uri": "'none'",
          "form-action": "'none'", "frame-ancestors": "'none'", "require-trusted-types-for": "'script'", "trusted-types": "'none'"}
TYPES = {"script": "text/javascript; charset=utf-8", "stylesheet": "text/css; charset=utf-8"}
BROWSER = ("--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--enable-logging=stderr",
           "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--virtual-time-budget=10000", "--dump-dom")


class Page(html.parser.HTMLParser):
    """What a page loads, and what of it a policy without 'unsafe-inline' would refuse."""
    def __init__(self, text):
        super().__init__()
        self.assets, self.inline, self.ids, self.words, self.open = [], [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.open = tag
        self.inline += [f"{tag} {name}" for name, value in attributes if name.startswith("on") or name == "style" or (value or "").strip().lower().startswith("javascript:")]
        self.ids += [values["id"]] if "id" in values else []
        self.words += [values["data-words"]] if "data-words" in values else []
        if tag == "script":
            self.assets.append(("script", values.get("src", "")))
        elif tag == "link":
            self.assets.append((values["rel"], values["href"]))
        elif tag in ("img", "iframe", "object", "embed", "base", "form", "style"):
            self.inline += [tag] if tag != "form" or "action" in values else []

    def handle_data(self, data):
        self.inline += [f"text in {self.open}"] if self.open in ("script", "style") and data.strip() else []

    def handle_endtag(self, tag):
        self.open = ""


class Demo(unittest.TestCase):
    def serve(self, *arguments):
        server = Server("--workers", "1", *PATIENT, *arguments)
        self.addCleanup(server.stop)
        return server

    def test_the_page_and_what_it_loads(self):
        server = self.serve()
        status, headers, body = server.ask("GET", "/")
        self.assertEqual((status, headers["Content-Type"], headers["X-Content-Type-Options"]), (200, "text/html; charset=utf-8", "nosniff"))
        self.assertEqual((headers["Referrer-Policy"], headers["Cache-Control"]), ("no-referrer", "max-age=300"))
        self.assertEqual(dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";")), POLICY)
        page = Page(body.decode())
        self.assertEqual(page.inline, [])
        self.assertEqual(sorted(kind for kind, _ in page.assets), ["icon", "script", "stylesheet"])
        for kind, address in page.assets:
            if kind == "icon":
                self.assertTrue(address.startswith("data:image/svg+xml,"))
                continue
            path = urllib.parse.urljoin("/", address)
            self.assertTrue(path.startswith("/") and not path.startswith("//"), path)
            status, headers, body = server.ask("GET", path)
            self.assertEqual((status, headers["Content-Type"]), (200, TYPES[kind]))
            self.assertNotRegex(body.decode(), r"https?:|//\w|@import|url\(|innerHTML|insertAdjacentHTML|document\.write|\beval\b|\.setAttribute\(\"style")

    def test_head_is_get_without_the_body(self):
        server = self.serve()
        got, head = server.ask("GET", "/"), server.ask("HEAD", "/")
        self.assertEqual((head[0], head[2]), (200, b""))
        for name in ("Content-Type", "Content-Length", "Content-Security-Policy", "ETag"):
            self.assertEqual(head[1][name], got[1][name])

    def test_the_script_knows_every_place_and_word_of_the_page(self):
        with open("web/index.html", encoding="utf-8") as file:
            page = Page(file.read())
        with open("web/demo.js", encoding="utf-8") as file:
            script = file.read()
        used = set(re.findall(r'byId\("([\w-]+)"\)', script))
        self.assertTrue(used and used <= set(page.ids), used - set(page.ids))
        self.assertEqual(len(page.ids), len(set(page.ids)))
        english, dutch = (set(re.findall(r"\b(\w+): [\"`({]", part)) for part in re.search(r"  en: \{(.*?)\n  \},\n  nl: \{(.*?)\n  \},", script, re.S).groups())
        self.assertEqual((english - dutch, set(page.words) - dutch), (set(), set()))

    def test_an_operator_can_do_without(self):
        server = self.serve("--demo", "0")
        for path in ("/", "/demo.css", "/demo.js", "http://localhost"):
            for method in ("GET", "HEAD", "OPTIONS"):
                status, headers, _ = server.ask(method, path)
                self.assertEqual((status, headers["Content-Type"]), (404, "application/problem+json"))
                self.assertNotIn("Content-Security-Policy", headers)
        self.assertEqual(server.ask("GET", "/openapi.yaml")[0], 200)

    def browse(self, server, *arguments):
        """The page as it stands after its script has run, and what the browser complained of."""
        browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        if not browser:
            self.skipTest("there is no Chromium here: the script of the demo page was not run")
        with tempfile.TemporaryDirectory() as folder:
            sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
            done = subprocess.run([browser, *BROWSER, *sandbox, f"--user-data-dir={folder}", *arguments, f"http://127.0.0.1:{server.port}/"], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, encoding="utf-8", timeout=600, check=True)
        return done.stdout, [line for line in done.stderr.splitlines() if ":CONSOLE" in line]

    def test_it_annotates_in_a_browser(self):
        dom, complaints = self.browse(self.serve(), "--lang=nl", "--accept-lang=nl")
        self.assertEqual(complaints, [])
        self.assertIn('<html lang="nl">', dom)
        self.assertIn("Citaten per spreker", dom)
        self.assertRegex(dom, r'<span class="entity name PER[^"]*" data-marks="e\d+[^"]*">Ilse Brandsma</span>')
        self.assertRegex(dom, r'<span class="quote direct" data-marks="q1" id="q1" tabindex="0" role="group" aria-describedby="tip">Het oosten van het land')
        self.assertRegex(dom, r'<h3>Ilse Brandsma</h3><ul><li data-marks="q1"><a href="#q1">Het oosten van het land')

    def test_it_asks_for_a_key_where_the_server_does(self):
        with tempfile.NamedTemporaryFile() as keys:
            dom, complaints = self.browse(self.serve("--keys-file", keys.name), "--lang=en", "--accept-lang=en")
        self.assertEqual([line for line in complaints if "401" not in line], [])
        self.assertRegex(dom, r'<p class="row" id="key-row">')
        self.assertRegex(dom, r'<p id="status" role="status" class="wrong">[^<]*key')


if __name__ == "__main__":
    unittest.main()
