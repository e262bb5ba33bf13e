/* Numbers that roll from what they show to what they are: half a second, so that the eye catches the change.
   A number that changes again while it rolls goes on from where it is: a fast simulation stays smooth. */
(function () {
  "use strict";

  const LASTS = 450;
  const WHOLE = /^\d{1,3}(\.\d{3})*$/;   /* 1.234 as Vietnam writes it */
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");
  const rolling = new Map();             /* element → where from, where to, since when */

  const number = (text) => Number(text.replaceAll(".", ""));
  const words = (value) => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ".");

  /** Take an element's new text; false: it does not roll, and is to be written as it is. */
  window.opscentre.roll = function (element, text) {
    const shown = element.textContent, under_way = rolling.get(element);
    if (under_way && under_way.text === text) return true;
    const rolls = shown !== text && WHOLE.test(shown) && WHOLE.test(text) && !still.matches
      && element.checkVisibility({ visibilityProperty: true });
    if (!rolls) {
      rolling.delete(element);
      return false;
    }
    rolling.set(element, { from: number(shown), to: number(text), text, since: performance.now() });
    if (rolling.size === 1) requestAnimationFrame(step);
    return true;
  };

  function step(now) {
    for (const [element, { from, to, text, since }] of rolling) {
      const passed = Math.max(0, now - since) / LASTS;
      const done = passed >= 1 || !element.isConnected;
      const value = done ? text : words(Math.round(from + (to - from) * (1 - (1 - passed) ** 3)));
      if (element.firstChild.nodeValue !== value) element.firstChild.nodeValue = value;
      if (!done) continue;
      rolling.delete(element);
      window.opscentre.fit(element);
    }
    if (rolling.size) requestAnimationFrame(step);
  }
})();
