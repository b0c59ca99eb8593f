"""The examples of docs/api.md do what the page says they do."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from tests.test_keys import new_key
from tests.test_server import PATIENT, Server

PAGE = "docs/api.md"
BASE = "http://127.0.0.1:8087"
RUN = {"sh": ["sh", "-e"], "python": [sys.executable, "-X", "utf8", "-"]}
SHOWN = ("text", "json", "html")

# As much of a browser as the highlighter needs: one element, whose children are printed.
BROWSER = """
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
const attributes = (node) => ["className", "title"].filter((name) => node[name]).map((name) => ` ${name === "className" ? "class" : name}="${escaped(node[name])}"`).join("");
const article = {
  textContent: process.argv[2],
  replaceChildren: (...nodes) => nodes.forEach((node) => console.log(`<${node.tag}${attributes(node)}>${escaped(node.textContent)}</${node.tag}>`)),
};
const document = { createElement: (tag) => ({ tag }), getElementById: (id) => (id === "article" ? article : null) };
"""


def read_examples():
    """{heading: [(language, code, (language, what it prints) or None)]}"""
    with open(PAGE, encoding="utf-8") as file:
        sections = re.split(r"^## (.+)\n", file.read(), flags=re.M)
    examples = {}
    for heading, text in zip(sections[1::2], sections[2::2]):
        blocks = re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S)
        examples[heading] = [(*block, blocks[i + 1] if i + 1 < len(blocks) and blocks[i + 1][0] in SHOWN else None)
                             for i, block in enumerate(blocks) if block[0] not in SHOWN]
    return examples


def values_of(text):
    """One JSON value after another."""
    values, at = [], 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        value, at = json.JSONDecoder(parse_float=lambda _: "a figure").raw_decode(text, at)
        values.append(value)
    return values


def comparable(language, text):
    """What may differ from model to model is left out."""
    return values_of(text) if language == "json" else re.sub(r"\d+\.\d+\b(?!\.)", "0.0", text.replace("\r", ""))


def node_that_fetches():
    node = shutil.which("node")
    wanted = 'process.exit(typeof fetch === "function" && "".replaceAll ? 0 : 1)'
    return node if node and subprocess.run([node, "-e", wanted], check=False).returncode == 0 else None


class Examples(unittest.TestCase):
    examples = read_examples()

    def run_example(self, command, code, environment=None):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(command, input=code, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", timeout=600, check=False, cwd=folder,
                                  env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})})
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def check_section(self, heading, *arguments, **environment):
        """Runs what sh and Python run, each on a server of its own."""
        for language, code, shown in self.examples[heading]:
            if language not in RUN:
                continue
            with self.subTest(heading=heading, code=code):
                self.assertIsNotNone(shown, "an example shows what it prints")
                server = Server("--workers", "2", *PATIENT, *arguments)
                self.addCleanup(server.stop)
                self.assertIn(BASE, code)
                out = self.run_example(RUN[language], code.replace(BASE, f"http://127.0.0.1:{server.port}"), environment)
                self.assertEqual(comparable(shown[0], out), comparable(*shown))
                self.assertEqual(server.stop()[0], 0)

    def test_every_section_without_a_test_of_its_own(self):
        for heading in self.examples.keys() - {"Keys", "When the server is busy"}:
            self.check_section(heading)

    def test_every_block_is_run(self):
        languages = {language for blocks in self.examples.values() for language, _, _ in blocks}
        self.assertEqual(languages, {"sh", "python", "js"})

    def test_keys(self):
        key, line = new_key("desk")
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            self.check_section("Keys", "--keys-file", file.name, DUIDER_KEY=key)

    def test_who_is_told_to_wait_waits(self):
        self.check_section("When the server is busy", "--rate-per-address", "60", "--rate-burst", "1")

    def test_the_highlighter(self):
        node = node_that_fetches()
        if not node:
            self.skipTest("there is no node with fetch (18 or later) here: the JavaScript of docs/api.md was not run")
        (_, code, shown), = [block for block in self.examples["JavaScript"] if block[0] == "js"]
        with open(PAGE, encoding="utf-8") as file:
            article = re.search(r"whose `article` says (.+) it leaves$", file.read(), re.M).group(1)
        server = Server("--workers", "1", *PATIENT)
        self.addCleanup(server.stop)
        script = BROWSER + code.replace(BASE, f"http://127.0.0.1:{server.port}")
        out = self.run_example([node, "--input-type=module", "-", article], script)
        self.assertEqual(out, shown[1])


if __name__ == "__main__":
    unittest.main()
