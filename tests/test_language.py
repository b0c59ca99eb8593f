"""Which language a text is taken for, and which texts are refused: the server, a batch and the command line say the same."""
import concurrent.futures
import json
import subprocess
import unittest

from tests.test_server import BUILD, TEXT, Served

READ = {
    "nl": ["De burgemeester van Zutphen wil dat de kade deze zomer autovrij wordt. Volgens haar klagen bewoners al jaren over het lawaai en de stank van wachtende auto's.",
           "Het bestuur van de school weet nog niet wanneer de lessen weer beginnen, zegt een woordvoerder. Ouders maken zich zorgen."],
    "en": ["The mayor said yesterday that the bridge would stay closed until the end of the month. Residents who have been waiting for weeks say they are very disappointed.",
           "“The bridge will open again tomorrow”, said the mayor of the town."],
    "de": ["Die Bürgermeisterin hat gestern angekündigt, dass die Brücke bis Ende des Monats gesperrt bleibt. Die Anwohner, die seit Wochen warten, zeigen sich enttäuscht.",
           "Der Verein will im kommenden Jahr einen neuen Platz bauen, obwohl das Geld dafür noch fehlt, sagte der Vorsitzende am Abend."],
}
FOREIGN = {
    "fr": "Le maire de la ville a annoncé mardi que le pont resterait fermé jusqu'à la fin du mois. Les habitants, qui attendent depuis des semaines, se disent très déçus "
          "par cette décision.",
    "es": "El alcalde anunció ayer que el puente permanecerá cerrado hasta finales de mes. Los vecinos, que esperan desde hace semanas, dicen estar muy decepcionados.",
    "tr": "Belediye başkanı dün yaptığı açıklamada köprünün ay sonuna kadar kapalı kalacağını söyledi. Haftalardır bekleyen mahalle sakinleri bu karardan büyük hayal "
          "kırıklığı duyduklarını belirtti.",
    "pl": "Burmistrz miasta poinformował wczoraj, że most pozostanie zamknięty do końca miesiąca. Mieszkańcy, którzy czekają od tygodni, mówią, że są bardzo rozczarowani.",
    "ar": "أعلن رئيس البلدية أمس أن الجسر سيظل مغلقا حتى نهاية الشهر. وقال السكان الذين ينتظرون منذ أسابيع إنهم يشعرون بخيبة أمل كبيرة من هذا القرار.",
    "zh": "市长昨天宣布，大桥将关闭到月底。已经等待了几个星期的居民表示，他们对这一决定感到非常失望。市政府说，工人们还需要更多的时间来完成维修工作，因为材料来得太晚了。",
}
FRENCH = FOREIGN["fr"]
# What could be taken for another language, and is Dutch, or too little to say.
NEAR = {
    "Limburgish": "'t Waor vreuger hie in 't dörp ein sjoen taofele, en dao gónge ze allemaol achter de pestoer aan nao de kirk. Noe is 't stil gewaore, mer de luuj kalle "
                  "nog ummer plat mit ein.",
    "West Flemish": "'k En da gisteren an myn moedre gezeid, mo z'en wilt 't nie geloven. 't Es toch nie woar da me doa nog e keer over moeten klappen, zei ze, en ton is ze "
                    "were no binn'n egoan.",
    "Gronings": "Doar kwam gustern n olde kerel bie ons aan deure, dij vruig of wie nog eerappels haren. Ik zee: man, dij binnen ales al lang op, mor kom der even in.",
    "Frisian": "De gemeente wol dat de pleatsen by it mar wer brûkt wurde. Neffens de wethâlder binne der genôch minsken dy't dêr graach wenje wolle, mar de provinsje seit "
               "dat it net kin.",
    "Afrikaans": "Die burgemeester het gister gesê dat die nuwe brug oor die rivier eers volgende jaar oopgemaak sal word. Volgens haar is daar nie genoeg geld nie.",
    "names": "Jan de Vries, Fatma Yilmaz, Giovanni Rossi, Marie-Claire Dupont, Hans Müller, Agnieszka Kowalska, Mehmet Öztürk, Ahmed el Idrissi, Nguyễn Văn An, José García, "
             "Siobhán O'Brien, Björn Svensson, Luca Bianchi, Jean Dubois",
    "a table": "Ajax 34 25 5 4 88-30, PSV 34 24 4 6 80-31, Feyenoord 34 20 6 8, AZ, FC Twente, Sparta Rotterdam, NEC, Go Ahead Eagles, FC Utrecht",
    "quotations alone": "“La France ne cèdera pas, nous resterons fermes et nous continuerons à défendre nos valeurs partout où elles sont menacées”, zei hij. “Nos soldats "
                        "restent, ils restent parce que le peuple le veut et parce que nos alliés nous le demandent”, aldus Macron.",
    "single marks": "Volgens haar klopt dat niet. ‘La France ne cèdera pas, nous resterons fermes et nous continuerons à défendre l’honneur et nos valeurs partout où elles "
                    "sont menacées, parce que le peuple le veut.’ Meer wilde de president daar deze week niet over zeggen.",
    "a mark that is not closed": "“La France ne cèdera pas, nous resterons fermes et nous continuerons à défendre nos valeurs partout où elles sont menacées.\n"
                                 "Zo begon de president zijn toespraak, die volgens aanwezigen langer duurde dan gepland en vooral over de grens ging.",
    "half of it": READ["nl"][0] + " " + FRENCH,
    "capitals": FRENCH.upper(),
    "French, short": "Le pont reste fermé.",
    "Chinese, short": "你好",
    "one word": "Ja.",
    "letters": "a" * 5000,
    "one word over and over": "la " * 300,
    "numbers": "12 34 56 78 90 " * 50,
}


