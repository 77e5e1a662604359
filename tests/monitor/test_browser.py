"""The monitor's page in headless Chromium: a training run appears and moves.

Needs Chromium and its driver (`apt-get install chromium chromium-driver`); `.ci/run` installs them.
"""

import shutil

import numpy as np
import pytest

from hornbeam.callbacks import LambdaCallback, RemoteMonitor
from hornbeam.layers import Dense
from hornbeam.models import Sequential
from tests.monitor.support import started

BROWSER = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
DRIVER = shutil.which("chromedriver")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--no-proxy-server", "--disable-dev-shm-usage", "--window-size=1300,900")
NAME = "<img src=x onerror=document.title='broken'> & \"wide\""

pytestmark = pytest.mark.skipif(
    not (BROWSER and DRIVER),
    reason="Chromium or its driver is not installed: apt-get install chromium chromium-driver",
)


@pytest.fixture
def browser(tmp_path, monkeypatch):
    from selenium import webdriver

    for name in ("no_proxy", "NO_PROXY"):      # the driver is on this machine
        monkeypatch.setenv(name, "localhost,127.0.0.1")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


class Page:
    """What a person does with the page, and sees."""

    def __init__(self, browser):
        self.browser = browser

    def wait(self, script, expected):
        """Waits until the page's `script` gives what is expected."""
        from selenium.common import TimeoutException
        from selenium.webdriver.support.ui import WebDriverWait

        found = []
        try:
            WebDriverWait(self.browser, 20, 0.05).until(
                lambda browser: found.append(self.ask(script)) or found[-1] == expected)
        except TimeoutException:
            assert found[-1] == expected

    def ask(self, script):
        return self.browser.execute_script(f"return {script}")

    def row(self, run):
        return f"[...document.querySelectorAll('[data-run=\"{run}\"] > *')].map(e => e.innerText)"

    def picture(self, metric):
        return self.ask(f"document.querySelector('[data-metric={metric}] canvas').toDataURL()")

    def description(self, metric):
        return self.ask(
            f"document.querySelector('[data-metric={metric}] [role=img]').ariaLabel")


def test_a_training_run_appears_and_moves(browser, tmp_path):
    with started(tmp_path / "runs.sqlite") as root:
        browser.get(root)
        page = Page(browser)
        help_ = "document.getElementById('empty').innerText"
        page.wait(f"{help_}.includes('RemoteMonitor(root=')", True)
        pictures = []

        def look(epoch, logs):
            # The page has asked the server again, and shows this epoch in table and charts.
            page.wait(f"{page.row(1)}[3]", str(epoch))
            pictures.append(page.picture("loss"))
            words = page.description("loss")
            assert f"loss: {logs['loss']:.5g}"[:11] in words, (logs, words)
            assert words.count(f"at epoch {epoch}") == 2      # training and validation

        model = Sequential([Dense(1, input_shape=(4,))])
        model.compile("sgd", "mse", metrics=["mae"])
        x, y = np.random.rand(64, 4), np.random.rand(64, 1)
        monitor = RemoteMonitor(root, path="/publish/epoch/end/?run=" + quoted(NAME))
        model.fit(x, y, epochs=3, verbose=0, validation_split=0.25,
                  callbacks=[monitor, LambdaCallback(on_epoch_end=look)])

        assert len(set(pictures)) == 3      # it moves
        assert page.ask(page.row(1))[1] == NAME      # text, not a picture that fails to load
        assert page.ask("document.querySelectorAll('main img').length") == 0
        assert page.ask("document.title") == "hornbeam monitor"
        titles = "[...document.querySelectorAll('figure h2')].map(e => e.innerText)"
        assert page.ask(titles) == ["loss", "mae"]

        # A second run, in which something goes wrong, and of which the first one's colour differs.
        second = RemoteMonitor(root)
        second.on_epoch_end(0, {"loss": 3.0})
        second.on_epoch_end(1, {"loss": float("nan")})
        page.wait(f"{page.row(2)}[3]", "1")
        assert page.ask(f"{page.row(2)}[4]") == "NaN"
        caption = "document.querySelector('[data-metric=loss] figcaption').innerText"
        assert page.ask(caption) == "Run 2 loss is NaN at epoch 1."
        colours = page.ask("[...document.querySelectorAll('.key')].map(e => e.style.borderColor)")
        assert len(set(colours)) == 2

        before = page.picture("loss")
        browser.find_element("id", "logarithmic").click()
        assert page.picture("loss") != before
        browser.find_element("css selector", "[data-focus=show-1]").click()
        page.wait(titles, ["loss"])      # only the first run has `mae`

        for run, rest in ((1, 1), (2, 0)):
            browser.find_element("css selector", f"[data-focus=delete-{run}]").click()
            browser.switch_to.alert.accept()
            page.wait("document.querySelectorAll('[data-run]').length", rest)
        page.wait("document.getElementById('empty').hidden", False)
        assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    page.wait("document.getElementById('status').innerText.includes('still running?')", True)


def quoted(text):
    from urllib.parse import quote

    return quote(text)
