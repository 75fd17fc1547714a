"""The verb that hands a plan out."""

from pathlib import Path
from typing import Annotated, Any

import typer

from contract.errors import ConfigError
from pipeline.commands.options import ConfigFile, Data, Json, refuse_existing, settings_of, tell

Out = Annotated[Path, typer.Option(help="New folder to write to.")]
LanguageName = Annotated[
    str, typer.Option("--language", help="zh, en or both; heads are always in both.")
]
Mask = Annotated[bool, typer.Option("--mask", help="Hide the middle of names and phones.")]
NoNames = Annotated[
    bool, typer.Option("--no-identities", help="Leave out names, phones and addresses.")
]


def language_of(name: str) -> Any:
    """Return the language of that name.

    Raises:
        ConfigError: There is no such language.
    """
    if name not in {"zh", "en", "both"}:
        raise ConfigError(f"--language: {name} is none of zh, en and both.")
    return name


def handouts(
    plan: Annotated[Path, typer.Argument(help="Folder of a plan.")],
    out: Out,
    config: ConfigFile = None,
    data: Data = None,
    language: LanguageName = "zh",
    mask: Mask = False,
    no_identities: NoNames = False,
    screened: Annotated[
        list[Path] | None,
        typer.Option(help="Screening sheet that came back; the message file is made of it."),
    ] = None,
    refreshed: Annotated[
        Path | None, typer.Option(help="File that duewatch plan refresh wrote, to hand out.")
    ] = None,
    grid: Annotated[list[str] | None, typer.Option(help="Only this grid, as of a pilot.")] = None,
    as_json: Json = False,
) -> None:
    """Write the lists of a plan, a file for each recipient.

    Screening sheets and message files, phone and visit lists, notices to prepare, account
    managers' and agents' overviews, tasks and advice. Messages of the first round wait until
    their screening sheet comes back.
    """
    from pipeline.handing_out import Asked, hand_out

    refuse_existing(out)
    asked = Asked(
        language=language_of(language),
        identities=not no_identities,
        mask=mask,
        screened=tuple(screened or ()),
        grids=tuple(grid or ()),
        refreshed=refreshed,
    )
    made = hand_out(settings_of(config, data=data), plan, out, asked)
    tell(made.text(), as_json, made.as_dict())
