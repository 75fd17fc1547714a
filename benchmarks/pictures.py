"""The README's pictures and its excerpt of a list, made from the run of the demo.

``make pictures`` runs the demo and then this. The browser is the tests' own (Chromium by Selenium);
the pictures are kept small, for they live in the repository.
"""

import argparse
import io
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from contract.errors import MachineError
from pipeline.config import Config, load_config
from pipeline.forecasting import forecast, write_forecast
from pipeline.page_extras import Around
from pipeline.paging import write_page
from pipeline.planning import plan_of
from pipeline.plotting import write_plots
from pipeline.preparing import prepare
from pipeline.runs import current_run, previous_run, read_manifest
from pipeline.showing import read_list
from reports.plots import Language
from reports.wording import Wording, read_wording

# Rows of the list and pixels; what a README can show without hiding what follows.
ROWS, WIDTH = 2, 1200
DESKTOP, CARD = (1440, 1010), (1000, 900)
LANGUAGES: tuple[Language, ...] = ("zh", "en")
_COLOURS = 48
_COLUMNS = {"rank": 4, "customer_id": 13, "p_late": 12, "open_cny": 12, "strip": 14}
_FIGURES = frozenset({"p_late", "open_cny"})


def excerpt(listed: pd.DataFrame, wording: Wording, *, rows: int = ROWS) -> str:
    """Return the first rows of a list as text in both languages, columns in line.

    Args:
        listed: The list, as `pipeline.showing.read_list` gives it.
        wording: Of the list.
        rows: How many.
    """
    heads = [wording.columns[name] for name in _COLUMNS]
    lines = [
        _line([head.zh for head in heads], wording.phrases["reason"].zh),
        _line([head.en for head in heads], wording.phrases["reason"].en),
    ]
    for row in listed.head(rows).to_dict("records"):
        cells = [
            str(row["rank"]),
            str(row["customer_id"]),
            f"{row['p_late']:.0%}",
            f"{row['open_cny']:,.2f}",
            str(row["strip"]),
        ]
        reasons = [row[f"reasons_{language}"][:1] for language in LANGUAGES]
        lines.append(_line(cells, "".join(reasons[0])))
        lines.append(_line([""] * len(cells), "".join(reasons[1])))
    return "\n".join(lines) + "\n"


def make_pictures(run: Path, folder: Path, config: Config) -> list[Path]:
    """Write the excerpt, the page and a card as seen in a browser, and what the list catches.

    Args:
        run: Folder of the demo's run.
        folder: Where to write.
        config: The settings of the demo, with its data.

    Raises:
        MachineError: There is no Chromium with its driver, or no Selenium.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "list.txt").write_text(excerpt(read_list(run / "list.csv"), read_wording()), "utf-8")
    made = [folder / "list.txt"]
    with tempfile.TemporaryDirectory(prefix="duewatch-pictures-") as name:
        beside, previous = Path(name), previous_run(run)
        plan = plan_of(run, read_manifest(run).run)
        around = Around(plan=plan, previous=previous, config=config)
        write_page(run, beside / "page.html", around)
        taken = _photograph(beside / "page.html", beside)
        for language in LANGUAGES:
            drawn, _ = write_plots(run, beside / language, previous, config.tracking, language)
            caught = next(path for path in drawn if path.stem.endswith("caught"))
            taken[_named("caught", language)] = caught.read_bytes()
    for title, picture in sorted(taken.items()):
        (folder / title).write_bytes(_small(picture))
        made.append(folder / title)
    return made


def _named(what: str, language: str) -> str:
    return f"{what}.zh.png" if language == "zh" else f"{what}.png"


def _photograph(page: Path, beside: Path) -> dict[str, bytes]:
    """Return the page and its first card, in each language, by file name."""
    taken = {}
    with _browser(beside) as browser:
        for language in LANGUAGES:
            _open(browser, page, DESKTOP)
            if language == "en":
                browser.find_element("id", "language").click()
            taken[_named("page", language)] = browser.get_screenshot_as_png()
            _resize(browser, CARD)
            browser.find_element("css selector", "#rows tbody .id button").click()
            taken[_named("card", language)] = browser.find_element("id", "card").screenshot_as_png
    return taken


@contextmanager
def _browser(beside: Path) -> Iterator[Any]:
    try:
        from selenium import webdriver  # noqa: PLC0415 - of duewatch[dev], which tests bring
    except ImportError as error:
        raise MachineError("Pictures need Selenium: install duewatch[dev].") from error
    program = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        raise MachineError("Pictures need chromium and chromedriver; install both.")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    options.add_argument(f"--user-data-dir={beside / 'profile'}")
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield started
    finally:
        started.quit()


def _open(browser: Any, page: Path, size: tuple[int, int]) -> None:
    from selenium.webdriver.support.ui import WebDriverWait  # noqa: PLC0415 - as above

    _resize(browser, size)
    browser.get(page.as_uri())
    shown = "return !document.getElementById('page').hidden"
    WebDriverWait(browser, 30).until(lambda driver: driver.execute_script(shown))


def _resize(browser: Any, size: tuple[int, int]) -> None:
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def _small(picture: bytes) -> bytes:
    """Return a picture of at most WIDTH pixels and few colours, which letters and bars can bear."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.thumbnail((WIDTH, WIDTH), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    few = image.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(out, format="PNG", optimize=True)
    return out.getvalue()


def _line(cells: list[str], last: str) -> str:
    told = [
        _padded(cell, width, right=name in _FIGURES)
        for cell, (name, width) in zip(cells, _COLUMNS.items(), strict=True)
    ]
    return "  ".join([*told, last]).rstrip()


def _padded(text: str, width: int, *, right: bool) -> str:
    """Return a text with blanks to a width, where a Chinese letter takes two."""
    wide = sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text)
    blanks = " " * (width - wide)
    return blanks + text if right else text + blanks


def _forecast(run: Path, config: Config) -> None:
    """Forecast the month beside the run, for the page to show, unless that was done before."""
    as_of = read_manifest(run).as_of
    place = run.with_name(f"forecast-{as_of}")
    if not place.exists():
        write_forecast(forecast(config, prepare(config)), place)


def main() -> None:
    """Make the pictures of the newest published run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--config", type=Path, help="of the demo's run")
    parser.add_argument("--data", type=Path, help="the demo's dataset")
    given = parser.parse_args()
    config = load_config(given.config)
    made = config.simulation
    demo = config.data.with_name(f"{config.data.name}-{made.customers}x{made.cycles}-{made.seed}")
    config = config.model_copy(update={"data": given.data or demo})
    run = current_run(config.outputs)
    if run is None:
        parser.error(f"{config.outputs} has no published run; run duewatch demo first")
    _forecast(run, config)
    for path in make_pictures(run, given.folder, config):
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
