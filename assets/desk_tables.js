/* Tables of the desk: they are put in place here, all at once, and a table wider than its screen says so. */
(function () {
  "use strict";

  /* The progress table, laid out from the data that its element carries (layouts/desk/progress.py); other tables, and
     choices, from the text that theirs carry (layouts/markup.py). */
  function lay() {
    for (const place of document.querySelectorAll(".is-laid:not([data-table], [data-markup])")) {
      for (const part of place.parts || []) part.remove();
      place.classList.remove("is-laid");
    }
    for (const place of document.querySelectorAll("[data-markup]")) {
      if (place.laid === place.dataset.markup && place.firstChild) continue;
      place.laid = place.dataset.markup;
      place.classList.add("is-laid");
      place.innerHTML = place.laid;
      place.parts = [...place.children];
      place.scrollLeft = 0;
    }
    for (const place of document.querySelectorAll("[data-table]")) {
      if (place.laid === place.dataset.table && place.querySelector("table")) continue;
      place.laid = place.dataset.table;
      place.classList.add("is-laid");
      place.replaceChildren(laid(JSON.parse(place.dataset.table)));
      place.parts = [...place.children];
      reveal(place);
      /* Columns are as wide as their letters. */
      if (document.fonts.status !== "loaded") document.fonts.ready.then(() => reveal(place));
    }
    measureAll();
  }

  /* The column that a table is ordered by is seen, with a part of the next one. */
  function reveal(place) {
    const rank = place.querySelector("th.is-rank");
    place.scrollLeft = rank ? rank.offsetLeft + rank.offsetWidth + 40 - place.clientWidth : 0;
    measure(place);
  }

  function make(tag, text, attributes, children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) if (value) element.setAttribute(name, value);
    if (text) element.textContent = text;
    if (children) element.append(...children);
    return element;
  }

  function laid(data) {
    const groups = data.columns.map(([group, name, columns]) => make(
      "th", name, { colspan: String(columns.length), scope: "colgroup", class: "group", "data-group": group }));
    const columns = data.columns.flatMap(([group, , names]) =>
      names.map(([name, text], index) => laidHead(data, `${group}.${name}`, text, index)));
    const head = make("thead", null, null, [
      make("tr", null, null, [
        make("th", data.order, { rowspan: "2", scope: "col", class: "order" }),
        make("th", data.first, { rowspan: "2", scope: "col", class: "name" }), ...groups]),
      make("tr", null, null, columns),
    ]);
    const names = data.columns.flatMap(([group, , all]) => all.map(([name]) => `${group}.${name}`));
    const body = make("tbody", null, null, data.lines.map((line) => laidLine(line, names, data.thousands)));
    return make("table", null, { class: "progress" }, [head, body]);
  }

  /* The head of a column: where the table can be ordered, touching it does, and touching it again undoes that. */
  function laidHead(data, column, text, index) {
    const here = data.rank === column;
    const look = [!index && "group", here && "is-rank"].filter(Boolean).join(" ");
    const attributes = { scope: "col", class: look, "aria-sort": here && "descending" };
    if (!data.orders) return make("th", text, attributes);
    const href = here ? data.orders : `${data.orders}&rank=${column}`;
    return make("th", null, attributes, [make("a", text, { href, title: data.order_by })]);
  }

  function laidLine([kind, order, name, href, query, numbers], names, thousands) {
    if (kind === "section") {
      return make("tr", null, { class: "section" }, [
        make("th", null, { colspan: String(names.length + 2), scope: "rowgroup" }, [make("span", order)])]);
    }
    const cells = numbers.map((value, index) => {
      const text = String(value).replace(/\B(?=(\d{3})+$)/g, thousands);
      const late = /^(in_process|finished)\.overdue$/.test(names[index]) && value;
      const kinds = [names[index].endsWith(".total") && "group", !value && "zero", late && "bad"].filter(Boolean).join(" ");
      return make("td", null, { class: kinds }, [make("a", text, { href: `/figure/${names[index]}?${query}` })]);
    });
    const title = href ? make("a", name, { href }) : name;
    return make("tr", null, { class: kind }, [
      make("td", order, { class: "order" }), make("th", null, { scope: "row", class: "name" }, [title]), ...cells]);
  }

  /* Whether a table goes on beyond its right edge, which then fades; and the group of columns that stands first. */
  function measure(place) {
    const left = place.scrollWidth - place.clientWidth - place.scrollLeft;
    place.classList.toggle("goes-on", left > 2);
    const groups = place.previousElementSibling;
    if (!groups?.matches(".table-groups")) return;
    groups.classList.toggle("is-needed", place.scrollWidth - place.clientWidth > 2);
    const heads = [...place.querySelectorAll("th[data-group]")];
    const from = place.scrollLeft + pinned(place) + 60;
    const first = left <= 2 ? heads.at(-1) : heads.filter((head) => head.offsetLeft <= from).at(-1);
    for (const button of groups.querySelectorAll("button")) {
      const here = button.dataset.group === first?.dataset.group;
      button.classList.toggle("is-here", here);
      button.setAttribute("aria-pressed", String(here));
    }
  }

  /* How much of a table its names keep when it is pushed along: they stay, the running number does not. */
  function pinned(place) {
    const name = place.querySelector("thead th.name");
    return name ? name.offsetWidth : 0;
  }

  function measureAll() {
    document.querySelectorAll(".desk .scroll").forEach(measure);
  }

  document.addEventListener("scroll", (event) => {
    if (event.target.matches?.(".desk .scroll")) measure(event.target);
  }, { capture: true, passive: true });
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".table-groups button");
    if (!button) return;
    const place = button.parentElement.nextElementSibling;
    const head = place.querySelector(`th[data-group="${button.dataset.group}"]`);
    place.scrollLeft = head.offsetLeft - pinned(place);
  });
  window.addEventListener("resize", measureAll);
  window.opscentreTables = { lay };
})();
