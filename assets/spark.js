/* A small line of the last values, drawn in place; a gap is a value that never came, marked at the foot. */
(function () {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg", WIDE = 30, HIGH = 10;

  window.opscentre.spark = function (element, values) {
    const key = values.join();
    if (element.dataset.drawn === key) return;
    element.dataset.drawn = key;
    const svg = element.firstElementChild || element.appendChild(made());
    const top = Math.max(1, ...values.filter((value) => value !== null)) * 1.1;
    let line = "", gaps = "", down = true;
    values.forEach((value, index) => {
      const x = (WIDE * (index + 0.5)) / WIDE;
      if (value === null) gaps += `M${x - 0.4} ${HIGH}h0.8v-3h-0.8z`;
      else line += `${down ? "M" : "L"}${x} ${(HIGH - (value / top) * HIGH).toFixed(2)}`;
      down = value === null;
    });
    svg.children[0].setAttribute("d", line);
    svg.children[1].setAttribute("d", gaps);
  };

  function made() {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${WIDE} ${HIGH}`);
    svg.setAttribute("preserveAspectRatio", "none");
    for (const name of ["spark-line", "spark-gaps"]) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("class", name);
      svg.append(path);
    }
    return svg;
  }
})();
