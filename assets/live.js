/* Keeps a page true: takes the pushes, changes in place what they change, ticks the clocks, and says so when
   no push comes. It knows nothing of dossiers: what each element shows is decided on the server. */
(function () {
  "use strict";

  const SILENT = 5000;        /* ms without a message before the page says that it is cut off */
  const RETRY = 2500;         /* ms between two attempts to get the stream back */
  const ANSWER = 5000;        /* ms that an attempt is given until the server begins to answer */
  const ARRIVE = 20000;       /* ms that a first picture is given to arrive: it is large, and a line may be slow; and
                                 ms without another byte of a page after which no more is waited for */
  const LATE = 2000;          /* ms from which a picture's age is shown, while it is not yet called cut off */
  const TICK = 250;
  const RELOAD_GAP = 10000;   /* ms between two reloads of our own accord, at least */
  const NIGHT = 3;            /* the hour in which a screen that has run for long reloads itself */
  const LONG = 6 * 3600 * 1000;
  const STOPPED = " · máy chủ đã ngừng", BROKEN = " · đường truyền đứt";
  const format = window.opscentre.format;

  let stream = null, tried = -Infinity;
  let head = null, heard = -Infinity;   /* the last message's head, and when it came (performance.now) */
  let patch = null;                     /* the last picture: for each element id what it shows */
  let filled = null;                    /* the page that shows all of it; one mounted anew does not yet */
  let first = null;                     /* the first head: another boot or version means a new server */
  let ticking = new Map();
  let cause = "";                       /* why it is cut off, as far as can be told from here */
  let reloading = false;
  const figures = new Map();            /* of each chart the newest figure */
  let waiting = false;                  /* whether they are about to be drawn */
  let loading = null;                   /* the chart library, once it was asked for */

  const page = () => document.querySelector(".wall, .home");

  function open() {
    if (stream) stream.close();
    tried = performance.now();
    stream = new EventSource(window.opscentreStream ? window.opscentreStream() : "/stream");
    stream.addEventListener("wanted", (event) =>
      window.dispatchEvent(new CustomEvent("opscentre:wanted", { detail: JSON.parse(event.data) })));
    for (const kind of ["picture", "change", "beat"])
      stream.addEventListener(kind, (event) => take(kind, JSON.parse(event.data)));
    stream.addEventListener("error", () => { if (stream.readyState === EventSource.CLOSED) asked(); });
  }

  /* How long the present attempt is given: who asks anew begins anew, and on a slow line would never have a picture. */
  function patience() {
    if (heard >= tried || stream.readyState === EventSource.CLOSED) return RETRY;
    return stream.readyState === EventSource.OPEN ? ARRIVE : ANSWER;
  }

  /* The server refused the stream: where it leads away from this page, nobody is signed in any more. */
  async function asked() {
    try {
      const answer = await fetch(location.href, { redirect: "manual", cache: "no-store", headers: { accept: "text/html" } });
      if (answer.type === "opaqueredirect") location.reload();
    } catch (error) {
      console.info("the server does not answer:", error.message);
    }
  }

  /* A picture is whole and the first of every stream; a change names only what is other than before. */
  function take(kind, message) {
    const next = message.head;
    const anew = first && (next.boot !== first.boot || next.version !== first.version);
    if (anew || (head && next.sequence < head.sequence)) return reload();
    first = first || next;
    head = next;
    heard = performance.now();
    cause = "";
    if (kind === "picture") patch = message.body.patch;
    else if (kind === "change") Object.assign(patch, message.body.patch);
    show(kind === "change" ? message.body.patch : kind === "picture" ? patch : {});
    tick();
    if (kind === "picture") window.dispatchEvent(new CustomEvent("opscentre:open"));
    window.dispatchEvent(new CustomEvent("opscentre:head", { detail: head }));
  }

  /* The text at an address, given up when nothing more of it comes: a line that broke without a word would be waited
     for as long as the screen runs. What is coming may take as long as a slow line needs. */
  async function get(address) {
    const ended = new AbortController();
    let alarm = 0, text = "";
    const wait = () => {
      clearTimeout(alarm);
      alarm = setTimeout(() => ended.abort(new Error(`nothing came for ${ARRIVE / 1000} s`)), ARRIVE);
    };
    try {
      wait();
      const answer = await fetch(address, { cache: "no-store", signal: ended.signal });
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      const parts = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let part = await parts.read(); !part.done; part = await parts.read()) {
        wait();
        text += part.value;
      }
      return text;
    } finally {
      clearTimeout(alarm);
    }
  }

  /* Only when the server answers: a reload into a dead server would leave the browser's own error page. */
  async function reload(asked) {
    const last = Number(sessionStorage.getItem("reloaded") || 0);
    if (reloading || (!asked && Date.now() - last < RELOAD_GAP)) return;
    reloading = true;
    try {
      await get(location.pathname);
      sessionStorage.setItem("reloaded", String(Date.now()));
      location.reload();
    } catch (error) {
      console.info("not reloaded, the server does not answer yet:", error.message);
    } finally {
      reloading = false;
    }
  }

  /* Every change is compared with what the element shows; a page mounted anew takes the whole picture. */
  function show(changes) {
    const here = page();
    if (!patch || !here || !here.firstChild) return;
    if (here !== filled) changes = patch;
    filled = here;
    for (const [id, change] of Object.entries(changes)) {
      const element = document.getElementById(id);
      if (element) apply(element, change);
    }
  }

  function apply(element, change) {
    if (change.text !== undefined) write(element, change.text);
    if (change.cls !== undefined && element.getAttribute("class") !== change.cls) element.setAttribute("class", change.cls);
    if (element.matches(".rolls, .fits")) window.opscentre.fit(element);
    if (change.v !== undefined) element.style.setProperty("--v", change.v);
    if (change.spark) window.opscentre.spark(element, change.spark);
    if (change.figure) sketch(element, change.figure);
    if (change.tick) ticking.set(element, change.tick);
    else if (ticking.has(element)) ticking.delete(element);
  }

  function write(element, text) {
    if (element.classList.contains("rolls") && window.opscentre.roll(element, text)) return;
    const node = element.firstChild;
    if (!node) {
      if (text) element.textContent = text;
    } else if (node.nodeValue !== text) {
      node.nodeValue = text;
    }
  }

  /* Sizes in a figure are those of a wall 1080 pixels high; type, lines and markers follow the page's. A chart of a scene
     that is not on waits until it is: drawing is the most that a change costs. */
  async function draw(element, figure) {
    const scene = element.closest(".scene");
    if (scene && !scene.classList.contains("is-shown")) return;
    const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 10;
    const drawn = [scale, element.clientWidth, element.clientHeight, JSON.stringify(figure)].join();
    if (element.drawn === drawn) return;
    element.drawn = drawn;
    const scaled = sized(structuredClone(figure), scale);
    scaled.layout.width = element.clientWidth;
    scaled.layout.height = element.clientHeight;
    if (!window.Plotly) {
      await library();
      await turn();
    }
    /* While the library came another figure may have; where it did not come the next figure asks for it again. */
    if (element.drawn !== drawn) return;
    if (window.Plotly) window.Plotly.react(element, scaled.data, scaled.layout, { staticPlot: true });
    else element.drawn = null;
  }

  function sized(figure, scale) {
    const { layout, data } = figure;
    layout.font.size *= scale;
    for (const side of Object.keys(layout.margin)) layout.margin[side] *= scale;
    for (const axis of [layout.xaxis, layout.yaxis]) Object.assign(axis, { gridwidth: scale, zerolinewidth: scale });
    for (const { line, marker } of data) {
      if (line?.width) line.width *= scale;
      if (marker?.size) marker.size *= scale;
    }
    return figure;
  }

  /* Drawn once the numbers that came with it have been written, and can be painted. */
  async function sketch(element, figure) {
    library();
    figures.set(element, figure);
    if (waiting) return;
    waiting = true;
    await turn();
    waiting = false;
    drawAll();
  }

  function drawAll() {
    for (const [element, figure] of figures)
      if (element.isConnected) draw(element, figure);
      else figures.delete(element);
  }

  /* Plotly: fetched when the first figure comes, after the page's first numbers. Reading it holds the page up for
     half a second, so what was pushed meanwhile is shown before anything is drawn. */
  function library() {
    loading = loading || new Promise((done) => {
      const script = document.createElement("script");
      script.src = page().dataset.charts;
      script.onload = done;
      script.onerror = () => { loading = null; script.remove(); done(); };
      document.body.append(script);
    });
    return loading;
  }

  /* Lets what waits go first: messages of the stream, other figures. */
  const turn = () => new Promise((done) => setTimeout(done));

  /* A page that comes as text: it is mounted at once, and Dash keeps no account of its thousands of elements. */
  async function fill(here) {
    if (!here || !here.dataset.source || here.firstChild || here.dataset.asked) return;
    here.dataset.asked = "yes";
    try {
      const lang = new URLSearchParams(location.search).get("lang") === "en" ? "en" : "vi";
      here.innerHTML = await get(`${here.dataset.source}?lang=${lang}`);
      document.documentElement.lang = lang;
      show({});
      tick();
    } catch (error) {
      console.info("the page is not there yet, tried again:", error.message);
    } finally {
      delete here.dataset.asked;
    }
  }

  /* Pages in another language have words of their own for what is worded here (assets/desk.js). */
  function said(words) {
    return window.opscentreTranslate ? window.opscentreTranslate(words) : words;
  }

  function tick() {
    const passed = performance.now() - heard;
    const lost = !head || passed > SILENT;
    say(lost, passed);
    if (!head) return;
    const at = head.at + passed;
    const now = head.now === undefined ? null : head.now + passed * (head.speed === undefined ? 1 : head.speed);
    for (const [element, [kind, moment]] of ticking) {
      if (!element.isConnected) ticking.delete(element);
      else if (kind === "age") write(element, said(format.age(at - moment)));
      else if (now === null) continue;
      else if (kind === "overdue") write(element, said(`quá hạn ${format.overdue(now - moment)}`));
      else if (kind === "left") write(element, said(`còn ${format.left(moment - now)}`));
      else if (kind === "clock") write(element, format.clock(now));
    }
  }

  /* One sentence on what is wrong; being cut off beats whatever the server last said. */
  function say(lost, passed) {
    const here = page(), text = document.getElementById("notice-text");
    if (!here || !text) return;
    const notice = head && head.notice;
    let level = "ok", words = passed < LATE ? "TRỰC TIẾP" : `TRỰC TIẾP · ${format.age(passed)}`, doubtful = false;
    if (lost) {
      level = head ? "bad" : "warn";
      words = head ? `MẤT KẾT NỐI · dữ liệu cũ ${format.age(passed)}${cause}` : "ĐANG KẾT NỐI";
      doubtful = true;
    } else if (notice) {
      level = notice.level;
      words = notice.since ? `${notice.text} · ${format.age(head.at + passed - notice.since)}` : notice.text;
      doubtful = Boolean(notice.doubtful);
    }
    write(text, said(words));
    here.classList.remove("says-ok", "says-warn", "says-bad");
    here.classList.add(`says-${level}`);
    here.classList.toggle("is-doubtful", doubtful);
  }

  /* While cut off: is it the server that stopped, or the way to it? A refusal comes at once, a broken way is silent. */
  async function ask() {
    try {
      const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(RETRY - 500) });
      cause = answer.status === 502 || answer.status === 504 ? STOPPED : "";
    } catch (error) {
      cause = error.name === "TimeoutError" || !navigator.onLine ? BROKEN : STOPPED;
    }
  }

  function watch() {
    const now = performance.now();
    fill(page());
    tick();
    if (now - heard > SILENT && now - tried > patience()) {
      open();
      if (head) ask();
    }
    /* Dash could not build the page (the server went away meanwhile): start over. */
    if (!page() && now > RELOAD_GAP) reload();
    if (head && now > LONG && new Date(head.at + 7 * 3600 * 1000).getUTCHours() === NIGHT) reload();
  }

  window.addEventListener("resize", () => show(patch || {}));
  window.addEventListener("opscentre:scene", drawAll);
  window.addEventListener("opscentre:reload", () => reload(true));
  window.addEventListener("opscentre:reopen", open);
  open();
  setInterval(watch, TICK);
})();
