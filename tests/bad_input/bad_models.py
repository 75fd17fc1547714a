"""A registry whose model was damaged or exchanged: the files of the artefacts, and their records."""

# fmt: off
import hashlib

from breaking import changed, cut, flipped, folder, gone, link, put, recorded, registry, values
from case import case

SCORE = "score --config run.yaml"
CARD, TREES = "model.json", "model.lgb"


def model(name, says, *changes, code=3, run=SCORE):
    """A case whose model's folder goes through these changes."""
    return case(f"model: {name}", run, code, says, registry(lambda place: [one(place) for one in changes]), adds=("stores", "mlruns"))


def record(name, says, sql, code=3):
    return case(f"registry: {name}", SCORE, code, says, registry(), recorded(sql), adds=("stores", "mlruns"))


def card(change, *, sealed=False):
    """Change the card; sealed gives the changed trees a digest that fits."""
    def step(place):
        if sealed:
            digest = hashlib.sha256((place / TREES).read_bytes()).hexdigest()
            values(CARD, lambda told: told["sha256"].update({TREES: digest}))(place)
        values(CARD, change)(place)
    return step


def told(**given):
    return card(lambda about: about.update(given))


def _lose_feature(about):
    about["features"] = about["features"][:-1]


FILES = (
    model("no card", r"model", gone(CARD)),
    model("no trees", r"model\.lgb is missing", gone(TREES)),
    model("an empty card", r"model\.json is not JSON", put(CARD, "")),
    model("half a card", r"model\.json is not JSON", cut(CARD, 0.5)),
    model("a card of bytes", r"model\.json is not JSON", put(CARD, bytes(range(256)))),
    model("a card nested beyond all bounds", r"model\.json is not JSON", put(CARD, "[" * 100_000)),
    model("a card that is a list", r"model\.json", put(CARD, "[]")),
    model("a card that is a number", r"model\.json", put(CARD, "5")),
    model("an empty file of trees", r"model\.lgb", put(TREES, "")),
    model("half of its trees", r"model\.lgb", cut(TREES, 0.5)),
    model("turned bits in its trees", r"model\.lgb", flipped(TREES, 0.5)),
    model("one digit of a leaf changed", r"model\.lgb", changed(TREES, lambda c: c.replace(b"leaf_value=0.", b"leaf_value=9.", 1).replace(b"leaf_value=-0.", b"leaf_value=-9.", 1))),
    model("a folder in place of its trees", r"model\.lgb", folder(TREES)),
    model("trees that are a link", r"its files are gone from run|model\.lgb is no plain file", link(TREES, "/etc/hostname")),
    model("a file too many", r"t\.py is none of its files", put("t.py", "x")),
)

CARDS = (
    model("a card without digests", r"model\.json", card(lambda about: about.pop("sha256") and None)),
    model("a digest of another file", r"its files are of another model than the one registered", told(sha256={"other.lgb": "0"})),
    model("a digest that is a number", r"model", told(sha256={TREES: 5})),
    model("a card of another kind", r"model\.json|kind", told(kind="magic")),
    model("a card without features", r"model\.json|features", card(lambda about: about.pop("features") and None)),
    model("a card with a feature less", r"model", card(_lose_feature)),
    model("a card of another question", r"model", told(target="late_30")),
    model("a card of a question that is none", r"model", told(target="rich")),
    model("a card of another calibration", r"model", told(calibration={"kind": "magic"})),
    model("a card of levels in a word", r"model", told(levels="all")),
    model("a card of later", r"model", told(schema=99, format=99, version=99)),
    model("trees that are none, with their digest", r"model", put(TREES, "tree\nversion=v4\n"), card(lambda _: None, sealed=True)),
    model("an endless tree, with its digest", r"model", changed(TREES, lambda c: c.replace(b"num_leaves=", b"num_leaves=9999999", 1)), card(lambda _: None, sealed=True)),
    model("damaged, looked at by monitoring", r"model\.lgb", flipped(TREES, 0.5), run="monitor --config run.yaml"),
    model("damaged, asked for its scorecard", r"model\.lgb", flipped(TREES, 0.5), run="scorecard out.csv --config run.yaml"),
    model("damaged, promoted again", r"model\.lgb|challenger", flipped(TREES, 0.5), run="recalibrate --config run.yaml"),
)

RECORDS = (
    record("a version without its digest", r"of another model than the one registered \(it keeps no digest\)", "DELETE FROM model_version_tags WHERE key = 'duewatch.sha256'"),
    record("a version with another digest", r"of another model than the one registered", "UPDATE model_version_tags SET value = '0' WHERE key = 'duewatch.sha256'"),
    record("a version of a run that is gone", r"model|run", "UPDATE model_versions SET run_id = 'gone'"),
    record("an alias of nothing", r"model", "UPDATE registered_model_aliases SET version = 9", code=2),
    record("no table of models", r"the registry of models cannot be read", "DROP TABLE registered_model_aliases", code=2),
    record("artefacts elsewhere", r"model", "UPDATE runs SET artifact_uri = 'file:///nowhere'"),
    case("registry: a version that nobody signed", SCORE, 3, r"does not bear the signature of the key of models \(tracking\.key_env\)\. Train again", environment={"DUEWATCH_MODEL_KEY": "k" * 32}),
    case("registry: a key that can be guessed", SCORE, 2, r"tracking\.key_env: the key in DUEWATCH_MODEL_KEY has fewer than 32 characters", environment={"DUEWATCH_MODEL_KEY": "secret"}),
    record("artefacts at an address", r"model", "UPDATE runs SET artifact_uri = 'https://127.0.0.1:1/x'"),
)

CASES = (*FILES, *CARDS, *RECORDS)
