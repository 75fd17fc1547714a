"use strict";
(async () => {
  const PRINTED = 1000;
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
  const events = told.events && unpack(told.events);
  const plans = told.plans && unpack(told.plans);
  const gather = (frame) => {
    const rows = new Map();
    if (frame) frame.columns.customer_id.forEach((id, row) => rows.has(id) ? rows.get(id).push(row) : rows.set(id, [row]));
    return rows;
  };
  const eventsOf = gather(events), plansOf = gather(plans);

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
  const share = (v) => (v === null ? "–" : `${Math.round(v * 100)}%`);
  const month = (v) => `${Math.floor(v / 100)}-${String(v % 100).padStart(2, "0")}`;
  const SECTIONS = { band: "bands", segment: "segments", pay_arrangement: "pay_arrangements", history: "histories" };
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
      if (value === null || value === false) continue;
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

  // ---- the portfolio at a glance -------------------------------------------------------------
  const named = (group, code) => {
    if (code === "") return say("others");
    if (code === "?") return say("unknown");
    return word({ band: "bands", segment: "segments", aging: "aging" }[group] || "", code);
  };
  const chart = (group) => {
    const frame = unpack(told.groups[group]);
    const aging = !frame.has("expected_fen");
    const sizes = frame.columns[aging ? "fen" : "expected_fen"];
    const most = Math.max(1, ...sizes.filter((_, row) => frame.at("code", row) !== ""));
    const rows = sizes.map((size, row) => {
      const bar = make("span", { class: "bar" });
      bar.style.width = `${Math.min(100, (100 * size) / most)}%`;
      return make("tr", {},
        make("th", { scope: "row", text: named(group, frame.at("code", row)) }),
        make("td", { class: "n", text: whole(frame.at("count", row)) }),
        make("td", { class: aging ? "n" : "n minor", text: yuan(frame.at("fen", row)) }),
        !aging && make("td", { class: "n", text: yuan(size) }),
        make("td", { class: "track", "aria-hidden": "true" }, frame.at("code", row) !== "" && bar));
    });
    const open = head(say(aging ? "overdue" : "open"), true);
    if (!aging) open.classList.add("minor");
    return make("section", {}, make("table", { class: "chart", id: `by-${group}` },
      make("caption", { text: word("groups", group) }),
      make("thead", {}, make("tr", {}, head(say("group")), head(say(aging ? "customers" : "bills"), true), open,
        !aging && head(say("expected"), true), make("td", { "aria-hidden": "true", class: "track" }))),
      make("tbody", {}, ...rows)));
  };
  const glance = () => make("section", { id: "glance" },
    make("h2", { text: say("glance") }),
    make("dl", { class: "tiles" }, ...told.tiles.map(([name, value, isMoney]) =>
      make("div", { id: `tile-${name}` }, make("dt", { text: word("tiles", name) }), make("dd", { text: isMoney ? yuan(value) : whole(value) })))),
    make("div", { class: "groups" }, ...Object.keys(told.groups).map(chart)));

  // ---- the list ------------------------------------------------------------------------------
  const FILTERS = ["band", "org_id", "grid_id", "segment", "tier"].filter(list.has);
  const SHOWN = ["rank", "band", "customer_id", "grid_id", "segment", "due_on", "open_cny", "overdue_cny", "dpd", "p_late", "expected_late_cny", "strip"].filter(list.has);
  const NUMERIC = new Set(["rank", "open_cny", "overdue_cny", "dpd", "p_late", "expected_late_cny"]);
  const SORTED = SHOWN.filter((name) => name !== "strip");
  const state = { search: "", filters: {}, sort: "rank", down: false, page: 0, size: 50 };
  const haystack = Array.from({ length: list.rows }, (_, row) =>
    ["customer_id", "name", "grid_id"].map((name) => list.at(name, row) ?? "").join("\n").toLowerCase());
  const collator = new Intl.Collator("zh-CN", { numeric: true });
  let matched = [];

  const match = () => {
    const wanted = state.search.trim().toLowerCase();
    const kept = Object.entries(state.filters).filter(([, value]) => value !== "");
    matched = [];
    for (let row = 0; row < list.rows; row += 1) {
      if (wanted && !haystack[row].includes(wanted)) continue;
      if (kept.every(([name, value]) => String(list.at(name, row)) === value)) matched.push(row);
    }
    const values = list.columns[state.sort];
    const way = state.down ? -1 : 1;
    const order = (a, b) => {
      if (values[a] === values[b]) return a - b;
      if (values[a] === null) return 1;
      if (values[b] === null) return -1;
      return way * (typeof values[a] === "number" ? values[a] - values[b] : collator.compare(values[a], values[b]));
    };
    matched.sort(order);
    state.page = Math.max(0, Math.min(state.page, Math.ceil(matched.length / state.size) - 1));
  };

  const cell = (name, row) => {
    const label = word("columns", name);
    if (name === "customer_id") {
      const id = list.at(name, row);
      const opener = make("button", { type: "button", text: id, "aria-haspopup": "dialog", onclick: () => openCard(row) });
      const shown = list.at("name", row);
      return make("td", { class: "id wide", role: "cell", "data-label": label }, opener, shown && make("small", { text: shown }));
    }
    if (name === "strip") return make("td", { class: "wide", role: "cell", "data-label": label }, strip(list.at(name, row)));
    if (name === "due_on") return make("td", { class: "day", role: "cell", "data-label": label, text: shownAs(name, list.at(name, row)) });
    if (name === "band") return make("td", { role: "cell", "data-label": label }, make("span", { class: `band ${list.at(name, row)}`, text: shownAs(name, list.at(name, row)) }));
    return make("td", { class: NUMERIC.has(name) && "n", role: "cell", "data-label": label, text: shownAs(name, list.at(name, row)) });
  };
  const why = (row) => make("td", { class: "why wide", role: "cell", "data-label": say("reasons") },
    ...sentences("reasons", row).map((text) => make("div", { text })));
  const fill = (rows) => {
    byId("rows").tBodies[0].replaceChildren(...rows.map((row) => make("tr", { role: "row" }, ...SHOWN.map((name) => cell(name, row)), why(row))));
  };
  const show = () => {
    match();
    const from = state.page * state.size;
    fill(matched.slice(from, from + state.size));
    const pages = Math.max(1, Math.ceil(matched.length / state.size));
    byId("found").textContent = matched.length ? say("found", { n: whole(matched.length) }) : say("nothing");
    byId("where").textContent = say("page_of", { n: whole(state.page + 1), m: whole(pages) });
    byId("previous").disabled = state.page === 0;
    byId("next").disabled = state.page >= pages - 1;
    byId("way").textContent = say(state.down ? "descending" : "ascending");
    byId("sort").value = state.sort;
    for (const one of byId("rows").tHead.querySelectorAll("th[data-column]"))
      one.setAttribute("aria-sort", one.dataset.column !== state.sort ? "none" : state.down ? "descending" : "ascending");
  };
  const change = (given) => { Object.assign(state, { page: 0 }, given); show(); };
  const sortBy = (name) => change({ sort: name, down: state.sort === name && !state.down });

  const options = (name) => {
    const values = [...new Set(list.columns[name])].filter((v) => v !== null).sort(collator.compare);
    const any = make("option", { value: "", text: say("any") });
    return [any, ...values.map((v) => make("option", { value: v, text: shownAs(name, v), selected: state.filters[name] === String(v) }))];
  };
  const labelled = (text, control, look) => make("label", { class: look }, make("span", { text }), control);
  const columnWord = (name) => (name === "tier" ? say("plan") : word("columns", name));
  const tools = () => make("div", { class: "tools", role: "search" },
    labelled(say("search"), make("input", { type: "search", id: "search", value: state.search, autocomplete: "off", oninput: (e) => change({ search: e.target.value }) }), "search"),
    ...FILTERS.map((name) => labelled(columnWord(name), make("select", { id: `filter-${name}`, onchange: (e) => { state.filters[name] = e.target.value; change({}); } }, ...options(name)))),
    labelled(say("sort"), make("select", { id: "sort", onchange: (e) => change({ sort: e.target.value, down: false }) }, ...SORTED.map((name) => make("option", { value: name, text: columnWord(name) })))),
    make("button", { type: "button", id: "way", onclick: () => change({ down: !state.down }) }),
    make("button", { type: "button", id: "reset", text: say("reset"), onclick: () => { Object.assign(state, { search: "", filters: {}, sort: "rank", down: false, page: 0 }); draw(); byId("search").focus(); } }),
    make("button", { type: "button", id: "print", text: say("print"), onclick: () => window.print() }));
  const pager = () => make("nav", { class: "pager", "aria-label": say("list") },
    make("button", { type: "button", id: "previous", text: say("previous"), onclick: () => { state.page -= 1; show(); } }),
    make("span", { id: "where", "aria-live": "polite" }),
    make("button", { type: "button", id: "next", text: say("next"), onclick: () => { state.page += 1; show(); } }),
    make("label", {}, `${say("page_size")} `, make("select", { id: "size", onchange: (e) => change({ size: Number(e.target.value) }) },
      ...[20, 50, 100, 200].map((n) => make("option", { value: n, text: n, selected: n === state.size })))));
  const table = () => make("table", { id: "rows", role: "table", "aria-labelledby": "list-title" },
    make("thead", {}, make("tr", { role: "row" },
      ...SHOWN.map((name) => name === "strip" ? head(word("columns", name)) : make("th", { scope: "col", role: "columnheader", class: NUMERIC.has(name) && "n", "data-column": name, "aria-sort": "none" },
        make("button", { type: "button", text: word("columns", name), onclick: () => sortBy(name) }))),
      head(say("reasons")))),
    make("tbody", {}));
  const theList = () => make("section", { id: "list" },
    make("h2", { id: "list-title", tabindex: "-1", text: say("list") }),
    make("p", { class: "note", text: say("probability_note") }),
    tools(), make("p", { id: "found", role: "status" }), make("p", { id: "printed", class: "print-only" }), make("div", { class: "scroll" }, table()), pager());

  window.addEventListener("beforeprint", () => {
    fill(matched.slice(0, PRINTED));
    byId("printed").textContent = say("print_note", { n: whole(Math.min(PRINTED, matched.length)) });
  });
  window.addEventListener("afterprint", show);

  // ---- a customer's card ---------------------------------------------------------------------
  const FACTS = ["band", "rank", "org_id", "grid_id", "manager_id", "segment", "pay_arrangement", "protected", "bill_id", "cycle", "due_on", "amount_cny", "open_cny", "overdue_cny", "overdue_bills", "dpd", "p_late", "expected_late_cny", "bills_seen", "history"].filter(list.has);
  let opened = null;
  const timeline = (rows) => make("div", { class: "scroll" }, make("table", { id: "timeline" },
    make("caption", { text: say("timeline") }),
    make("tbody", {}, ...[...rows].sort((a, b) => collator.compare(events.at("on", b), events.at("on", a))).map((row) => make("tr", {},
      make("th", { scope: "row", text: events.at("on", row) }),
      make("td", { text: word("events", events.at("kind", row)) }),
      make("td", { class: "n", text: events.at("amount_cny", row) === null ? "" : money(events.at("amount_cny", row)) }),
      make("td", { text: ["channel", "outcome"].map((name) => [name, events.at(name, row)]).filter(([, v]) => v).map(([name, v]) => word(`${name}s`, v)).join(" · ") }))))));
  const planned = (row) => ["plan", "why_not"].flatMap((name) => {
    const text = plans.at(`${name}_${language}`, row);
    return text ? [make("h3", { text: say(name) }), make("p", { text })] : [];
  });
  const paintCard = () => {
    const id = list.at("customer_id", opened), reasons = sentences("reasons", opened), relief = sentences("relief", opened);
    byId("card").replaceChildren(...[
      make("header", {}, make("h2", { id: "card-title", text: [id, list.at("name", opened)].filter(Boolean).join(" ") }),
        make("button", { type: "button", id: "close", text: say("close"), onclick: () => byId("card").close() })),
      make("h3", { text: word("columns", "strip") }), strip(list.at("strip", opened)),
      make("p", { class: "note", text: strip(list.at("strip", opened)).getAttribute("aria-label") }),
      make("h3", { text: say("reasons") }),
      reasons.length ? make("ol", { id: "why" }, ...reasons.map((text) => make("li", { text }))) : make("p", { text: say("no_reasons") }),
      ...(relief.length ? [make("h3", { text: say("relief") }), ...relief.map((text) => make("p", { text }))] : []),
      make("h3", { text: say("facts") }),
      make("dl", {}, ...FACTS.map((name) => make("div", {}, make("dt", { text: word("columns", name) }), make("dd", { text: shownAs(name, list.at(name, opened)) })))),
      ...(plansOf.get(id) || []).flatMap(planned),
      eventsOf.has(id) && timeline(eventsOf.get(id)),
    ].filter(Boolean));
  };
  const openCard = (row) => { opened = row; paintCard(); byId("card").showModal(); };

  // ---- how good, and the gates ---------------------------------------------------------------
  const figure = (value, format) => (value === null ? "–" : format.endsWith("%") ? `${(100 * value).toFixed(1)}%` : value.toFixed(3));
  const compared = () => make("section", { id: "compared" },
    make("h2", { text: say("how_good") }), make("p", { class: "note", text: say("how_good_note") }),
    make("div", { class: "scroll" }, make("table", {},
      make("thead", {}, make("tr", {}, make("td", {}), ...told.compared.figures.map(([name]) => head(word("metrics", name), true)))),
      make("tbody", {}, ...told.compared.rows.map((row) => make("tr", { class: row.id === "model" && "ours" },
        make("th", { scope: "row", text: row[language] }),
        ...row.values.map((value, at) => make("td", { class: "n", text: figure(value, told.compared.figures[at][1]) }))))))));
  const gates = () => make("section", { id: "gates" }, make("h2", { text: say("gates") }),
    make("div", { class: "scroll" }, make("table", {}, make("thead", {}, make("tr", {}, head(say("gate")), head(say("gate_found")), make("td", {}))),
      make("tbody", {}, ...told.gates.map((gate) => make("tr", {}, make("td", { class: gate.verdict, text: say(`gate_${gate.verdict}`) }),
        make("td", { text: gate[`found_${language}`] }), make("td", { class: "note", text: gate.gate })))))));
  const warnings = () => make("section", { id: "warnings" }, make("h2", { text: say("warnings") }), make("ul", {}, ...told.warnings.map((text) => make("li", { text }))));

  // ---- the whole -----------------------------------------------------------------------------
  const pair = (name, value) => make("span", { text: `${say(name)} ` }, make("b", { text: value }));
  const draw = () => {
    document.documentElement.lang = locale();
    document.title = `${say("title")} ${told.run.run_id}`;
    byId("page").replaceChildren(...[
      make("a", { class: "skip", href: "#list-title", text: say("skip") }),
      make("header", {}, make("h1", { text: say("title") }), pair("as_of", told.run.as_of), pair("run", told.run.run_id), pair("model", told.run.model_version),
        make("button", { type: "button", id: "language", lang: language === "zh" ? "en" : "zh-CN", text: say("language"), onclick: () => { language = language === "zh" ? "en" : "zh"; draw(); byId("language").focus(); } })),
      make("main", {}, glance(), theList(), told.compared.rows.length > 0 && compared(), told.gates && gates(), told.warnings.length > 0 && warnings()),
    ].filter(Boolean));
    show();
  };
  draw();
  trouble.hidden = true;
  byId("page").hidden = false;
})();
