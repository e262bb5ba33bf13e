"""How much of the scripts and style sheets that a page is sent is needed: bytes over the wire, bytes used."""

from __future__ import annotations

from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page


class Sent(NamedTuple):
    """One kind of file, summed."""

    files: int
    #: Over the wire (compressed where the server does so), as text, and of that text what was run or applied.
    wire: int
    text: int
    used: int


def used_of(length: int, functions: list[dict[str, Any]]) -> int:
    """Characters of a script that ran, by Chromium's precise coverage: an inner range overrules the one around it."""
    marks = bytearray(length)
    ranges = [one for function in functions for one in function["ranges"]]
    # From the widest to the narrowest, so that the narrowest has the last word.
    for one in sorted(ranges, key=lambda found: found["startOffset"] - found["endOffset"]):
        begin, end = one["startOffset"], min(length, one["endOffset"])
        marks[begin:end] = (b"\x01" if one["count"] else b"\x00") * max(0, end - begin)
    return sum(marks)


def measure(browser: Browser, address: str, settle: float = 4.0) -> dict[str, Sent]:
    """What opening ``address`` with an empty cache sends, by kind; used within ``settle`` seconds of its loading."""
    # What a service worker fetches, its page's tools do not see.
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, service_workers="block")
    page = context.new_page()
    tools = context.new_cdp_session(page)
    wire: dict[str, int] = {}
    names: dict[str, str] = {}
    tools.on("Network.responseReceived", lambda event: names.update({event["requestId"]: event["response"]["url"]}))
    tools.on(
        "Network.loadingFinished",
        lambda event: wire.update({names.get(event["requestId"], ""): int(event["encodedDataLength"])}),
    )
    sheets: dict[str, dict[str, Any]] = {}
    tools.on("CSS.styleSheetAdded", lambda event: sheets.update({event["header"]["styleSheetId"]: event["header"]}))
    for command in ("Network.enable", "Profiler.enable", "DOM.enable", "CSS.enable", "Debugger.enable"):
        tools.send(command)
    tools.send("Profiler.startPreciseCoverage", {"callCount": False, "detailed": True})
    tools.send("CSS.startRuleUsageTracking")
    page.goto(address)
    page.wait_for_timeout(settle * 1000)
    found = {"JavaScript": _scripts(tools, wire), "CSS": _sheets(tools, sheets, wire, page)}
    context.close()
    return found


def _scripts(tools: Any, wire: dict[str, int]) -> Sent:
    files = text = used = sent = 0
    for script in tools.send("Profiler.takePreciseCoverage")["result"]:
        if not script["url"].startswith("http"):
            continue
        source = tools.send("Debugger.getScriptSource", {"scriptId": script["scriptId"]})["scriptSource"]
        files, text = files + 1, text + len(source)
        used += used_of(len(source), script["functions"])
        sent += wire.get(script["url"], 0)
    return Sent(files, sent, text, used)


def _sheets(tools: Any, sheets: dict[str, dict[str, Any]], wire: dict[str, int], page: Page) -> Sent:
    linked = {key: header for key, header in sheets.items() if header["sourceURL"].startswith("http")}
    rules = [one for one in tools.send("CSS.stopRuleUsageTracking")["ruleUsage"] if one["used"]]
    used = sum(int(one["endOffset"] - one["startOffset"]) for one in rules if one["styleSheetId"] in linked)
    text = sum(int(header["length"]) for header in linked.values())
    sent = sum(wire.get(header["sourceURL"], 0) for header in linked.values())
    return Sent(len(linked), sent, text, used)