class Language(Served):
    def annotate(self, **members):
        return self.server.annotate({"include": [], **members})

    def result(self, **members):
        status, _, body = self.annotate(**members)
        self.assertEqual(status, 200, (members, body))
        return json.loads(body)

    def test_languages_that_are_read(self):
        for language, texts in READ.items():
            for text in texts:
                result = self.result(text=text)
                self.assertEqual(result["language"], language, text)
                self.assertGreater(result["language_confidence"], 0.6, text)
        self.assertGreater(self.result(text=TEXT)["language_confidence"], 0.85)

    def test_other_languages_are_refused(self):
        for language, text in FOREIGN.items():
            status, headers, body = self.annotate(text=text)
            self.assertEqual((status, headers["Content-Type"]), (422, "application/problem+json"), language)
            problem = json.loads(body)
            self.assertIn(f"in {language},", problem["detail"])
            self.assertEqual(problem["errors"][0]["pointer"], "/text")
            status, _, body = self.server.ask("POST", "/v1/annotate", text.encode(), {"Content-Type": "text/plain"})
            self.assertEqual(status, 422, language)
            self.assertEqual(self.annotate(text=text + "\n" + text * 40)[0], 422, "long, too")

    def test_who_names_the_language_is_believed(self):
        for language in ("nl", "en", "de"):
            result = self.result(text=FRENCH, language=language)
            self.assertEqual(result["language"], language)
            self.assertNotIn("language_confidence", result)
        self.assertEqual(self.server.ask("POST", "/v1/annotate?language=nl", FRENCH.encode(), {"Content-Type": "text/plain"})[0], 200)

    def test_what_is_near_to_dutch_or_too_little_is_not_refused(self):
        for name, text in NEAR.items():
            self.assertEqual(self.result(text=text)["language"], "nl", name)

    def test_what_is_uncertain_says_so(self):
        for name in ("names", "quotations alone", "capitals", "French, short", "Chinese, short", "one word", "numbers"):
            self.assertLessEqual(self.result(text=NEAR[name])["language_confidence"], 0.5, name)

    def test_quotations_in_other_languages_do_not_count(self):
        quotation = "“" + FRENCH.replace("\n", " ") + "”"
        text = "De burgemeester las de brief voor. " + quotation + " Daarna was het een poos stil in de zaal, vertelt een raadslid dat erbij was. " + quotation
        result = self.result(text=text)
        self.assertEqual(result["language"], "nl")
        self.assertGreater(result["language_confidence"], 0.7)

    def test_a_batch_gets_an_error_line(self):
        items = [{"id": "a", "text": TEXT}, {"id": "b", "text": FRENCH}, {"id": "c", "text": FRENCH, "language": "nl"}, {"id": "d", "text": READ["de"][0]}]
        _, _, body = self.server.ask("POST", "/v1/annotate/batch", json.dumps(items).encode(), {"Content-Type": "application/json"})
        lines = [json.loads(line) for line in body.splitlines()]
        self.assertEqual([line.get("language") for line in lines], ["nl", None, "nl", "de"])
        self.assertEqual((lines[1]["id"], lines[1]["index"], lines[1]["error"]["status"]), ("b", 1, 422))

    def test_hostile_bytes(self):
        for text in ("a" * 300_000, "é" * 100_000, "的" * 30_000, "_" * 1000 + " _a" * 1000, "\u0301" * 5000, "‘" * 1000 + "a", "“" * 999 + FRENCH, "x’" * 3000, "\U0001F600" * 3000):
            self.assertIn(self.annotate(text=text)[0], (200, 422), text[:10])
        for body in (b"\xff" * 1000, b"een twee drie \xe2\x80", b"a\x00b " * 200 + b"\xf0\x90"):
            self.assertEqual(self.server.ask("POST", "/v1/annotate", body, {"Content-Type": "text/plain"})[0], 400, body[:10])

    def test_the_same_text_gets_the_same_answer_whatever_else_runs(self):
        texts = [*FOREIGN.values(), *NEAR.values(), *READ["en"], *READ["de"]]
        alone = [self.annotate(text=text)[::2] for text in texts]
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            for _ in range(2):
                self.assertEqual(list(pool.map(lambda text: self.annotate(text=text)[::2], texts)), alone)

    def test_the_command_line_says_the_same(self):
        texts = [*FOREIGN.values(), *NEAR.values(), READ["en"][0]]
        lines = "\n".join(json.dumps({"id": "x", "text": text}) for text in texts).encode()
        done = subprocess.run([f"{BUILD}/duider", "annotate", "--ndjson", "--jobs", "2"], input=lines, stdout=subprocess.PIPE)
        self.assertEqual(done.returncode, 1)
        for text, line in zip(texts, done.stdout.split(b"\n")):
            status, _, body = self.server.annotate({"id": "x", "text": text})
            if status == 200:
                self.assertEqual(line + b"\n", body)
            else:
                error = json.loads(line)["error"]
                self.assertEqual((error["status"], error["detail"]), (status, json.loads(body)["detail"]))

    def test_the_command_line_refuses_a_file(self):
        for arguments, code in (((), 1), (("--language", "nl"), 0)):
            done = subprocess.run([f"{BUILD}/duider", "annotate", *arguments], input=FRENCH.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual((done.returncode, b"in fr," in done.stderr), (code, code == 1))


if __name__ == "__main__":
    unittest.main()
