"""The page as a person uses it: search, filter, sort, page, card, print, keys, a phone, no net."""

import base64
import json
import re
from types import SimpleNamespace

import pytest

DESKTOP, PHONE = (1440, 1000), (390, 844)
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def page(browser, drawn):
    """The page, opened anew, and short ways to look at it."""
    _resize(browser, DESKTOP)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    browser.get(drawn.path.as_uri())
    _wait(browser, "return !document.getElementById('page').hidden")

    def one(selector):
        return browser.find_element("css selector", selector)

    def texts(selector):
        script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)"
        return browser.execute_script(script, selector)

    def choose(name, value):
        browser.execute_script(
            "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
            "e.dispatchEvent(new Event('change'))",
            name,
            value,
        )

    def shown():
        return texts("#rows tbody .id button")

    return SimpleNamespace(
        browser=browser, one=one, texts=texts, choose=choose, shown=shown, listed=drawn.listed
    )


def _resize(browser, size):
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 600},
    )


def _wait(browser, script, *given):
    from selenium.webdriver.support.ui import WebDriverWait  # noqa: PLC0415 - may be absent

    WebDriverWait(browser, 20, poll_frequency=0.05).until(
        lambda driver: driver.execute_script(script, *given)
    )


def _press(page, *keys):
    from selenium.webdriver.common.action_chains import ActionChains  # noqa: PLC0415 - likewise

    ActionChains(page.browser, duration=0).send_keys(*keys).perform()


def _focused(page):
    return page.browser.execute_script(
        "const e = document.activeElement; return e.id || e.textContent"
    )


def test_page_asks_nobody_and_says_nothing_in_the_console(page, drawn, bait):
    # What the browser asked for before it came to the page is its own.
    page.browser.get_log("performance")
    page.browser.get(drawn.path.as_uri())
    _wait(page.browser, "return !document.getElementById('page').hidden")
    page.one("#language").click()
    page.one("#rows .id button").click()
    told = [json.loads(one["message"])["message"] for one in page.browser.get_log("performance")]
    asked = {
        one["params"]["request"]["url"]
        for one in told
        if one["method"] == "Network.requestWillBeSent"
    }
    assert {url for url in asked if not url.startswith(("file:", "data:"))} == set()
    fetched = page.browser.execute_script(
        "return performance.getEntriesByType('resource').map((one) => one.name)"
    )
    assert [name for name in fetched if not name.startswith("data:")] == []
    assert bait.asked == []
    assert page.browser.get_log("browser") == []


def test_policy_stops_even_a_picture_that_gets_into_the_page(page, bait):
    page.browser.execute_script(
        "const e = document.createElement('img'); e.src = arguments[0]; document.body.append(e)",
        bait.address,
    )
    _wait(page.browser, "return document.querySelector('body > img').complete")
    assert bait.asked == []
    assert "Content Security Policy" in str(page.browser.get_log("browser"))


def test_markup_in_names_and_reasons_stays_text(page):
    names = page.texts("#rows .id small")
    assert names == page.listed["name"].head(50).tolist()
    page.one("#rows .id button").click()
    assert page.one("#card-title").text.endswith(page.listed["name"].iloc[0])
    counts = page.browser.execute_script(
        "return [document.querySelectorAll('svg, iframe, object').length,"
        " [...document.querySelectorAll('img')].filter((e) => !e.src.startsWith('data:')).length]"
    )
    assert counts == [0, 0]


def test_search_finds_by_number_name_and_grid(page):
    wanted = page.listed["customer_id"].iloc[77]
    page.one("#search").send_keys(wanted)
    assert page.shown() == [wanted]
    page.one("#reset").click()
    page.one("#search").send_keys("张*伟")
    assert len(page.shown()) == (page.listed["name"] == "张*伟").sum()
    page.one("#search").send_keys("nobody")
    assert page.shown() == []
    assert page.one("#found").text == "没有符合条件的电费。"


def test_filters_narrow_the_list_together(page):
    listed = page.listed
    page.choose("size", "200")
    page.choose("filter-band", "message")
    page.choose("filter-segment", "industrial")
    kept = listed[(listed["band"] == "message") & (listed["segment"] == "industrial")]
    assert page.shown() == kept["customer_id"].tolist()
    page.choose("filter-planned", "none")
    assert set(page.shown()) <= set(kept["customer_id"])
    assert page.one("#found").text == f"共 {len(page.shown())} 条"


