// ---- a customer's card ---------------------------------------------------------------------
const FACTS = ["band", "rank", "org_id", "grid_id", "manager_id", "segment", "pay_arrangement", "protected", "bill_id", "cycle", "due_on", "amount_cny", "open_cny", "overdue_cny", "overdue_bills", "dpd", "p_late", "expected_late_cny", "bills_seen", "history"].filter(list.has);
const customerAt = new Map();
for (const id of list.columns.customer_id) if (!customerAt.has(id)) customerAt.set(id, customerAt.size);
const kept = (name) => told[name] && unpack(told[name]);
const plans = kept("plans"), pushes = told.pushes && unpack(told.pushes.rows);
const planOf = new Map(plans ? plans.columns.at.map((at, row) => [at, row]) : []);
// Rows lie by customer: from[n] is where the n-th begins.
const history = {};
for (const [kind, { of, rows }] of Object.entries(told.history || {})) {
  const from = [0];
  for (const n of of) from.push(from.at(-1) + n);
  history[kind] = { frame: unpack(rows), rowsOf: (at) => Array.from({ length: of[at] }, (_, n) => from[at] + n) };
}
const start = Date.parse(`${told.run.as_of}T00:00:00Z`);
const day = (ago) => (ago === null ? "" : new Date(start - ago * 86400000).toISOString().slice(0, 10));

// A bill's fate in words; days late are those of the day before which all was known.
const fate = (bill) => {
  const { cleared, due, open_fen: open, channel } = bill;
  const late = cleared === null ? due : due - cleared;
  const said = cleared === null ? (open ? [say("still_open", { amount: money(open / 100) })] : [])
    : [channel ? say("paid_by", { day: day(cleared), channel: word("channels", channel) }) : say("cleared", { day: day(cleared) })];
  return [...said, late > 0 && say("late_by", { n: late })].filter(Boolean).join(language === "zh" ? "，" : ", ");
};
const inShort = ({ cleared, due, open_fen: open }) => {
  const late = cleared === null ? due : due - cleared;
  if (late > 0) return say("late_by", { n: late });
  return cleared === null ? say("still_open", { amount: money(open / 100) }) : say("cleared", { day: day(cleared) });
};
const rowOf = (kind, row) => {
  const { columns } = history[kind].frame;
  return Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[row]]));
};
const EVENT = {
  bill: (one) => [one.issued, say("bill"), one.amount_fen, `${say("for_bill", { cycle: month(one.cycle), due: day(one.due) })} · ${fate(one)}`],
  payment: (one) => [one.on, word("payments", one.kind), one.amount_fen, one.channel ? word("channels", one.channel) : ""],
  contact: (one) => [one.on, `${say("contacted")} · ${word("methods", one.method)}`, null,
    [word("answers", one.outcome), one.promised !== null && say("promised", { day: day(one.promised) })].filter(Boolean).join(" · ")],
};
const timeline = (at) => {
  const rows = Object.keys(EVENT).flatMap((kind) => history[kind].rowsOf(at).map((row) => [kind, ...EVENT[kind](rowOf(kind, row))]));
  rows.sort((a, b) => a[1] - b[1]);
  return table({ caption: say("timeline"), quiet: true, id: "timeline" }, [[say("when")], [say("what")], [say("amount"), true], [say("how")]],
    rows.map(([kind, ago, what, fen, how]) => make("tr", { class: `event ${kind}` }, first(day(ago)), make("td", { text: what }),
      number(fen === null ? "" : money(fen / 100)), make("td", { text: how }))));
};

