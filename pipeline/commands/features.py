"""Verbs of the features: build, describe, prove."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from contract.errors import DataError
from pipeline.commands.options import AsOf, ConfigFile, Data, Json, as_day, settings_of, tell
from pipeline.progress import step


def features(
    out: Annotated[Path, typer.Argument(help="Parquet file to write the matrix to.")],
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Build the feature matrix of one day.

    One row a bill open then, one column a feature (docs/features.md).
    """
    from features import build
    from pipeline.preparing import prepare
    from pipeline.storage import write_parquet

    prepared = prepare(settings_of(config, data=data, as_of=as_day(as_of)))
    with step("Build features") as report:
        matrix = build(prepared.store, prepared.as_of, features=prepared.features, progress=report)
    write_parquet(out, matrix)
    tell(
        f"Wrote {out}: {len(matrix):,} open bills, {matrix.shape[1]} columns, as of"
        f" {prepared.as_of}.",
        as_json,
        {"output": str(out), "rows": len(matrix), "columns": matrix.shape[1]},
    )


def dictionary(
    out: Annotated[Path, typer.Argument(help="HTML file to write.")],
    config: ConfigFile = None,
    data: Data = None,
    as_of: AsOf = None,
) -> None:
    """Write a searchable page of every feature.

    Formula, window and direction, the share missing and how the values lie in these data, and
    the champion's gain, where there is a champion.
    """
    from pipeline.dictionary import write_dictionary
    from pipeline.storage import write_bytes

    page = write_dictionary(settings_of(config, data=data, as_of=as_day(as_of)))
    write_bytes(out, page.encode())
    typer.echo(f"Wrote {out}.")


def prove(
    data: Annotated[Path, typer.Argument(help="Dataset folder.")],
    config: ConfigFile = None,
    as_of: AsOf = None,
    one_in: Annotated[int, typer.Option(min=1, help="Try one customer in so many.")] = 1,
    as_json: Json = False,
) -> None:
    """Prove that no feature sees the future.

    Rebuilds the features from copies whose later facts are gone, changed or postponed; the
    user's own features are tried, too, and any guilty one is named.
    """
    from pipeline.proving import prove_features

    proof = prove_features(settings_of(config, data=data, as_of=as_day(as_of)), one_in=one_in)
    typer.echo(proof.report())
    if not proof.holds:
        raise DataError("features that see the future are named above; mend or remove them.")
    tell("No feature sees the future.", as_json, asdict(proof))
