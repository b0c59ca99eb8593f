"""HTML as input of duider-server: what of a page is its article, charsets, headlines, pages that mean harm."""
import json
import random
import unittest

from tests.test_server import Served

PAGE = """<!DOCTYPE html>
<html lang="nl"><head><meta charset="utf-8"><title>Brug bij Zuidwolde blijft dicht | De Veenbode</title>
<meta property="og:title" content="Brug bij Zuidwolde blijft dicht"><style>p { color: red }</style>
<script>var text = "<p>Dit is een script en het is lang genoeg om een alinea te lijken.</p>";</script></head>
<body class="has-cookie-banner"><div id="cookie-notice"><p>Wij gebruiken cookies om deze website beter te maken. Gaat u daarmee akkoord?</p></div>
<header role="banner"><a href="/">De Veenbode</a><nav><ul><li><a href="/n">Nieuws</a></li><li><a href="/s">Sport</a></li></ul></nav></header>
<!-- <p>Een alinea in een commentaar telt niet mee, ook niet als ze lang is.</p> -->
<main><article><header><h1>Brug bij Zuidwolde <em>blijft</em> dicht</h1><p class="byline">Door Onze Verslaggever</p>
<p class="intro">De brug over het kanaal bij Zuidwolde blijft tot maandag dicht voor alle verkeer.</p></header>
<figure><img src="b.jpg" alt="brug"><figcaption>De brug, woensdag. Foto: Sietske Bos</figcaption></figure>
<p>Dat zegt wethouder Fatma&nbsp;Yilmaz. <q>Het is niet veilig</q>, zei zij
   woens&shy;dag in de raad.</p>
<h2>Omrijden</h2><p>Wie naar Meppel wil, rijdt om via Hoogeveen 😀.</p><ul class="share-buttons"><li><a href="#">Delen</a></li></ul>
<form action="/brief"><label>E-mail</label><input><p>Meld u aan voor onze nieuwsbrief en mis niets van het nieuws.</p></form>
<aside class="related"><h3>Lees ook</h3><ul><li><a href="/1">Sluis bij Meppel twee weken gestremd door kapotte deur</a></li></ul></aside>
<p>Lees ook: <a href="/2">Waarom de brug al jaren kraakt en niemand iets doet</a></p>
<p>“Ja.”</p>
<div class="teasers"><article><h3><a href="/3">Zwembad open</a></h3><p>Het zwembad gaat zaterdag weer open na een grote verbouwing.</p></article></div></article>
<section id="comments"><p>Jan: ik vind dat die brug allang vervangen had moeten worden, wat een toestand is dit toch.</p></section></main>
<footer><p>Alle rechten voorbehouden. Neem voor vragen contact op met de redactie.</p></footer></body></html>"""

PARAGRAPHS = ["Brug bij Zuidwolde blijft dicht", "De brug over het kanaal bij Zuidwolde blijft tot maandag dicht voor alle verkeer.",
              "Dat zegt wethouder Fatma Yilmaz. “Het is niet veilig”, zei zij woensdag in de raad.", "Omrijden",
              "Wie naar Meppel wil, rijdt om via Hoogeveen 😀.", "“Ja.”", "De brug, woensdag. Foto: Sietske Bos"]