// ---- reasons: a waterfall, and the bills behind each sentence -------------------------------
const logit = (p) => Math.log(p / (1 - p));
const chance = (logOdds) => 1 / (1 + Math.exp(-logOdds));
const steps = (row) => {
  const base = pushes.at("base", row);
  if (base === null) return null;
  const all = told.pushes.families.map((family) => [word("families", family), pushes.at(family, row) / 100]);
  all.sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
  const rest = all.slice(told.pushes.most).reduce((sum, [, push]) => sum + push, 0);
  const shown = [...all.slice(0, told.pushes.most), [say("waterfall_rest"), rest]];
  const end = logit(Math.min(Math.max(list.at("p_late", row), 0.0001), 0.9999));
  const raw = shown.reduce((sum, [, push]) => sum + push, base / 100);
  return { base: base / 100, end, shown: [...shown, [say("waterfall_calibration"), end - raw]] };
};
const waterfall = (row) => {
  const found = pushes && steps(row);
  if (!found) return [note(say("waterfall_none"))];
  const reached = [found.base];
  for (const [, push] of found.shown) reached.push(reached.at(-1) + push);
  const low = Math.min(...reached, found.end) - 0.2, span = Math.max(...reached, found.end) + 0.2 - low;
  const bar = (from, to, look) => {
    const one = make("span", { class: `step ${look}` });
    one.style.left = `${(100 * (Math.min(from, to) - low)) / span}%`;
    one.style.width = `${Math.max(0.6, (100 * Math.abs(to - from)) / span)}%`;
    return make("td", { class: "track", "aria-hidden": "true" }, make("span", { class: "lane" }, one));
  };
  const line = (text, from, to, way, look) => make("tr", { class: look === "whole" && "ours" }, first(text), bar(from, to, look),
    make("td", { text: way }), number(percent(chance(to), 0)));
  return [note(say("waterfall_note")), table({ caption: say("waterfall"), quiet: true, id: "waterfall" },
    [[say("tells")], [""], [""], [word("columns", "p_late"), true]], [
      line(say("waterfall_base"), low, found.base, "", "whole"),
      ...found.shown.map(([text, push], at) => line(text, reached[at], reached[at + 1], push > 0.005 ? say("up") : push < -0.005 ? say("down") : "", push >= 0 ? "rise" : "fall")),
      line(say("waterfall_end"), low, found.end, "", "whole")])];
};
const behind = (row, number, at) => {
  if (!pushes || !history.bill || pushes.at(`said_${number}`, row) === null) return null;
  const marks = pushes.at(`bills_${number}`, row);
  const bills = history.bill.rowsOf(at).filter((_, n) => n < 30 && (marks >> n) & 1).map((one) => rowOf("bill", one));
  const text = bills.map((bill) => `${month(bill.cycle)} (${inShort(bill)})`).join(language === "zh" ? "；" : "; ");
  return make("small", { class: "behind", text: bills.length ? say("behind", { bills: text }) : say("behind_none") });
};

const planned = (at) => {
  const row = planOf.get(at);
  if (row === undefined) return [make("h3", { text: say("plan") }), note(say("no_plan"))];
  const said = ["plan", "why_not"].flatMap((name) => {
    const text = plans.at(`${name}_${language}`, row);
    return text ? [make("h3", { text: say(name) }), make("p", { id: name, text })] : [];
  });
  const labels = (plans.at("labels", row) || "").split(" ").filter(Boolean);
  return [...said, make("h3", { text: say("portraits") }), labels.length
    ? make("ul", { id: "portraits", class: "labels" }, ...labels.map((label) => make("li", { text: word("portraits", label) }))) : note(say("no_portraits"))];
};

let opened = null;
const paintCard = () => {
  const id = list.at("customer_id", opened), at = customerAt.get(id);
  const reasons = sentences("reasons", opened), relief = sentences("relief", opened);
  byId("card").replaceChildren(...[
    make("header", {}, make("h2", { id: "card-title", tabindex: "-1", text: [id, list.at("name", opened)].filter(Boolean).join(" ") }),
      make("button", { type: "button", id: "close", text: say("close"), onclick: () => byId("card").close() })),
    make("h3", { text: word("columns", "strip") }), strip(list.at("strip", opened)),
    note(strip(list.at("strip", opened)).getAttribute("aria-label")),
    make("h3", { text: say("reasons") }),
    reasons.length ? make("ol", { id: "why" }, ...reasons.map((text, n) => make("li", { text }, behind(opened, n, at)))) : make("p", { text: say("no_reasons") }),
    ...(relief.length ? [make("h3", { text: say("relief") }), ...relief.map((text) => make("p", { text }))] : []),
    make("h3", { text: say("waterfall") }), ...waterfall(opened),
    ...planned(at),
    make("h3", { text: say("facts") }),
    make("dl", {}, ...FACTS.map((name) => make("div", {}, make("dt", { text: word("columns", name) }), make("dd", { text: shownAs(name, list.at(name, opened)) })))),
    make("h3", { text: say("timeline") }),
    ...(told.history ? [note(say("history_note", { day: told.run.as_of })), timeline(at)] : [note(say("no_history"))]),
  ].filter(Boolean));
};
const openCard = (row) => { opened = row; paintCard(); byId("card").showModal(); byId("card").scrollTop = 0; };
