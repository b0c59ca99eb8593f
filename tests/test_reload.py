"""SIGHUP: settings, keys and model anew, and no request lost."""
import concurrent.futures
import json
import os
import re
import shutil
import signal
import tempfile
import threading
import time
import unittest

from tests.test_keys import SHORT, new_key
from tests.test_server import PATIENT, TEXT, Server

MODEL = os.environ.get("DUIDER_MODEL", "models/duider.model")


class Reload(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def serve(self, *arguments):
        server = Server(*PATIENT, "--config", self.path("conf"), *arguments)
        self.addCleanup(server.stop)
        return server

    def counts(self, server):
        text = server.ask("GET", "/metrics")[2].decode()
        return tuple(int(re.search(rf"^duider_{name}_total (\d+)$", text, re.M).group(1)) for name in ("reloads", "failed_reloads"))

    def reload(self, server, failing=False):
        before = self.counts(server)
        server.process.send_signal(signal.SIGHUP)
        while self.counts(server) == before:
            time.sleep(0.01)
        self.assertEqual(self.counts(server), (before[0] + (not failing), before[1] + failing))

    def info(self, server):
        return json.loads(server.ask("GET", "/v1/info")[2])

    def test_settings_change_and_those_that_can_not_say_so(self):
        self.write("conf", "workers = 1\nmax-body-bytes = 2000\nmax-connections = 50\n")
        server = self.serve()
        self.write("conf", "workers = 3\nmax-body-bytes = 1024\nmax-connections = 60\nlog-format = json\nhost = ::1\n")
        self.reload(server)
        info = self.info(server)
        self.assertEqual((info["workers"], info["limits"]["max_body_bytes"], info["limits"]["max_connections"]), (3, 1024, 50))
        self.assertEqual(server.annotate({"text": "x" * 1500})[0], 413)
        code, log = server.stop()
        self.assertEqual(code, 0, log)
        self.assertIn("max-connections stays 50 until the next start", log)
        self.assertIn('host stays \\"127.0.0.1\\" until the next start', log)
        self.assertEqual(json.loads(log.splitlines()[-1])["msg"], "request")

    def test_what_is_wrong_changes_nothing(self):
        keys = self.write("keys", new_key("web")[1])
        model = shutil.copy(MODEL, self.path("model"))
        self.write("conf", "workers = 1\nmax-batches = 2\n")
        server = self.serve("--keys-file", keys, "--model", model)
        key, line = new_key("archive")
        self.write("keys", line)
        for conf, keys_text, model_text in (("workers = 0", line, None), ("workers = 2", "no key", None), ("workers = 2", line, b"no model")):
            self.write("conf", conf + "\nmax-batches = 5\n")
            self.write("keys", keys_text)
            if model_text:
                with open(self.path("new"), "wb") as file:
                    file.write(model_text)
                os.rename(self.path("new"), model)
            self.reload(server, failing=True)
            self.assertEqual(server.ask("GET", "/v1/info", None, {"Authorization": "Bearer " + key})[0], 401)
        shutil.copy(MODEL, self.path("new"))
        os.rename(self.path("new"), model)
        self.reload(server)
        status, _, body = server.ask("GET", "/v1/info", None, {"Authorization": "Bearer " + key})
        self.assertEqual((status, json.loads(body)["limits"]["max_batches"]), (200, 5))
        code, log = server.stop()
        self.assertEqual(code, 0, log)
        self.assertEqual(log.count("not reloaded: settings, keys and model stay as they were"), 3)
        for why in (":1: workers takes a number", ":1: a line is", model):
            self.assertIn(why, log)

    def test_a_key_that_is_taken_away(self):
        self.write("conf", "")
        (web, first), (archive, second) = new_key("web"), new_key("archive")
        keys = self.write("keys", first + second)
        server = self.serve("--keys-file", keys)
        self.write("keys", second)
        self.reload(server)
        self.assertEqual([server.annotate(SHORT, Authorization="Bearer " + key)[0] for key in (web, archive)], [401, 200])

    def test_no_request_is_lost(self):
        self.write("conf", "workers = 1\n")
        server = self.serve("--model", shutil.copy(MODEL, self.path("model")))
        wanted = server.annotate({"text": TEXT})[2]
        batch = "\n".join([json.dumps({"text": TEXT})] * 12).encode()
        over = threading.Event()

        def ask(_):
            answers = []
            while not over.is_set():
                answers.append(server.annotate({"text": TEXT})[::2])
            return answers

        with concurrent.futures.ThreadPoolExecutor(4) as clients:
            asked = [clients.submit(ask, i) for i in range(3)]
            lines = clients.submit(server.ask, "POST", "/v1/annotate/batch", batch, {"Content-Type": "application/x-ndjson"})
            try:
                for i in range(6):
                    self.write("conf", f"workers = {i % 2 + 1}\n")
                    shutil.copy(MODEL, self.path("new"))
                    os.rename(self.path("new"), self.path("model"))
                    self.reload(server)
            finally:
                over.set()
            status, _, body = lines.result()
            answers = [answer for client in asked for answer in client.result()]
        self.assertEqual((status, body), (200, wanted * 12))
        self.assertEqual(set(answers), {(200, wanted)})
        code, log = server.stop()
        self.assertEqual(code, 0, log)
        self.assertNotIn("Sanitizer", log)


if __name__ == "__main__":
    unittest.main()
