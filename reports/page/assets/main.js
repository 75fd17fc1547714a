// ---- the whole -----------------------------------------------------------------------------
const pair = (name, value) => make("span", { text: `${say(name)} ` }, make("b", { text: value }));
const links = () => make("nav", { class: "sections", "aria-label": say("sections") },
  ...[["glance", "glance"], ["moves", "moves"], ["list", "list"], ["became", "became"], ["health", "health"]].map(([id, name]) => make("a", { href: `#${id}`, text: say(name) })));
const draw = () => {
  document.documentElement.lang = locale();
  document.title = `${say("title")} ${told.run.run_id}`;
  byId("page").replaceChildren(...[
    make("a", { class: "skip", href: "#list-title", text: say("skip") }),
    make("header", {}, make("h1", { text: say("title") }), pair("as_of", told.run.as_of), pair("run", told.run.run_id), pair("model", told.run.model_version),
      make("button", { type: "button", id: "language", lang: language === "zh" ? "en" : "zh-CN", text: say("language"), onclick: () => { language = language === "zh" ? "en" : "zh"; draw(); byId("language").focus(); } })),
    links(),
    make("main", {}, glance(), moves(), theList(), became(), health(), told.warnings.length > 0 && warnings()),
  ].filter(Boolean));
  show();
};
draw();
trouble.hidden = true;
byId("page").hidden = false;
