"""What the site cannot say in its YAML: every decision is in the menu, by its own title."""

from pathlib import Path


def on_config(config):
    """Add docs/decisions to the menu; a decision that is new is there without being listed."""
    docs = Path(config["docs_dir"])
    decisions = sorted(path.relative_to(docs).as_posix() for path in docs.glob("decisions/*.md"))
    config["nav"].append({"Decisions": decisions})
    return config