class Html(Served):
    def post(self, html, kind="text/html", query=""):
        body = html if isinstance(html, bytes) else html.encode()
        status, _, answer = self.server.ask("POST", "/v1/annotate" + query, body, {"Content-Type": kind})
        return status, json.loads(answer)

    def text(self, html, kind="text/html"):
        status, result = self.post(html, kind)
        self.assertEqual(status, 200, result)
        return result["text"]

    def refused(self, value, status, pointer=None):
        got, headers, body = self.server.annotate(value)
        self.assertEqual((got, headers["Content-Type"]), (status, "application/problem+json"), body)
        if pointer:
            self.assertEqual(json.loads(body)["errors"][0]["pointer"], pointer)

    # ---- the article ----

    def test_the_article_and_nothing_else(self):
        self.assertEqual(self.text(PAGE).split("\n\n"), PARAGRAPHS)

    def test_the_member_html_is_the_same(self):
        result = self.post(PAGE)[1]
        self.assertEqual(json.loads(self.server.annotate({"html": PAGE})[2]), result)
        self.assertEqual(list(result), ["language", "language_confidence", "offsets", "text", "sentences", "entities", "quotes", "sentiment", "captions"])

    def test_offsets_count_in_the_text_of_the_result(self):
        for unit, cut in (("codepoints", lambda t, a, b: t[a:b]), ("utf16", lambda t, a, b: t.encode("utf-16-le")[2 * a:2 * b].decode("utf-16-le")),
                          ("bytes", lambda t, a, b: t.encode()[a:b].decode())):
            result = self.post(PAGE, query="?offsets=" + unit)[1]
            marked = result["captions"] + [mention for entity in result["entities"] for mention in entity["mentions"]]
            self.assertIn("Fatma Yilmaz", [mark["text"] for mark in marked])
            self.assertEqual([caption["text"] for caption in result["captions"]], PARAGRAPHS[-1:])
            for mark in marked:
                self.assertEqual(cut(result["text"], mark["start"], mark["end"]), mark["text"])

    def test_text_and_captions_come_whatever_is_included(self):
        result = json.loads(self.server.annotate({"html": PAGE, "include": ["quotes"]})[2])
        self.assertEqual(set(result), {"language", "language_confidence", "offsets", "text", "quotes", "captions"})

    def test_a_page_without_marks_of_its_parts(self):
        page = "<html><body><table><tr><td><a href=/>Voorpagina</a> <a href=/s>Sport</a></td></tr><tr><td><b>Vorst op komst</b><br><br>Het gaat " \
               "vrijdagnacht hard vriezen, zegt het weerbureau.<br><br>Wie kan, blijft thuis.<br>Dat is beter voor iedereen en ook voor de auto.</td></tr></table>"
        self.assertEqual(self.text(page).split("\n\n")[-2:], ["Het gaat vrijdagnacht hard vriezen, zegt het weerbureau.",
                                                              "Wie kan, blijft thuis.\nDat is beter voor iedereen en ook voor de auto."])

    def test_a_fragment(self):
        self.assertEqual(self.text("<p>De brug is <b>dicht</b>"), "De brug is dicht")
        self.assertEqual(self.text("Jan Bos &amp; Co zwijgt &euro; 5"), "Jan Bos & Co zwijgt € 5")
        self.assertEqual(self.text("<h1>Kop</h1>De brug is dicht"), "Kop\n\nDe brug is dicht")

    def test_a_form_around_the_whole_page_is_no_form(self):
        self.assertEqual(self.text(PAGE.replace("<body", "<body><form><div").replace("</body>", "</div></form></body>")).split("\n\n"), PARAGRAPHS)

    def test_long_comments_do_not_win(self):
        comment = "<p>Kees: dit is een heel lange reactie op het artikel, en er komt geen einde aan.</p>" * 40
        self.assertEqual(self.text(PAGE.replace('<section id="comments">', '<section id="comments">' + comment)).split("\n\n"), PARAGRAPHS)

    # ---- charsets ----

    def test_charsets(self):
        page, word = "<p>Het café ligt aan zee, zegt Zoë – heus.</p>", "café"
        meta = "<meta charset=windows-1252>"
        for body, kind in (((page, "utf-8"), "text/html; charset=utf-8"), ((page, "cp1252"), "text/html; charset=ISO-8859-1"), ((page, "cp1252"), "text/html;charset=\"windows-1252\""),
                           ((meta + page, "cp1252"), "text/html"), ((page, "utf-8"), "text/html"), ((page, "cp1252"), "text/html"), ((page, "utf-8-sig"), "text/html; charset=latin1"),
                           (("\ufeff" + page, "utf-16-le"), "text/html"), (("\ufeff" + page, "utf-16-be"), "text/html"), ((page, "utf-16-le"), "text/html; charset=utf-16"),
                           ((meta + page, "utf-8"), "text/html; charset=utf-8"), (("<meta http-equiv=Content-Type content='text/html; charset=utf-8'>" + page, "utf-8"), "text/html"),
                           (("<meta charset='iso-8859-15'>" + page.replace("–", "€"), "iso-8859-15"), "text/html")):
            text = self.text(body[0].encode(body[1]), kind)
            self.assertIn(word, text, kind)
            self.assertTrue("zegt Zoë –" in text or "zegt Zoë €" in text, (text, kind))

    def test_the_member_html_is_utf8_whatever_the_page_says(self):
        self.assertIn("café", json.loads(self.server.annotate({"html": "<meta charset=utf-16><p>Het café is dicht."})[2])["text"])

    def test_unknown_charsets(self):
        self.assertEqual(self.post("<p>Hallo wereld.", "text/html; charset=ebcdic")[0], 415)
        self.assertEqual(self.post("<meta charset=ebcdic><p>Hallo wereld.")[0], 422)

    def test_bad_bytes_do_not_end_the_page(self):
        for bad in (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"):
            self.assertEqual(self.text(b"<p>De brug " + bad + b" is dicht.", "text/html; charset=utf-8"), "De brug \ufffd is dicht.")
        self.assertEqual(self.text(b"<p>De brug\0 is dicht.", "text/html; charset=utf-8"), "De brug is dicht.")
        self.assertEqual(self.text("<p>De \ud83d brug".encode("utf-16-le", "surrogatepass") + b"x", "text/html; charset=utf-16"), "De \ufffd brug\ufffd")

    # ---- members ----

    def test_one_of_text_and_html(self):
        self.refused({"html": "<p>Hallo wereld.", "text": "Hallo wereld."}, 422)
        self.refused({"id": "x"}, 422, "/text")
        self.refused({"html": 5}, 422, "/html")
        self.refused({"html": ["<p>"]}, 422, "/html")
        self.refused({"text": "x", "title": 5}, 422, "/title")

    def test_a_headline_is_a_paragraph_of_its_own(self):
        text = "De brug is dicht, zegt Fatma Yilmaz."
        for title, sent, wanted in (("Brug dicht", text, "Brug dicht\n\n" + text), ("  Brug\n dicht ", text, "Brug dicht\n\n" + text), ("De brug", text, "De brug\n\n" + text),
                                    ("Brug dicht", "\nBrug  dicht\n" + text, "\nBrug  dicht\n" + text), (text, text, text), ("", text, text), (None, text, None)):
            result = json.loads(self.server.annotate({"title": title, "text": sent})[2])
            self.assertEqual(result.get("text"), wanted if title else None, title)
            self.assertNotIn("captions", result)

    def test_a_headline_takes_the_place_of_the_page_s(self):
        result = json.loads(self.server.annotate({"title": "Weer een brug stuk", "html": PAGE})[2])
        self.assertEqual(result["text"].split("\n\n"), ["Weer een brug stuk"] + PARAGRAPHS[1:])

    def test_a_batch_takes_html(self):
        items = [{"id": "a", "html": PAGE}, {"id": "b", "html": "<p></p>"}, {"id": "c", "title": "Brug dicht", "text": "De brug is dicht."}, {"id": "d", "html": "x", "text": "x"}]
        status, _, body = self.server.ask("POST", "/v1/annotate/batch", "\n".join(map(json.dumps, items)), {"Content-Type": "application/x-ndjson"})
        results = [json.loads(line) for line in body.splitlines()]
        self.assertEqual((status, results[0]), (200, json.loads(self.server.annotate(items[0])[2])))
        self.assertEqual([result.get("error", {}).get("status") for result in results], [None, 422, None, 422])
        self.assertEqual(results[2]["text"], "Brug dicht\n\nDe brug is dicht.")

    # ---- pages that mean harm ----

    def test_pages_without_an_article(self):
        for page in ("", " ", "<p>", "<script>var a = 'De brug is dicht.';</script>", "<!-- De brug -->", "<style>p{}</style><title> </title>", "<img alt='brug'>", "<"):
            status, problem = self.post(page)
            if page != "<":
                self.assertEqual(status, 422, page)
                self.assertTrue(problem["detail"])
        self.refused({"html": "<p> </p>"}, 422, "/html")

    def test_nesting_has_an_end(self):
        for tag in ("<div>", "<b>", "<table><tr><td>", "<ul><li>", "<h1>", "<x-y>", "<select><option>", "<blockquote>"):
            self.assertEqual(self.post(tag * 50_000 + "De brug is dicht.")[0], 422, tag)
        self.assertEqual(self.text("<div>" * 200 + "De brug is dicht."), "De brug is dicht.")

    def test_elements_have_an_end(self):
        self.assertEqual(self.post("<p>De brug is dicht." + "<br>" * 250_000)[0], 413)
        self.assertEqual(self.post("".join(f"<x{i}>a</x{i}>" for i in range(50_000)))[0], 413)
        self.assertEqual(self.post("".join(f"</x{i}>" for i in range(50_000)) + "<y>a</y>")[0], 413)

    def test_attributes_have_an_end(self):
        self.assertEqual(self.post("<p " + " ".join(f"a{i}" for i in range(130_000)) + ">De brug is dicht.")[0], 413)
        self.assertEqual(self.text("<p data-x='" + "a b=c \"d\" " * 50_000 + "'>De brug is dicht."), "De brug is dicht.")

    def test_entities_come_from_nowhere_else(self):
        page = '<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]><p>De brug &b; &x; is dicht.</p>'
        text = self.text(page)
        self.assertNotIn("aaaa", text)
        self.assertNotIn("root:", text)
        self.assertIn("is dicht.", text)

    def test_names_of_classes_are_no_work(self):
        self.assertEqual(self.text('<p class="' + "aB" * 200_000 + '" id="' + "a-" * 100_000 + '">De brug is dicht.'), "De brug is dicht.")

    def test_titles_are_no_work(self):
        self.assertEqual(self.post("<title>" + "a" * 400_000 + "</title><h1>" + "a" * 200_000 + "b</h1><p>De brug is dicht en blijft dicht, zegt Jan.</p>" * 2, query="?language=nl")[0], 200)

    def test_captions_may_be_many(self):
        status, result = self.post("<article><h1>Brug dicht voor verkeer</h1><p>De brug is dicht en blijft dicht.</p>" + "".join(f"<figcaption>Foto {i % 30}</figcaption>" for i in range(60)))
        self.assertEqual(status, 200)
        self.assertEqual(len({(c["start"], c["end"]) for c in result["captions"]}), len(result["captions"]))

    def test_any_bytes_get_an_answer(self):
        chance = random.Random(7)
        pieces = ["<", ">", "</", "/>", "<p", "<p>", "<a href='", "<!--", "-->", "<![CDATA[", "]]>", "<?", "&", "&#", "&#x110000;", "&#0;", "&nbsp", "<table>", "</table>", "<svg>",
                  "<title>", "<meta ", "property=og:title content=", "<figure>", "<script>", "</script>", "<q>", "</q>", "<br>", '"', "'", "=", " ", "De brug is dicht. ", "\x00", "\x01",
                  "\ufffe", "\U0010ffff", "<h1>", "</h1>", "<article>", "<li>", "\xad", "\u2028", "<form>", "<html>", "<head>", "<body class=comments>", "</body>"]
        for _ in range(150):
            body = "".join(chance.choices(pieces, k=chance.randrange(60))).encode()
            if chance.random() < 0.3:
                at = chance.randrange(len(body) + 1)
                body = body[:at] + chance.randbytes(chance.randrange(6)) + body[at:]
            self.assertIn(self.post(body)[0], (200, 422), body)


if __name__ == "__main__":
    unittest.main()
