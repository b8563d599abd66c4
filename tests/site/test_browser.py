"""The built site in a real browser: search, version switch, phone, dark mode, and no request to anywhere else."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

PAGES = [
    "/",
    "/versions/",
    "/v16/BootNotification/",
    "/v201/errors/",
    "/v201/types/",
    "/v21/",
    "/v21/TransactionEvent/",
    "/v21/SetChargingProfile/",
    "/v21/NotifyPeriodicEventStream/",
    "/v21/enums/MeasurandEnumType/",
    "/v21/types/ChargingSchedulePeriodType/",
    "/api/core-engine/",
    "/api/csms/",
    "/guides/csms/",
    "/migrating-from-ocpp/",
    "/design/engine/",
]

PHONE = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}

CONTRAST = """
const channel = (value) => { value /= 255; return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4 };
const read = (colour) => colour.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const over = (top, below) => { const a = top[3] ?? 1; return below.map((each, i) => top[i] * a + each * (1 - a)) };
const ground = (element) => {
  const layers = [];
  for (let each = element; each; each = each.parentElement) layers.push(read(getComputedStyle(each).backgroundColor));
  return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
};
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const plain = (colour) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255];
};
const found = {};
for (const element of document.querySelectorAll(".md-content *, .md-header *, .md-tabs *, .md-sidebar *")) {
  const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!own || !element.checkVisibility({opacityProperty: true}) || element.closest("svg, .md-clipboard, .headerlink")) continue;
  const below = ground(element), colour = plain(getComputedStyle(element).color);
  for (let each = element; each; each = each.parentElement) colour[3] *= getComputedStyle(each).opacity;
  const text = over(colour, below);
  const [high, low] = [light(below), light(text)].sort((a, b) => b - a);
  const ratio = (high + 0.05) / (low + 0.05);
  const name = element.tagName + "." + element.className;
  if (!(found[name] <= ratio)) found[name] = ratio;
}
return found;
"""
"""The least contrast of text to its ground, by kind of element."""


@pytest.fixture(autouse=True)
def clean(browser: Chrome, address: str) -> Iterator[None]:
    """Starts each test as a new visitor at a desk, in daylight."""
    # A page without scripts: nothing can remember anything after this.
    browser.get(f"{address}/assets/site.css")
    browser.execute_script("localStorage.clear()")
    for name in ("browser", "performance"):
        log(browser, name)
    yield
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    prefer(browser, "light")


def prefer(browser: Chrome, scheme: str) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


def log(browser: Chrome, name: str) -> list[dict[str, Any]]:
    """Returns what a log has got since the last look."""
    entries: list[dict[str, Any]] = browser.get_log(name)  # type: ignore[no-untyped-call]
    return entries


def path_of(browser: Chrome) -> str:
    return urlsplit(browser.current_url).path


def requested(browser: Chrome) -> list[str]:
    """Returns the URLs that were asked for since the last look."""
    messages = [json.loads(entry["message"])["message"] for entry in log(browser, "performance")]
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]


def first_result(browser: Chrome) -> str:
    """Returns where the first result of the search leads to."""
    script = "return document.querySelector('a.md-search-result__link')?.href ?? ''"
    return str(browser.execute_script(script))


@pytest.mark.parametrize(
    ("wanted", "page"),
    [
        ("SetChargingProfile", "SetChargingProfile"),
        ("setchargingprofile", "SetChargingProfile"),
        ("NotifyEvent", "NotifyEvent"),
        ("measurand", "MeasurandEnumType"),
        ("ReservationUpdateStatusEnumType", "ReservationUpdateStatusEnumType"),
        ("Energy.Active.Import.Register", "MeasurandEnumType"),
        ("who sends NotifyEvent and when", "NotifyEvent"),
        ("longest idToken", "versions"),
        ("answer BootNotification", "BootNotification"),
        ("unknown measurand", "MeasurandEnumType"),
        ("regenerate after an erratum", "errata-day"),
    ],
)
def test_search_finds(wanted: str, page: str, browser: Chrome, address: str) -> None:
    browser.get(f"{address}/")
    field = browser.find_element(By.CSS_SELECTOR, "input.md-search__input")
    field.send_keys(wanted)
    # Results come while one types, so the first may be of half a word.
    WebDriverWait(browser, 10).until(lambda _: f"/{page}/" in first_result(browser))


def test_search_leads_there(browser: Chrome, address: str) -> None:
    browser.get(f"{address}/")
    field = browser.find_element(By.CSS_SELECTOR, "input.md-search__input")
    field.send_keys("SetChargingProfile")
    WebDriverWait(browser, 10).until(lambda _: "/SetChargingProfile/" in first_result(browser))
    field.send_keys(Keys.ENTER)
    WebDriverWait(browser, 10).until(lambda _: "/SetChargingProfile/" in path_of(browser))


def test_the_version_switch_is_one_click(browser: Chrome, address: str) -> None:
    browser.get(f"{address}/v201/Reset/")
    for version, path in (
        ("2.1", "/v21/Reset/"),
        ("1.6", "/v16/Reset/"),
        ("2.0.1", "/v201/Reset/"),
    ):
        switch = browser.find_element(By.CLASS_NAME, "ocpp-versions")
        switch.find_element(By.LINK_TEXT, f"OCPP {version}").click()
        assert path_of(browser) == path
        assert f"OCPP {version}" in browser.find_element(By.TAG_NAME, "h1").text


def test_the_version_switch_knows_other_names(browser: Chrome, address: str) -> None:
    browser.get(f"{address}/v21/RequestStartTransaction/")
    browser.find_element(By.LINK_TEXT, "OCPP 1.6: RemoteStartTransaction").click()
    assert path_of(browser) == "/v16/RemoteStartTransaction/"
    browser.get(f"{address}/v16/enums/ResetType/")
    browser.find_element(By.LINK_TEXT, "OCPP 2.1: ResetEnumType").click()
    assert path_of(browser) == "/v21/enums/ResetEnumType/"


@pytest.mark.parametrize(
    ("question", "link", "answers"),
    [
        ("Who sends NotifyEvent", "NotifyEvent", ["the Charging Station", "when a monitor fires"]),
        (
            "How long may an idToken",
            "Limits, in all versions",
            [f"at most {n} c" for n in (20, 36, 255)],
        ),
        ("How do I answer a BootNotification", "2.0.1", ["@csms.on(v201.BootNotificationRequest)"]),
        ("an unknown measurand", "2.0.1", ["PropertyConstraintViolation", "inbound=LENIENT"]),
        ("How do I regenerate", "Errata day", ["ocppkit generate", "--errata limits.toml"]),
    ],
)
def test_a_newcomer_is_one_click_from_the_answer(
    question: str, link: str, answers: list[str], browser: Chrome, address: str
) -> None:
    browser.get(f"{address}/")
    row = browser.find_element(By.XPATH, f"//tr[td[contains(., '{question}')]]")
    row.find_element(By.LINK_TEXT, link).click()
    WebDriverWait(browser, 10).until(lambda _: path_of(browser) != "/")
    page = browser.find_element(By.CLASS_NAME, "md-content").text
    assert [answer for answer in answers if answer not in page] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_error_and_no_request_to_elsewhere(page: str, browser: Chrome, address: str) -> None:
    browser.get(f"{address}{page}")
    urls = [url for url in requested(browser) if not url.startswith(("data:", "about:", "chrome:"))]
    assert f"{address}{page}" in urls
    assert [url for url in urls if not url.startswith(f"{address}/")] == []
    assert log(browser, "browser") == []


@pytest.mark.parametrize("page", PAGES)
def test_a_phone_shows_it_all(page: str, browser: Chrome, address: str) -> None:
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    browser.get(f"{address}{page}")
    width = "return [document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]"
    content, body, window = browser.execute_script(width)
    assert window == PHONE["width"]
    assert max(content, body) <= window
    size = "return parseFloat(getComputedStyle(document.querySelector('.md-content p')).fontSize)"
    assert browser.execute_script(size) >= 14


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        ("/v21/SetChargingProfile/", "ocpp-fields"),
        ("/v21/enums/MeasurandEnumType/", "ocpp-words"),
        ("/v201/errors/", "ocpp-list"),
        ("/versions/", "ocpp-list"),
    ],
)
def test_rows_stack_on_a_phone(page: str, kind: str, browser: Chrome, address: str) -> None:
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    browser.get(f"{address}{page}")
    table = browser.find_element(By.CSS_SELECTOR, f".{kind} table")
    assert table.size["width"] <= PHONE["width"]
    assert table.find_element(By.TAG_NAME, "td").value_of_css_property("display") == "block"


@pytest.mark.parametrize("page", ["/guides/csms/", "/guides/testing/", "/v16/Reset/"])
def test_code_fits_on_a_desk(page: str, browser: Chrome, address: str) -> None:
    browser.get(f"{address}{page}")
    too_wide = """
        return [...document.querySelectorAll(".md-content pre > code")]
            .filter((code) => code.scrollWidth > code.clientWidth)
            .map((code) => code.textContent)
    """
    assert browser.execute_script(too_wide) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "page", ["/", "/v201/Reset/", "/v21/enums/MeasurandEnumType/", "/guides/csms/"]
)
def test_contrast(page: str, scheme: str, browser: Chrome, address: str) -> None:
    prefer(browser, scheme)
    browser.get(f"{address}{page}")
    body = browser.find_element(By.TAG_NAME, "body")
    expected = {"light": "default", "dark": "slate"}[scheme]
    assert body.get_attribute("data-md-color-scheme") == expected
    ratios = browser.execute_script(CONTRAST)
    assert len(ratios) > 10
    assert {name: ratio for name, ratio in ratios.items() if ratio < 4.5} == {}


def test_the_reader_may_choose_dark(browser: Chrome, address: str) -> None:
    browser.get(f"{address}/v201/Reset/")
    for mode in ("light", "dark"):
        browser.find_element(By.CSS_SELECTOR, f"label[title='Switch to {mode} mode']").click()
    body = browser.find_element(By.TAG_NAME, "body")
    assert body.get_attribute("data-md-color-scheme") == "slate"
    browser.get(f"{address}/v21/Reset/")
    body = browser.find_element(By.TAG_NAME, "body")
    assert body.get_attribute("data-md-color-scheme") == "slate"


def test_the_site_follows_the_system(browser: Chrome, address: str) -> None:
    for preferred, scheme in (("light", "default"), ("dark", "slate"), ("light", "default")):
        prefer(browser, preferred)
        browser.get(f"{address}/v201/Reset/")
        body = browser.find_element(By.TAG_NAME, "body")
        assert body.get_attribute("data-md-color-scheme") == scheme


def test_the_picture_is_to_be_seen(browser: Chrome, address: str) -> None:
    for version in ("v16", "v201", "v21"):
        browser.get(f"{address}/{version}/DataTransfer/")
        picture = browser.find_element(By.CSS_SELECTOR, ".ocpp-who svg")
        assert picture.size["height"] > 60
        assert "DataTransferRequest" in picture.text
