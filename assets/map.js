/* The map's scene: which measure it shows, the outlines of its areas, drawn once, and the names that stand upon them.
   What each area looks like comes with the pushes, as for every other element. */
(function () {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const MARKS = { bad: "M0-1L1 .8H-1Z", warn: "M0-1L1 0L0 1L-1 0Z" };
  const GRAIN = 160;         /* cells across in which it is known what is drawn where */
  const ACROSS = 6;          /* points across a named unit by which it is known how much of it a name would hide */
  const WHOLE = 0.9;         /* share of a unit's extent that must lie within the inset for it to be named there */
  const asked = new URLSearchParams(location.search).get("measure");
  let visits = 0;
  let placed = "";           /* what the names were placed for */

  const map = () => document.getElementById("map");
  const measures = () => [...map().querySelectorAll(".map-side")].map((side) => side.classList[2]);
  const drawings = () => [...map().querySelectorAll(".areas-whole, .areas-inset")];

  function choose(measure) {
    if (measures().includes(measure)) map().dataset.measure = measure;
    label();
  }

  function next() {
    const all = measures();
    choose(all[(all.indexOf(map().dataset.measure) + 1) % all.length]);
  }

  /* A wall that turns shows the next measure each time it comes round, unless the address names one. */
  window.addEventListener("opscentre:scene", (event) => {
    if (event.detail !== "map" || !map()) return;
    visits += 1;
    if (asked) choose(asked);
    else if (visits > 1) next();
    fill();
  });

  window.addEventListener("keydown", (event) => {
    if ((event.key === "m" || event.key === "M") && map() && !event.ctrlKey) next();
  });

  window.addEventListener("opscentre:head", () => { if (map()) label(); });
  window.addEventListener("resize", () => { if (map()) label(); });

  async function fill() {
    const place = map().querySelector(".areas");
    if (!place || place.dataset.asked) return;
    place.dataset.asked = "yes";
    try {
      const found = await (await fetch(place.dataset.source)).json();
      const whole = drawing(found, found.box, "", "areas-whole");
      for (const box of found.frames) whole.append(frame(box, "areas-frame is-moved"));
      if (found.inset) whole.append(frame(found.inset, "areas-frame"));
      place.prepend(whole, ...(found.inset ? [drawing(found, found.inset, "inset-", "areas-inset")] : []),
        made("svg", { class: "areas-lines" }));
      window.dispatchEvent(new Event("resize"));   /* every element takes its looks anew */
    } catch (error) {
      delete place.dataset.asked;
      console.info("no outlines yet, tried again when the map comes up:", error.message);
    }
  }

  function made(kind, attributes) {
    const element = document.createElementNS(SVG, kind);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  }

  /* Where on the whole the inset lies, or what is drawn nearer than it lies. */
  function frame([x, y, width, height], name) {
    return made("rect", { x, y, width, height, class: name });
  }

  function drawing(found, box, prefix, name) {
    const svg = made("svg", { viewBox: box.join(" "), class: name });
    svg.append(hatches(name));
    for (const [code, path] of Object.entries(found.paths)) {
      const area = made("g", { id: `${prefix}area-${code}`, class: "area" });
      area.append(made("path", { d: path, class: "area-shape", id: `${prefix}shape-${code}` }));
      area.append(made("use", { href: `#${prefix}shape-${code}`, class: "area-old" }));
      for (const [mark, shape] of Object.entries(MARKS)) area.append(made("path", { d: shape, class: `area-mark ${mark}` }));
      area.at = found.anchors[code];
      svg.append(area);
    }
    svg.box = box;
    svg.drawn = drawnCells(found, box);
    return svg;
  }

  /* Hatching for no data, and stripes for numbers that may be old, in cells of 1 × 1; label() scales them. */
  function hatches(name) {
    const defs = made("defs", {});
    const none = made("pattern", { id: `${name}-none`, width: 1, height: 1, patternUnits: "userSpaceOnUse" });
    none.append(made("rect", { width: 1, height: 1, class: "hatch-ground" }));
    none.append(made("path", { d: "M.5 0V1", class: "hatch-line" }));
    const old = made("pattern", { id: `${name}-old`, width: 1, height: 1, patternUnits: "userSpaceOnUse" });
    old.append(made("path", { d: "M.5 0V1", class: "hatch-old" }));
    defs.append(none, old);
    return defs;
  }

  /* For each cell of a lattice over the drawing, how many before it (to the left and above) have something drawn. */
  function drawnCells(found, [x, y, width, height]) {
    const canvas = document.createElement("canvas");
    const columns = (canvas.width = GRAIN), rows = (canvas.height = Math.max(1, Math.round((GRAIN * height) / width)));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.setTransform(columns / width, 0, 0, rows / height, (-x * columns) / width, (-y * rows) / height);
    for (const path of Object.values(found.paths)) context.fill(new Path2D(path), "evenodd");
    const pixels = context.getImageData(0, 0, columns, rows).data;
    const sums = new Uint32Array((columns + 1) * (rows + 1));
    for (let row = 1; row <= rows; row += 1)
      for (let column = 1; column <= columns; column += 1)
        sums[row * (columns + 1) + column] = (pixels[((row - 1) * columns + column - 1) * 4 + 3] > 127)
          + sums[(row - 1) * (columns + 1) + column] + sums[row * (columns + 1) + column - 1]
          - sums[(row - 1) * (columns + 1) + column - 1];
    return { sums, columns, rows };
  }

  /* ---- names ---------------------------------------------------------------------------------------------------- */

  /* Place the names of the best and the last anew where they, their units or the screen are others than before. */
  function label() {
    const areas = map().querySelector(".areas"), lines = map().querySelector(".areas-lines");
    if (!lines) return;
    const measure = map().dataset.measure;
    const names = [...areas.querySelectorAll(`.callout.${measure}`)];
    const wanted = [measure, areas.clientWidth, areas.clientHeight,
      ...names.map((name) => `${name.getAttribute("class").replace(" is-placed", "")} ${name.offsetWidth}`)].join();
    if (wanted === placed && names.every((name) => name.classList.contains("is-placed"))) return;
    placed = wanted;
    const [whole, inset] = drawings().map((svg) => scaled(svg, areas));
    for (const view of [whole, inset]) if (view) lift(view, measure);
    const labels = names.map((name) => wish(name, whole, inset)).filter(Boolean);
    for (const name of areas.querySelectorAll(".callout")) name.classList.remove("is-placed");
    lines.replaceChildren();
    window.opscentre.labels.place(labels).forEach((found, index) => {
      const { name, end, at, area } = labels[index];
      /* Where the name or its line stands, its mark would be half hidden; the name bears one. */
      for (const mark of area.querySelectorAll(".area-mark")) mark.classList.add("is-crowded");
      name.style.transform = `translate(${found.x}px, ${found.y}px)`;
      name.classList.add("is-placed");
      if (found.line) lines.append(...led(found.line, at, end));
    });
  }

  /* How a drawing lies on the screen, in pixels of the panel; its marks and hatches are sized for that. */
  function scaled(svg, areas) {
    const [panel, own] = [areas.getBoundingClientRect(), svg.getBoundingClientRect()];
    const [x, y, width, height] = svg.box, rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const scale = Math.min(own.width / width, own.height / height);
    const left = own.left - panel.left + (own.width - width * scale) / 2;
    const top = own.top - panel.top + (own.height - height * scale) / 2;
    for (const [pattern, size, turned] of [["none", 0.9, 45], ["old", 1.1, -45]])
      svg.querySelector(`[id$=-${pattern}]`).setAttribute("patternTransform", `rotate(${turned}) scale(${(size * rem) / scale})`);
    const mark = (0.8 * rem) / scale;
    for (const area of svg.querySelectorAll(".area")) {
      const box = area.firstElementChild.getBBox();
      for (const one of area.querySelectorAll(".area-mark")) {
        one.setAttribute("transform", `translate(${area.at.join(" ")}) scale(${mark})`);
        one.classList.toggle("is-crowded", Math.min(box.width, box.height) < 2.6 * mark);
      }
    }
    const room = { x: own.left - panel.left, y: own.top - panel.top, width: own.width, height: own.height };
    return { svg, scale, room, onScreen: ([px, py]) => [left + (px - x) * scale, top + (py - y) * scale],
      onDrawing: (px, py) => [(px - left) / scale + x, (py - top) / scale + y] };
  }

  /* The rims of the best and the last lie above their neighbours only where they are drawn last. */
  function lift({ svg }, measure) {
    for (const kind of [`.best-${measure}`, `.worst-${measure}`, ".areas-frame"])
      for (const one of svg.querySelectorAll(kind)) svg.append(one);
  }

  /* What a name asks of its place. A unit that lies all but whole within the inset is named there, where it is larger. */
  function wish(name, whole, inset) {
    const code = [...name.classList].find((one) => one.startsWith("at-"))?.slice(3);
    const within = inset && inside(inset.svg.box, document.getElementById(`area-${code}`)?.firstElementChild.getBBox());
    const view = within ? inset : whole;
    const area = view.svg.querySelector(`#${within ? "inset-" : ""}area-${CSS.escape(code)}`);
    if (!area) return null;
    const at = view.onScreen(area.at), [width, height] = [name.offsetWidth, name.offsetHeight];
    const gap = parseFloat(getComputedStyle(name).fontSize) / 4;
    const room = { x: view.room.x + gap, y: view.room.y + gap, width: view.room.width - 2 * gap, height: view.room.height - 2 * gap };
    return { name, area, end: name.classList.contains("best") ? "best" : "worst", at, width, height, room,
      fits: fits(area.firstElementChild, view, at, width + gap, height + gap), body: body(area.firstElementChild, view),
      hides: (box) => hidden(view, box) };
  }

  function inside([x, y, width, height], box) {
    if (!box) return false;
    const across = Math.min(box.x + box.width, x + width) - Math.max(box.x, x);
    const down = Math.min(box.y + box.height, y + height) - Math.max(box.y, y);
    return across > WHOLE * box.width && down > WHOLE * box.height;
  }

  /* Whether a name's box, its corners and the middles of its sides, lies within a unit. */
  function fits(shape, view, [x, y], width, height) {
    return [-0.5, 0, 0.5].every((across) => [-0.5, 0, 0.5].every((down) => {
      const [px, py] = view.onDrawing(x + across * width, y + down * height);
      return shape.isPointInFill(new DOMPoint(px, py));
    }));
  }

  /* Points all over a unit, on the screen. */
  function body(shape, view) {
    const { x, y, width, height } = shape.getBBox(), found = [];
    for (let row = 0.5; row < ACROSS; row += 1)
      for (let column = 0.5; column < ACROSS; column += 1) {
        const point = [x + (width * column) / ACROSS, y + (height * row) / ACROSS];
        if (shape.isPointInFill(new DOMPoint(...point))) found.push(view.onScreen(point));
      }
    return found;
  }

  /* The share of a box on the screen in which something is drawn. */
  function hidden(view, box) {
    const { sums, columns, rows } = view.svg.drawn, [left, top, wide, high] = view.svg.box;
    const column = (x) => Math.min(Math.max(Math.round(((x - left) / wide) * columns), 0), columns);
    const row = (y) => Math.min(Math.max(Math.round(((y - top) / high) * rows), 0), rows);
    const [x, y] = view.onDrawing(box.x, box.y), [right, bottom] = view.onDrawing(box.x + box.width, box.y + box.height);
    const sum = (one, other) => sums[row(other) * (columns + 1) + column(one)];
    const cells = ((right - x) / wide) * columns * (((bottom - y) / high) * rows);
    return (sum(right, bottom) - sum(x, bottom) - sum(right, y) + sum(x, y)) / Math.max(cells, 1);
  }

  function led([[x1, y1], [x2, y2]], [cx, cy], end) {
    const radius = parseFloat(getComputedStyle(document.documentElement).fontSize) * 0.55;
    return [
      made("line", { x1, y1, x2, y2, class: "areas-line is-casing" }),
      made("line", { x1, y1, x2, y2, class: `areas-line ${end}` }),
      made("circle", { cx, cy, r: radius, class: `areas-point ${end}` }),
    ];
  }
})();