@pytest.mark.parametrize("column", ["expected_late_cny", "dpd", "customer_id"])
def test_head_sorts_one_way_and_then_the_other(column, page):
    page.choose("size", "200")
    head = f'#rows th[data-column="{column}"]'
    told = page.listed[column].round(2) if column.endswith("_cny") else page.listed[column]
    values = dict(zip(page.listed["customer_id"], told, strict=True))
    page.one(f"{head} button").click()
    up = [values[one] for one in page.shown()]
    assert up == sorted(up)
    assert page.one(head).get_attribute("aria-sort") == "ascending"
    page.one(f"{head} button").click()
    assert [values[one] for one in page.shown()] == up[::-1]
    assert page.one(head).get_attribute("aria-sort") == "descending"


def test_pages_turn_from_the_first_to_the_last(page):
    ids = page.listed["customer_id"].tolist()
    assert page.shown() == ids[:50]
    assert not page.one("#previous").is_enabled()
    page.one("#next").click()
    page.one("#next").click()
    assert page.shown() == ids[100:]
    assert not page.one("#next").is_enabled()
    page.choose("size", "20")
    assert page.shown() == ids[:20]
    assert page.one("#where").text == "第 1 / 6 页"


def test_card_tells_reasons_bills_behind_them_and_what_happened(page, drawn):
    row = page.listed.iloc[1]
    page.texts("#rows tbody .id button")
    page.browser.find_elements("css selector", "#rows .id button")[1].click()
    assert row["customer_id"] in page.one("#card-title").text
    assert len(page.texts("#why > li")) == len(row["reasons_zh"])
    newest = drawn.extras.happened.bills
    newest = newest[newest["customer_id"] == row["customer_id"]].head(2)
    behind = page.texts("#why .behind")[0]
    assert all(f"{cycle // 100}-{cycle % 100:02d}" in behind for cycle in newest["cycle"])
    happened = drawn.extras.happened
    bills, contacts = (
        one[one["customer_id"] == row["customer_id"]] for one in (happened.bills, happened.contacts)
    )
    assert len(page.texts("#timeline .bill")) == len(bills)
    assert len(page.texts("#timeline .contact")) == len(contacts)
    days = page.texts("#timeline tbody th")
    assert days == sorted(days, reverse=True)
    ends = page.texts("#waterfall tbody tr:last-child td")[-1]
    assert ends == f"{round(100 * row['p_late'])}%"
    assert page.one("#why_not").text == "未到平时交费时间"


def test_whole_page_speaks_one_language_at_a_time(page):
    spoken = "h1, h2, h3, th[scope=col], dt, caption, .tools label > span, .pager, option, .note"
    zh = [text for text in page.texts("h1, h2, h3, dt, caption") if text]
    assert all(CHINESE.search(text) for text in zh)
    page.one("#language").click()
    page.one("#rows .id button").click()
    assert page.one("html").get_attribute("lang") == "en"
    told = [text for text in page.texts(spoken) if "张" not in text]
    assert [text for text in told if CHINESE.search(text)] == []
    assert [text for text in page.texts("body *") if text in {"undefined", "null", "NaN"}] == []


def test_phone_scrolls_down_and_never_sideways(page):
    _resize(page.browser, PHONE)
    wide = "return [document.documentElement.scrollWidth, innerWidth]"
    for _ in range(2):
        across, width = page.browser.execute_script(wide)
        assert across <= width == PHONE[0]
        page.browser.execute_script("document.querySelector('#rows .id button').click()")
        card = page.browser.execute_script(
            "const e = document.getElementById('card'); return [e.scrollWidth, e.clientWidth]"
        )
        assert card[0] <= card[1] <= PHONE[0]
        page.one("#close").click()
        page.one("#language").click()
    button = page.one("#rows .id button")
    assert button.size["height"] >= 24  # WCAG 2.2, 2.5.8


def test_print_has_the_filtered_list_and_none_of_the_tools(page):
    page.choose("filter-band", "call")
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    page.browser.execute_script("window.dispatchEvent(new Event('beforeprint'))")
    called = page.listed["band"] == "call"
    assert page.shown() == page.listed.loc[called, "customer_id"].tolist()
    assert not page.one(".tools").is_displayed()
    assert page.one("#printed").is_displayed()
    page.browser.execute_script("window.dispatchEvent(new Event('afterprint'))")
    pdf = base64.b64decode(page.browser.print_page())
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 2


