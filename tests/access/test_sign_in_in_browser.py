"""The sign-in in a real Chromium: with and without script, on a tablet and a phone, and out again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from opscentre.access import passwords
from opscentre.access.people import Person, Role
from opscentre.clock import wall_ms
from opscentre.profile import Profile
from opscentre.store import people, sessions
from opscentre.store.engine import open_store
from tests.access.house import PASSWORD
from tests.dashboard import desks
from tests.dashboard.conftest import Dashboard
from tests.parts.process import wait_until
from tests.parts.redis import Redis

pytestmark = pytest.mark.browser

SMALL = """() => [...document.querySelectorAll('a[href], button, input:not([type=hidden])')]
  .map(e => e.closest('label:has(input)') || e)
  .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
  .filter(([, box]) => box.height < 43.9).map(([what, box]) => [what, box.height])"""


@pytest.fixture(scope="module")
def served(_redis_server: Redis, tmp_path_factory: pytest.TempPathFactory, profile: Profile) -> Iterator[Dashboard]:
    """A dashboard that everybody has to sign in to, and somebody who may pair screens."""
    _redis_server.ensure()
    folder = tmp_path_factory.mktemp("door")
    url = f"sqlite:///{folder}/desk.db"
    engine = desks.fill(url, profile, 100)
    with engine.begin() as connection:
        leader = Person(login="leader", name="Lãnh Đạo", role=Role.operator)
        people.add(connection, leader, passwords.hashed(PASSWORD), wall_ms())
    engine.dispose()
    server = Dashboard(folder, _redis_server.url, url, OPSCENTRE_SIGN_IN="required")
    server.start()
    yield server
    server.kill()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_one_signs_in_sees_ones_account_and_signs_out(chromium: Any, served: Dashboard, script: bool) -> None:
    size = {"width": 1024, "height": 768} if script else {"width": 390, "height": 844}
    context = chromium.new_context(viewport=size, locale="vi-VN", java_script_enabled=script)
    page = context.new_page()
    page.goto(f"{served.url}/account")
    assert page.url == f"{served.url}/sign-in?next=%2Faccount"
    page.fill("#login", "leader")
    page.fill("#password", "wrong")
    page.click("main button")
    page.get_by_role("alert").wait_for()
    if script:
        assert Axe().run(page).violations_count == 0
        assert page.evaluate(SMALL) == []
        assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url(f"{served.url}/account")
    assert page.locator("h1").inner_text() == "Lãnh Đạo"
    if script:
        assert Axe().run(page).violations_count == 0
        for path in ("/screens", "/pair"):
            page.goto(served.url + path)
            assert Axe().run(page).violations_count == 0, path
            assert page.evaluate(SMALL) == [], path
        page.goto(f"{served.url}/account")
    page.click("header form button")
    page.wait_for_url(f"{served.url}/sign-in")
    page.goto(f"{served.url}/table")
    assert page.url.startswith(f"{served.url}/sign-in?next=")
    context.close()


KEPT = """async () => (await (await caches.open('opscentre-2')).keys())
  .filter(one => one.url.includes('/_kept/page')).length"""
#: Asks for a page as the desk does; what came, or that nothing did. A third input is none: the server fails of it.
ASK = """async ([path, fails]) => {
  const inputs = [{value: path}, {value: ''}, ...(fails ? [{value: ''}] : [])];
  const given = {method: 'POST', headers: {'content-type': 'application/json'},
                 body: JSON.stringify({output: 'page.children', inputs})};
  return fetch('/_dash-update-component', given).then(found => found.status, () => 'nothing');
}"""
KEEP = """async ([path, hours]) => (await caches.open('opscentre-2')).put(
  `/_kept/page?${encodeURIComponent(path)}`,
  new Response('{}', {headers: {'x-kept-at': String(Date.now() - hours * 3600e3)}}))"""


def test_what_a_browser_kept_of_pages_goes_with_the_session_and_after_half_a_day(
    chromium: Any, served: Dashboard
) -> None:
    context = chromium.new_context(viewport={"width": 1024, "height": 768}, locale="vi-VN")
    page = context.new_page()
    page.goto(f"{served.url}/sign-in?next=/list/overdue")
    page.fill("#login", "leader")
    page.fill("#password", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/list/overdue")
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.reload()
    wait_until(lambda: page.evaluate(KEPT) == 1, 30, "the page is kept for the time without a server")
    for hours, comes in ((11, 200), (13, "nothing")):
        page.evaluate(KEEP, [f"/of-{hours}-hours", hours])
        assert page.evaluate(ASK, [f"/of-{hours}-hours", True]) == comes
    engine = open_store(served._database)
    with engine.begin() as connection:
        assert sessions.revoke(connection, login="leader") > 0
    engine.dispose()
    assert page.evaluate(KEPT) == 2
    assert page.evaluate(ASK, ["/table", False]) == 401
    assert page.evaluate(KEPT) == 0
    context.close()
