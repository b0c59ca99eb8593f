"""What caches and clients negotiate with duider-server: tags of pages, types, methods."""
import json
import re
import unittest

from tests.test_server import Served

PAGES = ("/openapi.yaml", "/openapi.json", "/", "/demo.css", "/demo.js")
TYPES = {"/v1/info": "application/json", "/health": "application/json", "/health/live": "application/json", "/health/ready": "application/json",
         "/metrics": "text/plain", "/openapi.yaml": "application/yaml", "/openapi.json": "application/json",
         "/": "text/html", "/demo.css": "text/css", "/demo.js": "text/javascript"}


class Pages(Served):
    options = ("--workers", "1")

    def get(self, path, **headers):
        return self.server.ask("GET", path, None, {name.replace("_", "-"): value for name, value in headers.items()})

    def test_the_contract_in_json_is_the_one_in_yaml(self):
        status, headers, body = self.get("/openapi.json")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        contract = json.loads(body)
        with open("openapi.yaml", encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(list(contract["paths"]), re.findall(r"^  (/[a-z0-9/.]*):$", text, re.M))
        self.assertEqual(list(contract["components"]["schemas"]), re.findall(r"^    (\w+):$", text.split("\n  schemas:\n")[1], re.M))
        self.assertIn("“De brug gaat morgen weer open”", contract["paths"]["/v1/annotate"]["post"]["requestBody"]["content"]["text/plain"]["examples"]["short"]["value"])

    def test_who_holds_a_page_gets_it_no_more(self):
        for path in PAGES:
            status, headers, body = self.get(path)
            etag = headers["ETag"]
            self.assertEqual(status, 200)
            self.assertRegex(headers["Cache-Control"], r"^max-age=[1-9]")
            for held in (etag, etag.removeprefix("W/"), f'"other", {etag}', f'"a,b" , {etag} ', "*"):
                status, again, nothing = self.get(path, If_None_Match=held)
                self.assertEqual((status, nothing, again["ETag"], again["Cache-Control"], again["Vary"]), (304, b"", etag, headers["Cache-Control"], "Accept-Encoding"), held)
            for other in ('"other"', etag[:-2] + '"', etag + "x", "", '"*"', f'"{etag}"'):
                self.assertEqual(self.get(path, If_None_Match=other)[::2], (200, body), other)
            self.assertEqual(self.get(path, If_None_Match=etag, Accept_Encoding="gzip")[0], 304)
            self.assertEqual(self.server.ask("HEAD", path, None, {"If-None-Match": etag})[0], 304)
        self.assertNotEqual(self.get(PAGES[0])[1]["ETag"], self.get(PAGES[1])[1]["ETag"])

    def test_a_connection_goes_on_behind_a_304(self):
        answer = self.server.raw(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\nHEAD /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
                                 b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertEqual(re.findall(rb"HTTP/1.1 (\d+)", answer), [b"304", b"200", b"200"])
        heads = answer.split(b"\r\n\r\n")
        self.assertTrue(heads[1].startswith(b"HTTP/1.1 200") and heads[2].startswith(b"HTTP/1.1 200"), "neither has a body")
        self.assertEqual(re.findall(rb"Content-Length: (\d+)", heads[0] + heads[1]), [str(len(self.get("/openapi.json")[2])).encode()] * 2)

    def test_what_changes_has_no_tag(self):
        for path in ("/v1/info", "/metrics", "/health/live"):
            status, headers, _ = self.get(path, If_None_Match="*")
            self.assertEqual((status, headers["Cache-Control"]), (200, "no-store"))
            self.assertNotIn("ETag", headers)

    def test_a_type_that_is_not_there(self):
        for path, kind in TYPES.items():
            group = kind.split("/")[0]
            for accept in (kind, kind.upper(), f"{group}/*", "*/*", "*", "", "image/png, */*;q=0.1", f"{kind};q=0.001", f"image/*;q=1, {kind};version=9", f'a/b;x=",", {kind}',
                           f"*/*;q=0, {group}/*"):
                self.assertEqual(self.get(path, Accept=accept)[0], 200, (path, accept))
            for accept in ("image/png", f"{kind}x", f"{kind};q=0", f"{kind};q=0.000, */*", f"{group}/*;q=0, */*", "image/*, */*;q=0", f'image/png;x="{kind}, {kind}"'):
                status, headers, body = self.get(path, Accept=accept)
                self.assertEqual((status, headers["Content-Type"], json.loads(body)["status"]), (406, "application/problem+json", 406), (path, accept))
                self.assertIn(kind, json.loads(body)["detail"])

    def test_types_of_what_is_posted(self):
        for path, kind, body in (("/v1/annotate", "application/json", b'{"text": "Jan de Vries zwijgt."}'), ("/v1/annotate/batch", "application/x-ndjson", b'[{"text": "Jan de Vries zwijgt."}]')):
            for accept, status in ((kind, 200), ("application/*", 200), ("text/html", 406), ("application/xml, text/*", 406)):
                self.assertEqual(self.server.ask("POST", path, body, {"Content-Type": "application/json", "Accept": accept})[0], status, (path, accept))

    def test_options_and_head_on_every_path(self):
        for path in TYPES:
            status, headers, body = self.server.ask("OPTIONS", path, None, {"Accept": "image/png"})
            self.assertEqual((status, headers["Allow"], body), (204, "GET, HEAD, OPTIONS", b""))
            got, head = self.get(path), self.server.ask("HEAD", path)
            self.assertEqual((head[0], head[2], head[1]["Content-Type"]), (200, b"", got[1]["Content-Type"]))
        for path in ("/v1/annotate", "/v1/annotate/batch"):
            self.assertEqual(self.server.ask("OPTIONS", path)[1]["Allow"], "POST, OPTIONS")
            status, headers, body = self.server.ask("HEAD", path)
            self.assertEqual((status, headers["Allow"], body), (405, "POST, OPTIONS", b""))
        self.assertEqual(self.server.ask("HEAD", "/nowhere")[::2], (404, b""))
        self.assertEqual(self.server.ask("OPTIONS", "/nowhere")[0], 404)
        status, headers, _ = self.server.ask("OPTIONS", "*")
        self.assertEqual((status, headers["Allow"]), (204, "GET, HEAD, POST, OPTIONS"))
        self.assertEqual(self.server.ask("GET", "*")[0], 404)


if __name__ == "__main__":
    unittest.main()
