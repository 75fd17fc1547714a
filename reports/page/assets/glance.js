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
const forecast = () => {
  const now = told.forecast;
  if (!now) return make("div", { id: "forecast" }, make("h3", { text: say("forecast") }), note(say("forecast_none")));
  const [rate, then, low, high] = now.rates.map((v) => percent(v));
  const [receivable, collected, coming, least, most] = now.fen.map(yuan);
  return make("div", { id: "forecast" }, make("h3", { text: say("forecast") }),
    note(say("forecast_note", { cycle: month(now.cycle), end: now.month_end, level: percent(now.level, 0) })),
    make("div", { class: "beside" },
      picture(now.pictures[language], say("forecast_picture", { now: rate, then, low, high })),
      make("dl", { class: "tiles narrow" },
        tile(say("forecast_now"), rate, "rate-now"), tile(say("forecast_then"), then, "rate-then"),
        tile(say("forecast_interval"), `${low} – ${high}`, "rate-range"),
        tile(say("forecast_receivable"), receivable), tile(say("forecast_collected"), collected),
        tile(say("forecast_money"), `${coming} (${least} – ${most})`, "coming"))));
};
const glance = () => make("section", { id: "glance" },
  make("h2", { text: say("glance") }),
  make("dl", { class: "tiles" }, ...told.tiles.map(([name, value, isMoney]) =>
    make("div", { id: `tile-${name}` }, make("dt", { text: word("tiles", name) }), make("dd", { text: isMoney ? yuan(value) : whole(value) })))),
  forecast(),
  make("div", { class: "groups" }, ...Object.keys(told.groups).map(chart)));

// ---- since the last list -------------------------------------------------------------------
const rollName = (code) => (code === "nothing" ? say("roll_nothing") : word("aging", code));
const moved = (name) => {
  const group = unpack(told.moves.groups[name]);
  return table({ caption: word("groups", name), id: `moved-${name}` },
    [[say("group")], ...["now", "came", "stayed", "left"].map((one) => [say(one), true])],
    group.columns.code.map((code, row) => make("tr", {}, first(named(name, code)),
      ...["now", "came", "stayed", "left"].map((one) => number(whole(group.at(one, row)))))));
};
const roll = () => {
  const { codes, roll: counts } = told.moves;
  // Nothing open is no arrears either.
  const age = (at) => (codes[at] === "nothing" ? 0 : at);
  const look = (then, now) => (age(now) === age(then) ? "same" : age(now) < age(then) ? "better" : "worse");
  return table({ caption: say("roll"), id: "roll" },
    [[say("roll_then")], ...codes.map((code) => [rollName(code), true])],
    counts.map((row, then) => make("tr", {}, first(rollName(codes[then])),
      ...row.map((n, now) => make("td", { class: n ? `n ${look(then, now)}` : "n zero", text: whole(n) })))));
};
const MOVES = ["came", "left", "up", "down", "same"];
const causes = () => {
  const found = unpack(told.causes);
  return table({ caption: say("causes"), id: "causes" },
    [[say("cause")], ...MOVES.map((name) => [word("moves", name), true]), [say("grown"), true]],
    found.columns.cause.map((code, row) => make("tr", {}, first(word("causes", code)),
      ...MOVES.map((name) => number(whole(found.at(name, row)))), number(yuan(found.at("fen", row))))));
};
const moves = () => make("section", { id: "moves" }, make("h2", { text: say("moves") }),
  ...(told.moves ? [note(say("moves_note", { day: told.moves.since, run: told.moves.run })),
    make("div", { class: "groups" }, ...Object.keys(told.moves.groups).map(moved)),
    told.causes && make("div", { class: "roll" }, causes()),
    make("div", { class: "roll" }, roll(), note(say("roll_note")))].filter(Boolean) : [note(say("moves_none"))]));

// ---- what became of the last list ----------------------------------------------------------
const became = () => {
  const last = told.became;
  if (!last) return make("section", { id: "became" }, make("h2", { text: say("became") }), note(say("became_none")));
  const pair = ([count, fen]) => [number(whole(count)), number(yuan(fen))];
  const late = last.caught[1] + last.missed[1];
  return make("section", { id: "became" }, make("h2", { text: say("became") }),
    note(say("became_note", { since: last.since, until: last.until })),
    make("dl", { class: "tiles" },
      tile(say("caught_share"), percent(late ? last.caught[1] / late : null), "caught-share"),
      tile(say("caught"), `${whole(last.caught[0])} · ${yuan(last.caught[1])}`, "caught"),
      tile(say("missed"), `${whole(last.missed[0])} · ${yuan(last.missed[1])}`, "missed")),
    table({ caption: say("became_all"), id: "fates" },
      [[say("became_fate")], [say("became_in_time"), true], [say("became_amount"), true], [say("became_late"), true], [say("became_amount"), true]],
      [...Object.entries(last.fates).map(([fate, [inTime, isLate]]) => make("tr", {}, first(word("fates", fate)), ...pair(inTime), ...pair(isLate))),
        make("tr", { class: "ours" }, first(say("became_all")), ...pair([last.listed[0] - last.caught[0], last.listed[1] - last.caught[1]]), ...pair(last.caught))]));
};
