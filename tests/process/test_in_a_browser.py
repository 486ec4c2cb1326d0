"""The real server in a real browser: the overview moves by itself, in every tab, without a word in the console."""

import os
import re
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.process.conftest import Running, Start

TABS = 10
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PAGES = {
    "Endpoints": "Endpoints",
    "Cache": "Cache",
    "Database": "Database",
    "System": "System",
    "Jobs": "Jobs",
    "Probes": "Probes",
    "Sources": "Sources",
    "Subreddits": "Subreddits",
    "Instagram": "Instagram",
}


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium")
    if path is None:
        why = "no chromium: apt-get install chromium"
        if os.environ.get("SYSTEM_PACKAGES_REQUIRED"):
            pytest.fail(why)
        pytest.skip(why)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def server(start: Start) -> Running:
    running = start()
    running.until_healthy()
    return running


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console, the pages and requests to elsewhere had to complain of."""
    return []


@pytest.fixture
def context(browser: Browser, server: Running, complaints: list[str]) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1440, "height": 1000})

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        page.on(
            "console",
            lambda message: (
                complaints.append(f"{message.type}: {message.text}")
                if message.type in ("error", "warning")
                else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((server.url, "data:", "blob:"))
                else complaints.append(f"request to {request.url}")
            ),
        )

    context.on("page", watch)
    yield context
    context.close()


def frames(page: Page) -> int:
    return int(page.locator("[data-frames]").first.get_attribute("data-frames") or 0)


def until_more_frames(page: Page, than: int) -> None:
    """Fails when the page's frame counter does not pass `than` within 20 s."""
    page.wait_for_function(
        """than => {
            const roots = [document, ...[...document.querySelectorAll('*')].map(e => e.shadowRoot).filter(Boolean)]
            return roots.some(root => {
                const found = root.querySelector('[data-frames]')
                return found && Number(found.dataset.frames) > than
            })
        }""",
        arg=than,
        timeout=20_000,
    )


def test_the_overview_moves_by_itself_and_every_page_opens_without_a_complaint(
    context: BrowserContext, server: Running, complaints: list[str]
) -> None:
    page = context.new_page()
    page.goto(server.url)
    live = page.locator("[data-state]").first
    expect(live).to_have_attribute("data-state", "live", timeout=30_000)
    seen = frames(page)
    line = page.locator("path.js-line").first
    drawn = line.get_attribute("d", timeout=20_000)
    until_more_frames(page, seen + 3)
    assert line.get_attribute("d") != drawn, "the chart's line moved"
    expect(page.get_by_text("Sandbox data").first).to_be_visible()

    for link, title in PAGES.items():
        page.get_by_role("link", name=link).click()
        expect(page.get_by_role("heading", name=title, level=1)).to_be_visible(timeout=20_000)
        expect(page.get_by_text("Sandbox data").first).to_be_visible()
    page.get_by_role("link", name="Overview").click()
    expect(page.locator("[data-state=live]").first).to_be_visible(timeout=30_000)
    assert complaints == []


def test_ten_tabs_of_one_browser_all_move(
    context: BrowserContext, server: Running, complaints: list[str]
) -> None:
    tabs = [context.new_page() for _ in range(TABS)]
    for tab in tabs:
        tab.goto(server.url)
    for tab in tabs:
        tab.bring_to_front()
        expect(tab.locator("[data-state]").first).to_have_attribute("data-state", "live", timeout=60_000)
        until_more_frames(tab, frames(tab) + 1)
    assert complaints == []


def draw(
    page: Page, chart: Locator, since: float, until: float, meanwhile: Callable[[], None] = lambda: None
) -> None:
    """Draw a range on a chart, from one part of its width to another."""
    chart.scroll_into_view_if_needed()
    place = chart.bounding_box()
    assert place is not None
    middle = place["y"] + place["height"] / 2
    page.mouse.move(place["x"] + since * place["width"], middle)
    page.mouse.down()
    page.mouse.move(place["x"] + (since + until) / 2 * place["width"], middle, steps=4)
    meanwhile()
    page.mouse.move(place["x"] + until * place["width"], middle, steps=4)
    page.mouse.up()


def test_a_range_drawn_on_a_chart_is_that_of_all_pages_until_the_way_back(
    context: BrowserContext, server: Running, complaints: list[str]
) -> None:
    page = context.new_page()
    page.goto(server.url)
    memory = page.locator(".nsewdrag").nth(2)
    expect(memory).to_be_visible(timeout=30_000)
    until_more_frames(page, frames(page) + 3)
    draw(page, memory, 0.3, 0.9, meanwhile=lambda: until_more_frames(page, frames(page) + 1))
    expect(page.get_by_role("heading", name="System", level=1)).to_be_visible(timeout=20_000)
    expect(page).to_have_url(re.compile(r"/system\?from=.*&to="))

    page.get_by_role("link", name="Jobs").click()
    expect(page.get_by_role("heading", name="Jobs", level=1)).to_be_visible(timeout=20_000)
    expect(page).to_have_url(re.compile(r"/jobs\?from=.*&to="))
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page).to_have_url(re.compile(r"/jobs\?range=1h"))
    draw(page, page.locator(".nsewdrag").first, 0.5, 0.9)
    expect(page).to_have_url(re.compile(r"/jobs\?from=.*&to="), timeout=20_000)
    assert complaints == []


def test_a_slow_dot_opens_its_request(
    context: BrowserContext, server: Running, complaints: list[str]
) -> None:
    """Requests of a minute are stored once it is over; the page asks anew by itself."""
    page = context.new_page()
    page.goto(server.url)
    assert server.get("/api/subreddits?limit=5").status_code == 200
    page.get_by_role("link", name="Endpoints").click()
    hint = page.get_by_text("Click a dot or a row")  # other charts have dots before there are slow requests
    expect(hint).to_be_visible(timeout=120_000)
    hint.scroll_into_view_if_needed()
    dot = page.locator("g.trace.scatter path.point").last
    expect(dot).to_be_visible(timeout=20_000)
    place = dot.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    expect(page.locator("g.hovertext").first).to_be_visible()
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_text("Jobs that ran meanwhile:")).to_be_visible(timeout=20_000)
    assert complaints == []
