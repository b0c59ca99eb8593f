/*
 * The demo page: text -> v1/annotate -> the article with its marks, a list of entities, quotes by speaker. What belongs to an entity or a quote
 * carries its id in data-marks, so that pointing at one lights up all of it. Words of an article are set as text, never as HTML.
 */
"use strict";

const TYPES = ["PER", "ORG", "LOC", "EVENT", "WORK", "NORP", "MISC"];
const KINDS = ["direct", "indirect", "mixed"];
const SIGNS = { positive: "▲", negative: "▼" }; /* before a sentence; a neutral one has none */
const WORDS = {
  en: {
    PER: "person", ORG: "organisation", LOC: "place", EVENT: "event", WORK: "work", NORP: "people or group", MISC: "other",
    direct: "direct quote", indirect: "reported speech", mixed: "partly quoted", positive: "positive", neutral: "neutral", negative: "negative",
    sentence: "sentence", signs: { positive: "positive sentence", negative: "negative sentence" }, whole: "article", salience: "salience", sure: "certain", nl: "Dutch", en: "English", de: "German",
    busy: "Reading…", unknown: "speaker not found", none: "None found.", unreachable: "The server does not answer.",
    done: (entities, quotes, ms) => `${entities} entities and ${quotes} quotes in ${ms} ms`,
  },
  nl: {
    PER: "persoon", ORG: "organisatie", LOC: "plaats", EVENT: "gebeurtenis", WORK: "werk", NORP: "volk of groep", MISC: "overig",
    direct: "letterlijk citaat", indirect: "weergegeven", mixed: "deels letterlijk", positive: "positief", neutral: "neutraal", negative: "negatief",
    sentence: "zin", signs: { positive: "positieve zin", negative: "negatieve zin" }, whole: "artikel", salience: "belang", sure: "zeker", nl: "Nederlands", en: "Engels", de: "Duits",
    busy: "Bezig met lezen…", unknown: "spreker niet gevonden", none: "Niets gevonden.", unreachable: "De server antwoordt niet.",
    done: (entities, quotes, ms) => `${entities} entiteiten en ${quotes} citaten in ${ms} ms`,
    tagline: "Wie en wat er in het nieuws is, wie wat zegt, en hoe het klinkt", article: "Artikel", language: "Taal", auto: "automatisch", annotate: "Duiden",
    key: "API-sleutel", reading: "Geduid", entities: "Entiteiten", quotes: "Citaten per spreker",
    privacy: "De tekst gaat alleen naar deze server, die hem niet bewaart.", contract: "Zo roep je hem aan",
  },
};
const locale = /^nl\b/i.test(navigator.language) ? "nl" : "en";
const words = WORDS[locale];
const signed = new Intl.NumberFormat(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" });
const percent = new Intl.NumberFormat(locale, { style: "percent" });

const byId = (id) => document.getElementById(id);

function make(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/* ---- what is said of things ---- */

const toneOf = ({ label, score }) => `${words[label]} ${signed.format(score)}`;
const makeTone = (sentiment) => make("small", { className: sentiment.label }, toneOf(sentiment));
const speakerOf = ({ speaker }) => speaker?.name ?? speaker?.mention?.text ?? words.unknown;
const rolesOf = (entity) => [...new Set(entity.roles.map(({ text }) => text.toLowerCase()))];

const describeEntity = (entity) => [entity.name, [words[entity.type], ...rolesOf(entity)]];
const describeQuote = (quote) => [speakerOf(quote), [words[quote.kind], toneOf(quote.sentiment), `${percent.format(quote.confidence)} ${words.sure}`]];

/* ---- the article ---- */

/* All that has a place in the text: {start, end, className} and, as it may be, the id it belongs to, the sentence's sentiment, the quote it is a span of. */
function marksOf({ sentences, entities, quotes }) {
  const at = ({ start, end }, className, more) => ({ start, end, className, ...more });
  return [
    ...sentences.map((sentence) => at(sentence, "", { sentiment: sentence.sentiment })),
    ...entities.flatMap(({ id, type, mentions, roles }) => [
      ...mentions.map((mention) => at(mention, `entity ${mention.kind} ${type}`, { id })),
      ...roles.map((role) => at(role, "role")),
    ]),
    ...quotes.flatMap((quote) => [
      ...quote.spans.map((span) => at(span, "", { quote })),
      ...quote.cue.map((cue) => at(cue, "cue", { id: quote.id })),
      ...(quote.speaker?.mention ? [at(quote.speaker.mention, "speaker", { id: quote.id })] : []),
    ]),
  ];
}

function makeSign(sentiment) {
  const sign = make("span", { className: `sign ${sentiment.label}`, title: toneOf(sentiment) }, SIGNS[sentiment.label]);
  sign.setAttribute("role", "img");
  sign.setAttribute("aria-label", `${words.sentence}: ${toneOf(sentiment)}`);
  return sign;
}

/* The first box of a quote takes the focus, and links from the list go there. */
function makeQuoteBox(quote, isFirst) {
  const box = make("span", { className: `quote ${quote.kind}` });
  box.dataset.marks = quote.id;
  if (isFirst) {
    box.id = quote.id;
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-describedby", "tip");
  }
  return box;
}

/* Text and marks from `start` to `end`, cut wherever a mark begins or ends; of nested quotes the innermost has its box. */
function makeParagraph(text, start, end, marks, begun) {
  const paragraph = make("p");
  const inside = marks.filter((mark) => mark.start < end && mark.end > start);
  const edges = inside.flatMap((mark) => [mark.start, mark.end]).filter((edge) => edge > start && edge < end);
  const cuts = [...new Set([start, ...edges, end])].sort((a, b) => a - b);
  let box = paragraph, boxed = null;
  cuts.slice(1).forEach((to, index) => {
    const from = cuts[index];
    const here = inside.filter((mark) => mark.start <= from && mark.end >= to);
    const quote = here.filter((mark) => mark.quote).sort((a, b) => a.end - a.start - (b.end - b.start))[0]?.quote ?? null;
    if (quote !== boxed) {
      box = quote ? paragraph.appendChild(makeQuoteBox(quote, !begun.has(quote))) : paragraph;
      begun.add(quote);
      boxed = quote;
    }
    const begins = here.find((mark) => mark.sentiment && mark.start === from && SIGNS[mark.sentiment.label]);
    if (begins) box.append(makeSign(begins.sentiment));
    const className = here.map((mark) => mark.className).filter(Boolean).join(" ");
    const piece = className ? make("span", { className }, text.slice(from, to)) : text.slice(from, to);
    const ids = here.flatMap(({ id }) => id ?? []);
    if (ids.length > 0) piece.dataset.marks = ids.join(" ");
    box.append(piece);
  });
  return paragraph;
}

function showArticle(text, result) {
  const marks = marksOf(result), begun = new Set();
  const paragraphs = [...text.matchAll(/[^\n]*\S[^\n]*/g)];
  byId("marked").lang = result.language;
  byId("marked").replaceChildren(...paragraphs.map(({ 0: line, index }) => makeParagraph(text, index, index + line.length, marks, begun)));
  byId("summary").replaceChildren(`${words[result.language]} · ${words.whole} `, makeTone(result.sentiment));
}

/* ---- the lists ---- */

function makeEntityItem(entity) {
  const button = make("button", { type: "button", className: entity.type }, entity.name);
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => pin(button, entity.id));
  const meter = make("meter", { value: entity.salience, title: `${words.salience} ${percent.format(entity.salience)}` });
  meter.setAttribute("aria-label", words.salience);
  const about = [words[entity.type], ...rolesOf(entity), `${entity.mentions.length}×`].join(" · ");
  const item = make("li", {}, make("span", {}, button, " ", make("small", {}, about)), meter, makeTone(entity.sentiment));
  item.dataset.marks = entity.id;
  return item;
}

function makeQuoteItem(quote) {
  const link = make("a", { href: `#${quote.id}` }, quote.spans.map(({ text }) => text).join(" … "));
  const cue = quote.cue.map(({ text }) => text).join(" … ");
  const item = make("li", {}, link, " ", make("small", {}, [words[quote.kind], cue].filter(Boolean).join(" · "), " · "), makeTone(quote.sentiment));
  item.dataset.marks = quote.id;
  return item;
}

function showLists({ entities, quotes }) {
  const bySalience = [...entities].sort((a, b) => b.salience - a.salience);
  const speakers = new Map(quotes.map((quote) => [quote.speaker?.entity ?? speakerOf(quote), []]));
  for (const quote of quotes) speakers.get(quote.speaker?.entity ?? speakerOf(quote)).push(quote);
  const groups = [...speakers.values()].flatMap((said) => [make("h3", {}, speakerOf(said[0])), make("ul", {}, ...said.map(makeQuoteItem))]);
  byId("entities").replaceChildren(...(entities.length > 0 ? bySalience.map(makeEntityItem) : [words.none]));
  byId("quotes").replaceChildren(...(quotes.length > 0 ? groups : [words.none]));
}

/* ---- pointing ---- */

const descriptions = new Map(); /* id -> [name, more words] for its tip */

function makeTipLine(id) {
  const [name, more] = descriptions.get(id);
  return make("p", {}, make("strong", {}, name), " · ", more.join(" · "));
}

let pinned = null;

function idsAt(node) {
  const ids = [];
  for (let at = node?.closest("[data-marks]"); at; at = at.parentElement.closest("[data-marks]")) ids.push(...at.dataset.marks.split(" "));
  return [...new Set(ids)];
}

function light(ids) {
  for (const node of document.querySelectorAll(".lit")) node.classList.remove("lit");
  for (const id of ids) for (const node of document.querySelectorAll(`[data-marks~="${id}"]`)) node.classList.add("lit");
}

function showTip(node, ids) {
  const tip = byId("tip");
  tip.hidden = ids.length === 0 || !byId("marked").contains(node);
  if (tip.hidden) return;
  tip.replaceChildren(...ids.map(makeTipLine));
  const place = node.closest("[data-marks]").getBoundingClientRect();
  tip.style.left = `${Math.max(0, Math.min(place.left, document.documentElement.clientWidth - tip.offsetWidth - 8)) + scrollX}px`;
  tip.style.top = `${place.bottom + scrollY}px`; /* without a gap, so that the pointer can go there */
}

/* What is pointed at; else what has the focus; else what was pinned. */
function point(node) {
  if (byId("tip").contains(node)) return;
  const target = idsAt(node).length > 0 ? node : document.activeElement;
  const ids = idsAt(target);
  light(ids.length > 0 || !pinned ? ids : [pinned]);
  showTip(target, ids);
}

function pin(button, id) {
  const isPinned = pinned === id;
  for (const pressed of document.querySelectorAll("[aria-pressed=true]")) pressed.setAttribute("aria-pressed", "false");
  pinned = isPinned ? null : id;
  button.setAttribute("aria-pressed", String(!isPinned));
  if (pinned) byId("marked").querySelector(`[data-marks~="${id}"]`)?.scrollIntoView({ block: "nearest" });
  point(button);
}

document.addEventListener("pointerover", ({ target }) => point(target));
document.addEventListener("focusin", ({ target }) => point(target));
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") byId("tip").hidden = true;
});

