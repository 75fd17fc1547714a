"""One headless browser, a drawn page in it, and a server that must never be asked."""

import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from drawn_page import make_extras, make_hostile, make_page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",  # a container runs tests as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--window-size=1440,1000",
)
ROWS = 120


@pytest.fixture(scope="session")
def bait():
    """A server on this machine that counts who asks; its address is planted in names."""
    asked = []

    class Counting(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield SimpleNamespace(address=f"http://127.0.0.1:{server.server_port}/x.png", asked=asked)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def drawn(bait, tmp_path_factory):
    """A page of a drawn list on disk, with the list and what is told around it."""
    listed = make_hostile(ROWS, planted=bait.address)
    extras = make_extras(listed)
    path = tmp_path_factory.mktemp("browser") / "report.html"
    path.write_text(make_page(listed, extras), encoding="utf-8")
    return SimpleNamespace(path=path, listed=listed, extras=extras)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A browser for all tests; skipped where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium, of duewatch[dev]")
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("needs chromium and chromedriver, which are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in (*ARGUMENTS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield started
    started.quit()
