/* Keeps a large number in its card: where the line that it stands on is too short, its figures grow smaller.
   Numbers have from one figure to seven, cards a size of their own on every screen: it is measured, not guessed. */
(function () {
  "use strict";

  const LINES = ".kpi-line, .hero-line, .pub-line";
  const wanted = new Set();

  /** Look after a number whose text, class or room is another now; all those of a push at once. */
  window.opscentre.fit = function (element) {
    if (!element.parentElement || !element.parentElement.matches(LINES)) return;
    if (!wanted.size) requestAnimationFrame(measure);
    wanted.add(element);
  };

  /* All that is written before all that is read, and that before what is written of it: one layout for all of them. */
  function measure() {
    const all = [...wanted];
    wanted.clear();
    for (const element of all) if (element.style.fontSize) element.style.fontSize = "";
    const sizes = all.map((element) => {
      const line = element.parentElement, own = element.offsetWidth;
      const room = own - (line.scrollWidth - line.clientWidth);
      return room < own && room > 0 ? `${Math.floor(parseFloat(getComputedStyle(element).fontSize) * room / own)}px` : "";
    });
    all.forEach((element, index) => { if (sizes[index]) element.style.fontSize = sizes[index]; });
  }

  /* Also when the letters' own font has come: until then others of another breadth stand in for them. */
  const all = () => document.querySelectorAll(".rolls, .fits").forEach(window.opscentre.fit);
  window.addEventListener("resize", all);
  document.fonts.addEventListener("loadingdone", all);
})();