/* ---- the server ---- */

async function annotate(text) {
  const headers = { "Content-Type": "application/json" };
  if (byId("key").value) headers.Authorization = `Bearer ${byId("key").value}`;
  const request = { method: "POST", headers, body: JSON.stringify({ text, language: byId("language").value, offsets: "utf16" }) };
  const answer = await fetch("v1/annotate", request).catch(() => Promise.reject(new Error(words.unreachable)));
  if (answer.status === 401) byId("key-row").hidden = false;
  const body = await answer.json().catch(() => Promise.reject(new Error(`${answer.status} ${answer.statusText}`)));
  if (!answer.ok) throw new Error(body.detail);
  return { result: body, ms: Math.round(/annotate;dur=([\d.]+)/.exec(answer.headers.get("Server-Timing"))?.[1]) };
}

function show(text, result) {
  pinned = null;
  descriptions.clear();
  for (const entity of result.entities) descriptions.set(entity.id, describeEntity(entity));
  for (const quote of result.quotes) descriptions.set(quote.id, describeQuote(quote));
  showArticle(text, result);
  showLists(result);
  byId("result").hidden = false;
}

async function run(event) {
  event?.preventDefault();
  const status = byId("status"), button = document.querySelector("[type=submit]"), text = byId("text").value;
  button.disabled = true;
  status.className = "";
  status.textContent = words.busy;
  try {
    const { result, ms } = await annotate(text);
    show(text, result);
    status.textContent = words.done(result.entities.length, result.quotes.length, ms);
  } catch (error) {
    status.className = "wrong";
    status.textContent = error.message;
  }
  button.disabled = false;
}

function showLegend() {
  const sign = (label) => make("span", { className: label }, `${SIGNS[label]} ${words.signs[label]}`);
  byId("legend").replaceChildren(
    ...TYPES.map((type) => make("span", { className: `entity name ${type}` }, words[type])),
    ...KINDS.map((kind) => make("span", { className: `quote ${kind}` }, words[kind])),
    ...Object.keys(SIGNS).map(sign),
  );
}

document.documentElement.lang = locale;
for (const node of document.querySelectorAll("[data-words]")) node.textContent = words[node.dataset.words] ?? node.textContent;
byId("form").addEventListener("submit", run);
byId("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("form").requestSubmit();
});
showLegend();
run();