def test_open_card_is_printed_alone(page):
    page.one("#rows .id button").click()
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    seen = page.browser.execute_script(
        "return ['card-title', 'timeline', 'rows', 'close']"
        ".filter((id) => document.getElementById(id).checkVisibility())"
    )
    assert seen == ["card-title", "timeline"]


def test_keys_alone_reach_the_list_search_it_and_open_a_card(page):
    from selenium.webdriver.common.keys import Keys  # noqa: PLC0415 - may be absent

    _press(page, Keys.TAB, Keys.ENTER)
    assert _focused(page) == "list-title"
    _press(page, Keys.TAB)
    assert _focused(page) == "search"
    wanted = page.listed["customer_id"].iloc[3]
    _press(page, wanted)
    for _ in range(60):
        _press(page, Keys.TAB)
        if _focused(page) == wanted:
            break
    _press(page, Keys.ENTER)
    assert page.browser.execute_script(
        "return document.getElementById('card').contains(document.activeElement)"
    )
    _press(page, Keys.ESCAPE)
    assert not page.one("#card").is_displayed()
    assert _focused(page) == wanted


def test_damaged_page_says_so_in_both_languages(page, drawn, tmp_path):
    text = drawn.path.read_text(encoding="utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(re.sub(r'(id="data">.{500})[^<]*', r"\1", text), encoding="utf-8")
    page.browser.get(broken.as_uri())
    _wait(page.browser, "return document.getElementById('trouble').textContent.includes('不完整')")
    assert "incomplete" in page.one("#trouble").text
    page.browser.get_log("browser")


NAMELESS = """
const name = (e) => e.getAttribute("aria-label") || e.textContent.trim()
  || [...(e.labels || [])].map((l) => l.textContent.trim()).join("");
return [...document.querySelectorAll("button, select, input, a, [role=region], nav, dialog[open]")]
  .filter((e) => !name(e) && !e.getAttribute("aria-labelledby")).map((e) => e.outerHTML)"""

CONTRAST = """
const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
const over = ([r, g, b, a = 1], under) => [r, g, b].map((v, n) => v * a + under[n] * (1 - a));
const ground = (e) => {
  const found = [];
  for (let at = e; at; at = at.parentElement) {
    const colour = rgb(getComputedStyle(at).backgroundColor);
    if (colour.length === 3 || colour[3] > 0) found.push(colour);
    if (colour.length === 3) break;
  }
  return found.reverse().reduce((under, colour) => over(colour, under), [255, 255, 255]);
};
const light = (colour) => {
  const linear = (v) => (v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  const [r, g, b] = colour.map((v) => linear(v / 255));
  return .2126 * r + .7152 * g + .0722 * b;
};
const poor = new Map();
for (const e of document.querySelectorAll("body *")) {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || !e.checkVisibility() || e.disabled || e.tagName === "SCRIPT") continue;
  const style = getComputedStyle(e), under = ground(e);
  const [a, b] = [light(over(rgb(style.color), under)), light(under)];
  const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
  const size = parseFloat(style.fontSize);
  const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
  if (ratio < (large ? 3 : 4.5)) poor.set(`${e.tagName}.${e.className}`, ratio);
}
return [...poor]"""

STRUCTURE = """
const heads = [...document.querySelectorAll("main h2, main h3, h1")];
const levels = heads.map((e) => Number(e.tagName[1]));
const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
return {
  h1: document.querySelectorAll("h1").length,
  jumps: levels.filter((level, n) => n && level > levels[n - 1] + 1).length,
  unscoped: [...document.querySelectorAll("th")].filter((e) => !e.scope).length,
  unnamed: [...document.querySelectorAll("table")]
    .filter((e) => !e.caption && !e.getAttribute("aria-labelledby")).length,
  silent: [...document.querySelectorAll("img")].filter((e) => !e.alt).length,
  twice: ids.filter((id, n) => ids.indexOf(id) !== n),
}"""


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_page_and_card_meet_what_screen_readers_need(size, page):
    _resize(page.browser, size)
    page.browser.execute_script("document.querySelector('#rows .id button').click()")
    for _ in range(2):
        assert page.browser.execute_script(NAMELESS) == []
        assert page.browser.execute_script(CONTRAST) == []
        assert page.browser.execute_script(STRUCTURE) == {
            "h1": 1,
            "jumps": 0,
            "unscoped": 0,
            "unnamed": 0,
            "silent": 0,
            "twice": [],
        }
        page.browser.execute_script("document.getElementById('card').close()")
        page.one("#language").click()
        page.browser.execute_script("document.querySelector('#rows .id button').click()")
