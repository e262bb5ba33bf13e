/* Which scene of the wall is on: by address, by rotation (?rotate=seconds), by key, or called up by an alarm.
   All scenes are mounted for good and laid upon one another; this only says which one is to be seen. */
(function () {
  "use strict";

  const ALARM = 20000;      /* ms for which an alarm holds its scene up */
  const query = new URLSearchParams(location.search);
  const root = "/wall";

  let stage = null;          /* the mounted stage; Dash may mount another one */
  let on = null;             /* key of the scene that is on */
  let since = performance.now();
  let held = false;
  let every = seconds(query.get("rotate"));
  /* A page that was reloaded goes on as it was; one that was opened begins as its address says. */
  const before = JSON.parse(sessionStorage.getItem("turn") || "null");
  const again = before && performance.getEntriesByType("navigation")[0].type === "reload";
  if (again) ({ held, every } = before);
  let alarm = null;          /* the alarm that is up: its id, since when, and the scene to go back to */
  let silenced = null;       /* id of the last alarm that had its time */

  function seconds(text) {
    const value = Number(text);
    return text && value >= 5 ? value * 1000 : null;
  }

  const scenes = () => [...document.querySelectorAll(".stage > .scene")];
  const keys = () => scenes().map((scene) => scene.dataset.scene);
  const wanted = () => location.pathname.slice(root.length + 1);

  function mount() {
    const here = document.querySelector(".stage");
    if (!here || here === stage) return;
    stage = here;
    if (query.has("rotate") && !every && !again) every = Number(here.dataset.rotate) * 1000;
    on = null;
    go(keys().includes(wanted()) ? wanted() : keys()[0]);
  }

  function go(key) {
    since = performance.now();
    if (key === on || !keys().includes(key)) return tell();
    const before = on;
    on = key;
    for (const scene of scenes()) {
      const name = scene.dataset.scene;
      scene.classList.toggle("is-shown", name === key);
      scene.classList.toggle("is-leaving", name === before);
      scene.inert = name !== key;
    }
    /* The scene that goes stays below until the one that comes is whole, however late its first frame was. */
    const arriving = scenes().find((scene) => scene.dataset.scene === key);
    Promise.allSettled(arriving.getAnimations().map((animation) => animation.finished)).then(() => {
      if (on === key) for (const scene of scenes()) scene.classList.remove("is-leaving");
    });
    /* The address follows, so that a reload (at night, of a new version) comes back to this scene. */
    history.replaceState(history.state, "", `${root}/${key}${location.search}`);
    window.dispatchEvent(new CustomEvent("opscentre:scene", { detail: key }));
    tell();
  }

  /* Let it turn, a scene staying so long, or hold the one that is on (0). */
  function turn(seconds) {
    held = !seconds;
    if (seconds) every = seconds * 1000;
    turned();
  }

  function turned() {
    since = performance.now();
    sessionStorage.setItem("turn", JSON.stringify({ held, every }));
    tell();
    window.dispatchEvent(new CustomEvent("opscentre:turn"));
  }

  function step(by) {
    const all = keys();
    go(all[(all.indexOf(on) + by + all.length) % all.length]);
  }

  /* The scene's name, a dot for each scene, and whether it turns or is held: in words, not by colour alone. */
  function tell() {
    const name = document.getElementById("scene-name"), state = document.getElementById("scene-state");
    if (!name || !state || !on) return;
    const all = scenes(), at = keys().indexOf(on);
    set(name, all[at].dataset.title);
    const left = every && !held ? Math.max(0, Math.ceil((every - (performance.now() - since)) / 1000)) : null;
    set(state, alarm ? "CẢNH BÁO" : held ? "ĐANG GIỮ" : left !== null ? `chuyển sau ${left} giây` : "");
    for (const dot of document.querySelectorAll(".scene-dot"))
      dot.classList.toggle("is-on", dot.dataset.scene === on);
  }

  function set(element, vietnamese) {
    const text = window.opscentreTranslate ? window.opscentreTranslate(vietnamese) : vietnamese;
    if (element.textContent !== text) element.textContent = text;
  }

  window.addEventListener("opscentre:head", (event) => {
    const raised = event.detail.alarm;
    if (!stage || !raised || raised.id === silenced || (alarm && alarm.id === raised.id)) return;
    const back = alarm ? alarm.back : on;
    alarm = { id: raised.id, since: performance.now(), back };
    set(document.getElementById("alarm-text"), raised.text);
    document.getElementById("alarm").classList.add("is-up");
    /* Only a wall that turns by itself is turned: who holds a scene, or asked for one, keeps it. */
    if (every && !held) go(raised.scene);
    tell();
  });

  function watch() {
    mount();
    if (!stage) return;
    const now = performance.now();
    if (alarm && now - alarm.since > ALARM) {
      const back = alarm.back;
      silenced = alarm.id;
      alarm = null;
      document.getElementById("alarm").classList.remove("is-up");
      if (every && !held) go(back);
    }
    if (every && !held && !alarm && now - since >= every) step(1);
    tell();
  }

  window.addEventListener("keydown", (event) => {
    if (!stage || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowRight" || event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowLeft" || event.key === "ArrowUp") step(-1);
    else if (event.key === " ") { held = !held; turned(); }
    else if (event.key === "f" || event.key === "F") full();
    else return;
    event.preventDefault();
  });

  function full() {
    const change = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
    change.catch((error) => console.info("the browser refused full screen:", error.message));
  }

  /* For assets/control.js: null until a scene is on. */
  window.opscentreScenes = { go, turn, state: () => (on ? { scene: on, held, every: every && every / 1000 } : null) };
  setInterval(watch, 200);
})();
