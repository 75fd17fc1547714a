// ---- the list ------------------------------------------------------------------------------
const PRINTED = 1000;
const FILTERS = ["band", "org_id", "grid_id", "segment", "planned"].filter(list.has);
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
  return make("td", { class: NUMERIC.has(name) && "n", role: "cell", "data-column": name, "data-label": label, text: shownAs(name, list.at(name, row)) });
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
const columnWord = (name) => (name === "planned" ? say("plan") : word("columns", name));
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
const listTable = () => make("table", { id: "rows", role: "table", "aria-labelledby": "list-title" },
  make("thead", {}, make("tr", { role: "row" },
    ...SHOWN.map((name) => name === "strip" ? head(word("columns", name)) : make("th", { scope: "col", role: "columnheader", class: NUMERIC.has(name) && "n", "data-column": name, "aria-sort": "none" },
      make("button", { type: "button", text: word("columns", name), onclick: () => sortBy(name) }))),
    head(say("reasons")))),
  make("tbody", {}));
const theList = () => make("section", { id: "list" },
  make("h2", { id: "list-title", tabindex: "-1", text: say("list") }),
  note(say("probability_note")),
  told.left_out > 0 && note(say("left_out", { n: whole(list.rows), m: whole(told.left_out) }), "left-out"),
  tools(), make("p", { id: "found", role: "status" }), make("p", { id: "printed", class: "print-only" }), make("div", { class: "scroll" }, listTable()), pager());

window.addEventListener("beforeprint", () => {
  fill(matched.slice(0, PRINTED));
  byId("printed").textContent = say("print_note", { n: whole(Math.min(PRINTED, matched.length)) });
});
window.addEventListener("afterprint", show);
