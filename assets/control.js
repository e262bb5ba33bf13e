/* Remote control of this wall: obeys what the desk's page of walls wants of it, once each, and reports what it shows.
   What was done last wins: a command is older than a key pressed after it, and is not obeyed again. */
(function () {
  "use strict";

  if (!/^\/wall(\/|$)/.test(location.pathname)) return;

  const LIFE = 10000;         /* ms between two signs of life */
  const SOON = 300;           /* ms within which a change is reported: a thousand screens do not answer as one */
  const query = new URLSearchParams(location.search);

  const screenId = sessionStorage.getItem("screen") || identity();
  let name = (query.get("name") || localStorage.getItem("wall-name") || "").trim();
  let done = Number(sessionStorage.getItem("done")) || null;   /* the newest command known; null: none in this window */
  let waiting = null;         /* commands that came before the page was there */
  let pinned = null, drawn = null;
  let head = null, heard = 0, opened = 0;
  let reporting = null;

  sessionStorage.setItem("screen", screenId);
  if (query.get("name")) localStorage.setItem("wall-name", name);
  const lang = query.get("lang") === "en" ? "&lang=en" : "";
  window.opscentreStream = () => `/stream?screen=${screenId}&wall=${encodeURIComponent(name)}${lang}`;

  /* Not randomUUID, which browsers have over HTTPS only. */
  function identity() {
    return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function obey() {
    const scenes = window.opscentreScenes;
    if (!waiting || !scenes || !scenes.state()) return;
    const commands = waiting, known = done || 0, fresh = done === null;
    waiting = null;
    /* Before they are carried out: a reload must find them done. */
    done = Math.max(known, ...commands.map((command) => command.sequence));
    sessionStorage.setItem("done", String(done));
    const message = commands.find((command) => command.kind === "message");
    pinned = message ? message.pinned || null : null;
    pin();
    for (const command of commands) {
      if (command.sequence <= known) continue;
      if (command.kind === "scene") scenes.go(command.scene);
      else if (command.kind === "turn") scenes.turn(command.seconds || 0);
      /* A window that was opened after the command is new already. */
      else if (command.kind === "reload" && !fresh) again();
    }
    report();
  }

  function again() {
    send();
    window.dispatchEvent(new CustomEvent("opscentre:reload"));
  }

  /* ---- the pinned message: a bar above all, whose height the rest of the canvas makes room for (assets/base.css) ---- */
  function pin() {
    const bar = document.getElementById("pin");
    if (!bar) return;
    const at = head ? head.at + performance.now() - heard : 0;
    const shown = pinned && !(pinned.until && at >= pinned.until) ? pinned : null;
    const wanted = JSON.stringify(shown);
    if (drawn === wanted) return;
    drawn = wanted;
    if (shown) {
      const severity = shown.severity || "info";
      bar.className = `pin is-${severity}${shown.text.length > 100 ? " is-long" : ""}`;
      document.getElementById("pin-word").textContent = bar.dataset[severity];
      document.getElementById("pin-text").textContent = shown.text;
    } else {
      bar.className = "pin is-absent";
    }
    room.observe(bar);
  }

  /* Its height follows its text, the screen and the moment its letters are loaded, never the canvas. */
  const room = new ResizeObserver(([{ target }]) => {
    document.documentElement.style.setProperty("--bar", `${target.offsetHeight}px`);
    window.dispatchEvent(new Event("resize"));
  });

  /* ---- what the wall says of itself ------------------------------------------------------------------------------ */
  function report() {
    if (reporting === null) reporting = setTimeout(send, Math.random() * SOON);
  }

  function said() {
    const state = window.opscentreScenes && window.opscentreScenes.state();
    if (!state || !head || !name) return null;
    const ratio = window.devicePixelRatio || 1;
    return JSON.stringify({
      screen: screenId, name, scene: state.scene, held: state.held, every: state.every || null,
      width: Math.round(innerWidth * ratio), height: Math.round(innerHeight * ratio), version: head.version,
      done: done || 0, up: Math.round(performance.now() - opened),
    });
  }

  async function send() {
    clearTimeout(reporting);
    reporting = null;
    const body = said();
    if (!body) return;
    try {
      await fetch("/wall-report", { method: "POST", body, keepalive: true });
    } catch (error) {
      console.info("not reported, the server does not answer; the next sign of life says it:", error.message);
    }
  }

  window.addEventListener("opscentre:wanted", (event) => {
    if (!name) localStorage.setItem("wall-name", event.detail.name);
    name = event.detail.name;
    waiting = event.detail.commands;
    obey();
  });
  window.addEventListener("opscentre:head", (event) => { head = event.detail; heard = performance.now(); pin(); });
  window.addEventListener("opscentre:open", () => { opened = performance.now(); report(); });
  window.addEventListener("opscentre:scene", () => { obey(); report(); });
  window.addEventListener("opscentre:turn", report);
  window.addEventListener("resize", report);
  setInterval(() => {
    report();
    /* The server could give it no name when it asked: it asks again. */
    if (!name && head) window.dispatchEvent(new CustomEvent("opscentre:reopen"));
  }, LIFE);
})();
