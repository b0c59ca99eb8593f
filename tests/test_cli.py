"""The command line as its users run it."""
import json
import os
import re
import resource
import subprocess
import tempfile
import unittest

BUILD = os.environ.get("DUIDER_BUILD", "build")
DUIDER = f"{BUILD}/duider"
ARTICLE = "tests/articles/dijk.txt"
with open(ARTICLE, encoding="utf-8") as file:
    TEXT = file.read()


def run(*arguments, stdin=b"", **settings):
    return subprocess.run([DUIDER, *arguments], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600, **settings)


class Annotate(unittest.TestCase):
    def test_json_of_a_file(self):
        done = run("annotate", ARTICLE)
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual(result["id"], ARTICLE)
        self.assertEqual(result["language"], "nl")
        for quote in result["quotes"]:
            for part in quote["spans"] + quote["cue"]:
                self.assertEqual(TEXT[part["start"]:part["end"]], part["text"])
        speakers = {quote["speaker"]["name"] for quote in result["quotes"] if quote["speaker"]}
        self.assertIn("Marleen van den Heuvel", speakers)

    def test_standard_input_and_pretty(self):
        for arguments in (["annotate", "-"], ["annotate"], ["annotate", "--format", "pretty"]):
            done = run(*arguments, stdin=TEXT.encode())
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotIn("id", json.loads(done.stdout))
        self.assertGreater(done.stdout.count(b"\n"), 50)

    def test_offsets_in_utf16(self):
        text = "\U0001F600 " + TEXT
        result = json.loads(run("annotate", "--offsets", "utf16", stdin=text.encode()).stdout)
        units = text.encode("utf-16-le")
        self.assertEqual(result["offsets"], "utf16")
        for entity in result["entities"]:
            for mention in entity["mentions"]:
                self.assertEqual(units[2 * mention["start"]:2 * mention["end"]].decode("utf-16-le"), mention["text"])

    def test_text_has_colours_only_when_asked(self):
        plain = run("annotate", "--format", "text", ARTICLE).stdout.decode()
        self.assertNotIn("\x1b", plain)
        self.assertIn("Marleen van den Heuvel", plain)
        self.assertIn("\x1b[", run("annotate", "--format", "text", "--color", "always", ARTICLE).stdout.decode())

    def test_text_shows_no_control_characters_of_the_article(self):
        shown = run("annotate", "--format", "text", stdin=b"Jan de Vries \x1b[31m zegt dat het regent.").stdout
        self.assertNotIn(b"\x1b", shown)

    def test_a_role_is_listed_once(self):
        article = "Brug dicht\n\nWethouder Rob Teunis sluit de brug. Wethouder Teunis wil snel open. „Het moet”, zei de wethouder.".encode()
        for form, roles in (("text", "(Wethouder)"), ("html", "<td>Wethouder</td>")):
            self.assertIn(roles, run("annotate", "--format", form, stdin=article).stdout.decode())

    def test_html_is_escaped(self):
        html = run("annotate", "--format", "html", stdin="Jan de Vries <script>alert(1)</script> & zoon zegt: “Kom maar.”".encode()).stdout.decode()
        self.assertNotIn("<script", html)
        self.assertIn("&lt;", html)

    def test_output_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/out.json"
            self.assertEqual(run("annotate", "-o", path, ARTICLE).returncode, 0)
            with open(path, encoding="utf-8") as file:
                self.assertEqual(json.load(file)["language"], "nl")
        self.assertEqual(run("annotate", "-o", "/nonexistent/x", ARTICLE).returncode, 4)

    def test_the_input_is_never_the_output(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/article.txt"
            with open(path, "w", encoding="utf-8") as file:
                file.write(TEXT)
            os.symlink(path, f"{folder}/link.txt")
            self.assertEqual(run("annotate", "-o", path, path).returncode, 2)
            self.assertEqual(run("annotate", "-o", f"{folder}/link.txt", ARTICLE, path).returncode, 2)
            with open(path, "rb") as file:
                self.assertEqual(subprocess.run([DUIDER, "annotate", "-o", path], stdin=file, stderr=subprocess.PIPE, timeout=60).returncode, 2)
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(), TEXT)

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_a_full_disk_is_an_error(self):
        self.assertEqual(run("annotate", "-o", "/dev/full", ARTICLE).returncode, 4)
        for arguments in (["annotate", ARTICLE], ["annotate", "--format", "html", ARTICLE], ["--help"], ["--version"], ["annotate", "--help"], ["info"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([DUIDER, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=60)
            self.assertEqual((done.returncode, done.stderr.count(b"\n")), (4, 1), arguments)

    def test_a_file_name_that_is_not_utf8(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.fsencode(folder) + b"/\xff.txt"
            with open(path, "w", encoding="utf-8") as file:
                file.write(TEXT)
            done = run("annotate", path)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotIn("id", json.loads(done.stdout))

    def test_replaced_bytes_are_shown_as_such(self):
        for shape in ("text", "html"):
            shown = run("annotate", "--replace-invalid", "--format", shape, stdin=b"Jan de Vries \xff zegt: \"Het \xc3\x9b \xe2\x82 regent.\"").stdout.decode()
            self.assertIn("Jan de Vries", shown)
            self.assertIn("\ufffd", shown)
            self.assertIn("\u00db", shown)


class BadInput(unittest.TestCase):
    def one_line(self, done, code):
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stdout, b"")
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        return done.stderr.decode()

    def test_empty_and_blank(self):
        self.assertIn("empty", self.one_line(run("annotate"), 1))
        self.one_line(run("annotate", stdin=b" \n\t\n "), 1)

    def test_invalid_utf8_gives_its_place(self):
        self.assertIn("7", self.one_line(run("annotate", stdin=b"Het is \xff hier."), 1))
        done = run("annotate", "--replace-invalid", stdin=b"Het is \xff hier.")
        self.assertEqual(done.returncode, 0)
        self.assertEqual(json.loads(done.stdout)["sentences"][0]["end"], 14)

    def test_five_megabytes_of_one_character(self):
        self.assertEqual(run("annotate", stdin=b"a" * 5_000_000).returncode, 0)
        self.one_line(run("annotate", stdin=b" " * 5_000_000), 1)

    def test_missing_file_and_others_go_on(self):
        done = run("annotate", "/nonexistent.txt", ARTICLE)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"/nonexistent.txt", done.stderr)
        self.assertEqual(json.loads(done.stdout)["id"], ARTICLE)

    def test_models(self):
        self.assertIn("/nonexistent.model", self.one_line(run("annotate", "-m", "/nonexistent.model", ARTICLE), 3))
        with open(os.environ.get("DUIDER_MODEL", "models/duider.model"), "rb") as file:
            model = file.read()
        with tempfile.NamedTemporaryFile(suffix=".model") as file:
            for content, word in ((model[:1_000_000], "cut off"), (b"not a model" * 100, "magic"), (b"", "not a model")):
                file.seek(0)
                file.truncate()
                file.write(content)
                file.flush()
                self.assertIn(word, self.one_line(run("annotate", "-m", file.name, ARTICLE), 3))

    def test_wrong_usage(self):
        for arguments in (["annotate", "--format", "xml"], ["annotate", "--jobs", "0", "--ndjson"], ["annotate", "--jobs", "2"], ["annotate", "--offsets", "x"],
                          ["annotate", "--language", "fr"], ["annotate", "--ndjson", "--format", "json"], ["annotate", "--nothing"], ["nothing"], [],
                          ["info", "x"], ["annotate", "--ndjson", "--replace-invalid"], ["annotate", "--id", b"\xff", ARTICLE], ["annotate", "--format"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertTrue(done.stderr.startswith(b"duider: "), done.stderr)


class Lines(unittest.TestCase):
    def lines(self, lines, *arguments):
        done = run("annotate", "--ndjson", *arguments, stdin="\n".join(lines).encode() + b"\n")
        return done, [json.loads(line) for line in done.stdout.splitlines()]

    def test_order_is_kept_whatever_the_jobs(self):
        paragraphs = [p for p in TEXT.split("\n\n") if p]
        lines = [json.dumps({"id": f"n{i}", "text": paragraphs[i % len(paragraphs)] * (1 + i % 3)}) for i in range(40)]
        one, results = self.lines(lines)
        self.assertEqual(one.returncode, 0)
        self.assertEqual([r["id"] for r in results], [f"n{i}" for i in range(40)])
        self.assertEqual(self.lines(lines, "--jobs", "4")[0].stdout, one.stdout)

    def test_a_bad_line_gets_an_error_and_the_run_goes_on(self):
        lines = ['{"id": "a", "text": "Jan de Vries zegt dat het regent."}', "{", '{"id": "c", "text": ""}', '{"id": "d"}', "[1]",
                 '{"id": "f", "text": "x", "colour": 1}', '{"id": "g", "text": "a\\u0000b"}', '{"id": "h", "text": "x", "language": "fr"}',
                 '{"id": "i", "text": "Piet Bakker zwijgt."}']
        done, results = self.lines(lines)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(results), len(lines))
        self.assertEqual([r.get("error", {}).get("status") for r in results], [None, 400, 422, 422, 422, 422, 400, 422, None])
        self.assertEqual([r["id"] for r in results], ["a", None, "c", "d", None, "f", None, "h", "i"])
        for result in results:
            if "error" in result:
                self.assertEqual(set(result["error"]), {"status", "title", "detail"})

    def test_an_error_keeps_the_id_whatever_it_is(self):
        for value in (5, -1.5, True, None, "x", "\u2028", [1, {"a": None}], {"a": "b"}):
            _, results = self.lines([json.dumps({"id": value, "text": 5})])
            self.assertEqual(results[0]["id"], value)
            self.assertEqual(results[0]["error"]["status"], 422)

    def test_json_that_is_no_object(self):
        _, results = self.lines(["5", '"x"', "null", "true", "[]"])
        self.assertEqual({r["error"]["status"] for r in results}, {422})

    def test_what_is_wrong_is_named_without_the_text(self):
        _, results = self.lines(['{"text": "geheim\\u0000"}', '{"text": "geheim", "text": "geheim"}', '{"text": "geheim'])
        for result, word in zip(results, ("\\u0000", "twice", "JSON")):
            self.assertIn(word, result["error"]["detail"])
            self.assertNotIn("geheim", result["error"]["detail"])
            self.assertNotIn("JSON_ALLOW_NUL", result["error"]["detail"])

    def test_byte_order_mark_carriage_returns_and_no_last_line_end(self):
        done = run("annotate", "--ndjson", stdin=b'\xef\xbb\xbf{"id": "a", "text": "Jan zwijgt."}\r\n\r\n{"id": "b", "text": "Jan zwijgt."}')
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual([json.loads(line)["id"] for line in done.stdout.splitlines()], ["a", "b"])

    @unittest.skipIf("san" in os.path.basename(BUILD), "sanitizers need the address space")
    def test_a_line_that_memory_is_too_short_for(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (500_000_000, 500_000_000))
        done = run("annotate", "--ndjson", stdin=b"a" * 300_000_000, preexec_fn=limit)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_what_can_not_be_read_is_named(self):
        done = run("annotate", "--ndjson", "tests")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"tests: ", done.stderr)

    def test_deep_nesting_is_an_error(self):
        done, results = self.lines(["[" * 100_000])
        self.assertEqual(done.returncode, 1)
        self.assertEqual(results[0]["error"]["status"], 400)

    def test_each_line_is_answered_at_once(self):
        with subprocess.Popen([DUIDER, "annotate", "--ndjson"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            for name in ("a", "b"):
                process.stdin.write(json.dumps({"id": name, "text": "Jan de Vries zegt dat het regent."}).encode() + b"\n")
                process.stdin.flush()
                self.assertEqual(json.loads(process.stdout.readline())["id"], name)
            process.stdin.close()
            self.assertEqual(process.wait(60), 0)

    def test_no_lines_no_output(self):
        done = run("annotate", "--ndjson")
        self.assertEqual((done.returncode, done.stdout), (0, b""))

    def test_a_reader_that_leaves_ends_the_run(self):
        line = json.dumps({"text": "Jan de Vries zegt dat het regent."}) + "\n"
        done = subprocess.run(["bash", "-c", f"set -o pipefail; {DUIDER} annotate --ndjson | head -1 >/dev/null"], input=line.encode() * 300,
                              stderr=subprocess.PIPE, timeout=600)
        self.assertEqual((done.returncode, done.stderr), (4, b""))


class Information(unittest.TestCase):
    def test_info_version_help(self):
        self.assertRegex(run("--version").stdout.decode(), r"^duider \d+\.\d+\.\d+\n$")
        info = run("info")
        self.assertEqual(info.returncode, 0)
        self.assertIn(b"nl,en,de", info.stdout)
        for arguments in (["--help"], ["annotate", "--help"], ["info", "--help"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, 0)
            self.assertIn(b"usage", done.stdout)

    def test_every_option_stands_in_the_man_page(self):
        with open("docs/man/duider.1", encoding="utf-8") as file:
            page = file.read().replace("\\-", "-")
        for option in re.findall(r"--[a-z]+(?:-[a-z]+)*", run("annotate", "--help").stdout.decode()):
            self.assertIn(option, page)


if __name__ == "__main__":
    unittest.main()
