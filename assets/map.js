/* The map's scene: which measure it shows, and the outlines of its areas, drawn once. What each area looks like comes
   with the pushes, as for every other element. */
(function () {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";
  const asked = new URLSearchParams(location.search).get("measure");
  let visits = 0;

  const map = () => document.getElementById("map");
  const measures = () => [...map().querySelectorAll(".map-side")].map((side) => side.classList[2]);

  function choose(measure) {
    if (measures().includes(measure)) map().dataset.measure = measure;
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

  /* The last three are outlined: their outlines lie above their neighbours' only where they are drawn last. */
  window.addEventListener("opscentre:head", () => {
    if (!map()) return;
    for (const drawing of map().querySelectorAll(".areas svg")) {
      const last = [...drawing.querySelectorAll(`.worst-${map().dataset.measure}, .areas-frame`)];
      const end = [...drawing.children].slice(-last.length);
      for (const area of last) if (!end.includes(area)) drawing.append(area);
    }
  });

  async function fill() {
    const place = document.querySelector(".areas:empty");
    if (!place || place.dataset.asked) return;
    place.dataset.asked = "yes";
    try {
      const found = await (await fetch(place.dataset.source)).json();
      place.append(drawing(found, found.box, "", "areas-whole"));
      if (found.inset) {
        place.append(drawing(found, found.inset, "inset-", "areas-inset"));
        place.firstElementChild.append(frame(found.inset));
      }
      window.dispatchEvent(new Event("resize"));   /* every element takes its looks anew */
    } catch (error) {
      delete place.dataset.asked;
      console.info("no outlines yet, tried again when the map comes up:", error.message);
    }
  }

  /* Where on the whole the inset lies. */
  function frame([x, y, width, height]) {
    const rect = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ x, y, width, height, class: "areas-frame" })) rect.setAttribute(name, value);
    return rect;
  }

  function drawing(found, box, prefix, name) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", box.join(" "));
    svg.setAttribute("class", name);
    for (const [code, path] of Object.entries(found.paths)) {
      const area = document.createElementNS(SVG, "path");
      area.setAttribute("d", path);
      area.id = `${prefix}area-${code}`;
      area.setAttribute("class", "area");
      svg.append(area);
    }
    return svg;
  }
})();
