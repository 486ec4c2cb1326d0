"""Debian's (or another installed) Chromium, headless, as the dashboard's visitor."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
NAVIGATION = '[data-testid="stSidebarNavLink"]'
PAGE_MS = 30_000


def installed() -> str | None:
    """The browser's path, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def tab(path: str, url: str) -> Iterator[Page]:
    """A tab with the page at `url` open, until the body ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 1600, "height": 1000})
            page.set_default_timeout(PAGE_MS)
            page.goto(url)
            page.wait_for_selector(NAVIGATION)
            yield page
        finally:
            browser.close()


def pages(page: Page) -> list[str]:
    """Address of every page in the navigation."""
    links = page.locator(NAVIGATION)
    return [str(link.evaluate("link => link.href")) for link in links.all()]


def visit(page: Page, url: str) -> None:
    """Go there as a click does: within the session that is open, not by loading anew."""
    page.locator(f'{NAVIGATION}[href="{url}"], {NAVIGATION}[href="{url.rsplit("/", 1)[1]}"]').first.click()
    page.wait_for_timeout(1000)
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
