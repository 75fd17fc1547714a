"""The verb that writes the generated pages."""

import typer


def docs() -> None:
    """Write the generated pages of docs/."""
    from pipeline.docs import write_docs

    for page in write_docs():
        typer.echo(f"Wrote {page}.")
