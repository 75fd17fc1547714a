const byId = (id) => document.getElementById(id);
const trouble = byId("trouble");
if (typeof DecompressionStream !== "function" || typeof HTMLDialogElement !== "function") return;

let told;
try {
  const packed = Uint8Array.from(atob(byId("data").textContent.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  told = JSON.parse(await new Response(stream).text());
} catch {
  trouble.textContent = trouble.dataset.damaged;
  trouble.style.animation = "none";
  return;
}
byId("data").remove();

// ---- data: a frame's columns; see reports/page/data.py -------------------------------------
const unpack = ({ rows, columns }) => {
  const all = {};
  for (const [name, column] of Object.entries(columns)) {
    const values = column.d ? column.i.map((at) => (at < 0 ? null : column.d[at])) : column.v;
    all[name] = column.scale ? values.map((v) => (v === null ? null : v / column.scale)) : values;
  }
  return { rows, columns: all, has: (name) => name in all, at: (name, row) => (name in all ? all[name][row] : null) };
};
const list = unpack(told.list);

// ---- words and figures ---------------------------------------------------------------------
let language = "zh";
const word = (section, code) => {
  const words = told.texts[language][section];
  return words && Object.hasOwn(words, code) ? words[code] : String(code);
};
const say = (code, fill = {}) => word("phrases", code).replace(/\{(\w+)\}/g, (_, name) => fill[name]);
const locale = () => (language === "zh" ? "zh-CN" : "en");
const whole = (v) => (v ?? 0).toLocaleString(locale());
const money = (v) => (v === null ? "–" : v.toLocaleString(locale(), { minimumFractionDigits: 2, maximumFractionDigits: 2 }));
const yuan = (fen) => Math.round(fen / 100).toLocaleString(locale());
const percent = (v, digits = 1) => (v === null || v === undefined ? "–" : `${(100 * v).toFixed(digits)}%`);
const share = (v) => (v === null ? "–" : `${Math.round(v * 100)}%`);
const month = (v) => `${Math.floor(v / 100)}-${String(v % 100).padStart(2, "0")}`;
const SECTIONS = { band: "bands", segment: "segments", pay_arrangement: "pay_arrangements", history: "histories", planned: "planned" };
const shownAs = (name, v) => {
  if (v === null || v === "") return "–";
  if (SECTIONS[name]) return word(SECTIONS[name], v);
  if (name === "protected") return say(v ? "yes" : "no");
  if (name === "p_late") return share(v);
  if (name === "cycle") return month(v);
  if (name.endsWith("_cny")) return money(v);
  return typeof v === "number" ? whole(v) : v;
};

// ---- elements: text enters by textContent alone --------------------------------------------
const make = (tag, given = {}, ...inside) => {
  const one = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") one.textContent = value;
    else if (name.startsWith("on")) one.addEventListener(name.slice(2), value);
    else one.setAttribute(name, value === true ? "" : value);
  }
  one.append(...inside.filter((part) => part));
  return one;
};
const head = (text, numeric) => make("th", { scope: "col", class: numeric && "n", text });
const CODES = { "·": "no_bill", "√": "early", "-": "on_time", "#": "late_10", X: "late_30", P: "partial", "?": "open", "!": "overdue" };
const strip = (glyphs) => {
  const counts = new Map();
  for (const glyph of glyphs) {
    const text = /[1-9]/.test(glyph) ? word("strip", "1") : word("strip", glyph);
    counts.set(text, (counts.get(text) || 0) + 1);
  }
  const text = [...counts].map(([one, n]) => say("times", { text: one, n })).join(language === "zh" ? "；" : "; ");
  const label = say("strip_text", { text });
  const cells = [...glyphs].map((glyph) => make("span", { class: CODES[glyph] || "late", "aria-hidden": "true", text: glyph === "·" ? "" : glyph }));
  return make("span", { class: "strip", role: "img", "aria-label": label, title: label }, ...cells);
};
const sentences = (name, row) => (list.at(`${name}_${language}`, row) || "").split("\n").filter(Boolean);

const table = (given, heads, rows) => make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": given.caption },
  make("table", { id: given.id }, make("caption", { class: given.quiet && "unseen", text: given.caption }),
    make("thead", {}, make("tr", {}, ...heads.map(([text, numeric]) => (text ? head(text, numeric) : make("td", {}))))),
    make("tbody", {}, ...rows)));
const first = (text) => make("th", { scope: "row", text });
const number = (text) => make("td", { class: "n", text });
const picture = (svg, alt) => make("img", { class: "picture", alt, src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}` });
const note = (text, id) => make("p", { class: "note", id, text });
const tile = (name, text, id) => make("div", { id }, make("dt", { text: name }), make("dd", { text }));
