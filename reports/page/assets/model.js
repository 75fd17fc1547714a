// ---- the model's health --------------------------------------------------------------------
const figure = (value, format) => (value === null ? "–" : format.endsWith("%") ? percent(value) : value.toFixed(3));
const compared = () => make("div", { id: "compared" }, make("h3", { text: say("how_good") }), note(say("how_good_note")),
  table({ caption: say("how_good"), quiet: true }, [[say("ranking")], ...told.compared.figures.map(([name]) => [word("metrics", name), true])],
    told.compared.rows.map((row) => make("tr", { class: row.id === "model" && "ours" }, first(row[language]),
      ...row.values.map((value, at) => number(figure(value, told.compared.figures[at][1])))))));
const gates = () => make("div", { id: "gates" }, make("h3", { text: say("gates") }),
  told.gates ? table({ caption: say("gates"), quiet: true }, [[say("gate_verdict")], [say("gate_found")], [say("gate")]],
    told.gates.map((gate) => make("tr", {}, make("td", { class: gate.verdict, text: say(`gate_${gate.verdict}`) }),
      make("td", { text: gate[`found_${language}`] }), make("td", { class: "note", text: gate.gate })))) : note(say("gates_none")));
const MONTH = [["month_told", (row) => percent(row.told ?? row.expected_late_rate)], ["month_seen", (row) => percent(row.late_rate)],
  ["month_caught", (row) => (row.caught === null && row.expected_caught !== null ? `≈ ${percent(row.expected_caught)}` : percent(row.caught))], ["month_margin", (row) => percent(row.margin)],
  ["month_ece", (row) => (row.ece === null ? "–" : row.ece.toFixed(3))], ["month_psi", (row) => (row.score_psi === null ? "–" : row.score_psi.toFixed(3))],
  ["alarms", (row) => row.alarms || say("none")]];
const months = () => make("div", { id: "months" }, make("h3", { text: say("months") }),
  ...(told.months ? [note(say("months_note")), picture(told.months.pictures[language], say("months_picture")),
    table({ caption: say("months"), quiet: true }, [[say("month")], [say("bills"), true], ...MONTH.map(([name]) => [say(name), true])],
      told.months.rows.map((row) => make("tr", {}, first(row.month.slice(0, 7)), number(whole(row.rows)), ...MONTH.map(([, text]) => number(text(row))))))]
    : [note(say("months_none"))]));
const health = () => make("section", { id: "health" }, make("h2", { text: say("health") }),
  gates(), months(), told.compared.rows.length > 0 && compared());
const warnings = () => make("section", { id: "warnings" }, make("h2", { text: say("warnings") }), make("ul", {}, ...told.warnings.map((text) => make("li", { text }))));
