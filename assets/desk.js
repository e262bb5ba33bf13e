/* The pages for tablets and desks: moves between them without reloading, and tells how old what they show is.
   All state of a page is its address; a page itself is made on the server. */
(function () {
  "use strict";

  const OLD = 60000;          /* ms from which the age of a page's figures is shown in a warning colour */
  const TICK = 1000;
  const TEXTS = {
    vi: { ago: (age) => `${age} trước`, units: ["giây", "phút", "giờ", "ngày"] },
    en: { ago: (age) => `${age} ago`, units: ["s", "min", "h", "d"] },
  };

  let shown = null;           /* the page as it was built last */
  let arrived = 0;            /* when it was (performance.now) */
  let kept = null;            /* since when the shown page is a kept one (ms); null: it is fresh */
  let moved = false;          /* the reader has gone from one page to another: the new title takes the focus */

  let place = history.state?.y ?? null;   /* how far down the page is to be shown, once it is built */

  const desk = () => document.getElementById("desk");

  /* Dash's own way to a new address: dcc.Location listens to this event. */
  function go(address) {
    if (address === location.pathname + location.search) address = address.split("#")[0];
    keepPlace();
    history.pushState({}, "", address);
    moved = true;
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  /* How far down a page was: "back" returns to the row that was left, once the page is there again. */
  function keepPlace() {
    history.replaceState({ ...history.state, y: window.scrollY }, "");
  }

  /* Hand the address on: by the system's own list of ways where it has one, else copied. */
  async function share(button) {
    const page = { title: document.title, url: location.href };
    if (navigator.share) return navigator.share(page).catch((error) => console.info("not shared:", error.message));
    button.said = button.said || button.textContent;
    button.textContent = await copied(page.url) ? button.dataset.shared : button.dataset.refused;
    setTimeout(() => { button.textContent = button.said; }, 4000);
  }

  /* Browsers give the clipboard to secure pages only; the older way is there on all. */
  async function copied(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text).then(() => true, () => false);
    const field = document.body.appendChild(make("textarea"));
    field.value = text;
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }

  function onButton(event) {
    const opener = event.target.closest(".filter-open"), sent = event.target.closest("[data-share]");
    if (opener) opener.setAttribute("aria-expanded", String(opener.getAttribute("aria-expanded") !== "true"));
    if (sent) share(sent);
  }

  function onClick(event) {
    const link = event.target.closest("a[href]");
    if (!link || !link.closest(".desk") || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.dataset.setLang) document.cookie = `lang=${link.dataset.setLang}; path=/; max-age=31536000; samesite=lax`;
    const address = new URL(link.href);
    const plain = link.hasAttribute("download") || link.target || address.origin !== location.origin;
    if (plain || address.hash || address.pathname === "/wall" || /^\/(admin|export|account|screens)(\/|$)/.test(address.pathname)) return;
    event.preventDefault();
    if ("again" in link.dataset) return again();
    go(address.pathname + address.search);
  }

  /* The same address asked for once more: Dash answers a changed address only, so one that means the same. */
  function again() {
    keepPlace();
    location.reload();
  }

  function onSubmit(event) {
    const form = event.target;
    if (!form.closest(".desk") || form.method.toLowerCase() !== "get") return;
    event.preventDefault();
    const query = new URLSearchParams(form.dataset.keep || "");
    for (const name of new Set([...new FormData(form).keys()])) query.delete(name);
    for (const [name, value] of new FormData(form)) if (String(value).trim()) query.append(name, String(value).trim());
    if (query.has("first") && query.has("last")) query.set("period", "custom");
    const text = query.toString();
    go(form.getAttribute("action") + (text ? `?${text}` : ""));
  }

  /* Dash tells readers of choices that they are a list box with radio buttons inside: they are a group of them. */
  function nameChoices() {
    for (const choices of document.querySelectorAll(".choices[role='listbox']")) {
      choices.setAttribute("role", "radiogroup");
      const legend = choices.closest("fieldset")?.querySelector("legend");
      if (legend) choices.setAttribute("aria-label", legend.textContent);
    }
    for (const choice of document.querySelectorAll(".choices label[role]")) choice.removeAttribute("role");
    for (const choice of document.querySelectorAll(".choices label[aria-selected]")) choice.removeAttribute("aria-selected");
  }

  function onPage() {
    const page = desk();
    window.opscentreTables?.lay();
    nameChoices();
    if (!page || page.dataset.page === shown) return;
    shown = page.dataset.page;
    document.title = page.dataset.title;
    document.documentElement.lang = page.dataset.lang;
    arrived = performance.now();
    if (moved) {
      const title = page.querySelector("h1");
      if (title) title.focus({ preventScroll: true });
    }
    moved = false;
    if (place !== null) window.scrollTo(0, place);
    place = null;
    /* On a phone the menu is wider than its row. */
    const menu = page.querySelector(".pages"), here = menu && menu.querySelector(".is-here");
    if (here) menu.scrollLeft = here.offsetLeft - menu.offsetLeft - (menu.clientWidth - here.offsetWidth) / 2;
    tick();
    sayKept();
  }

  function make(tag, text, attributes) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) if (value) element.setAttribute(name, value);
    if (text) element.textContent = text;
    return element;
  }

  function age(ms, units) {
    const seconds = Math.floor(ms / 1000);
    if (seconds < 120) return `${seconds} ${units[0]}`;
    if (seconds < 7200) return `${Math.floor(seconds / 60)} ${units[1]}`;
    if (seconds < 172800) return `${Math.floor(seconds / 3600)} ${units[2]}`;
    return `${Math.floor(seconds / 86400)} ${units[3]}`;
  }

  function tick() {
    const at = document.getElementById("desk-at");
    if (!at) return;
    const page = desk(), texts = TEXTS[page.dataset.lang] || TEXTS.vi;
    const passed = Number(at.dataset.age) + (kept ? Date.now() - kept : performance.now() - arrived);
    if (!at.said || !at.textContent.startsWith(at.said)) at.said = at.textContent;
    at.textContent = `${at.said} · ${texts.ago(age(passed, texts.units))}`;
    at.parentElement.classList.toggle("is-old", passed > OLD);
  }

  /* The push speaks Vietnamese to every screen; a page in another language carries its words for that. */
  window.opscentreTranslate = (text) => {
    const page = document.querySelector("[data-said]");
    if (!page) return text;
    page.said = page.said || JSON.parse(page.dataset.said);
    for (const [vietnamese, other] of page.said) text = text.replaceAll(vietnamese, other);
    return text;
  };

  /* ---- the last picture, kept by the service worker, when the server does not answer ---- */
  const KEPT = "opscentre-live";

  function live() {
    return [...document.querySelectorAll(".kpi-list [id^='home-']")];
  }

  /* The live numbers are no part of a kept page: the last ones shown are remembered beside it. */
  function remember() {
    const page = desk();
    if (!page || kept || !page.classList.contains("says-ok") || !live().length) return;
    const values = Object.fromEntries(live().map((element) => [element.id, element.textContent]));
    localStorage.setItem(KEPT, JSON.stringify({ at: Date.now(), values }));
  }

  function restore() {
    const known = JSON.parse(localStorage.getItem(KEPT) || "null");
    if (!kept || !known) return;
    for (const element of live()) if (known.values[element.id]) element.textContent = known.values[element.id];
  }

  function onWorker(event) {
    kept = event.data.kept;
    document.documentElement.classList.toggle("is-offline", Boolean(kept));
    sayKept();
  }

  function sayKept() {
    let banner = document.querySelector(".offline");
    if (!kept) return banner && banner.remove();
    const page = desk(), texts = TEXTS[(page && page.dataset.lang) || "vi"] || TEXTS.vi;
    if (!banner) document.body.prepend(banner = make("div", "", { class: "offline", role: "alert" }));
    const at = new Date(kept + 7 * 3600 * 1000).toISOString();
    const day = `${at.slice(11, 16)} ${at.slice(8, 10)}/${at.slice(5, 7)}/${at.slice(0, 4)}`;
    const words = (page && page.dataset.offline) || "";
    const text = `${words} ${day} · ${texts.ago(age(Date.now() - kept, texts.units))}`;
    if (banner.textContent !== text) banner.textContent = text;
    restore();
  }

  if ("serviceWorker" in navigator && window.isSecureContext) {
    navigator.serviceWorker.addEventListener("message", onWorker);
    navigator.serviceWorker.register("/worker.js").catch((error) => console.info("not kept for offline:", error.message));
    /* Back again: the page is asked for anew, and is live. */
    window.addEventListener("online", () => { if (kept) location.reload(); });
  }

  document.addEventListener("click", onClick);
  document.addEventListener("click", onButton);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("change", () => setTimeout(nameChoices, 0));
  document.addEventListener("change", (event) => {
    event.target.closest?.(".filters")?.querySelector("[type=submit]")?.classList.add("is-main");
  });
  history.scrollRestoration = "manual";
  window.addEventListener("popstate", (event) => { moved = true; place = event.state?.y ?? 0; });
  new MutationObserver(onPage).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["data-page", "data-table", "data-markup"],
  });
  setInterval(() => { tick(); remember(); sayKept(); }, TICK);
})();
