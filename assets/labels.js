/* Where names stand on a picture: each upon what it names where it fits there, else beside it with a line that leads
   to it. Names never overlap and never leave their room. Pure: numbers in, numbers out; the same give the same. */
(function () {
  "use strict";

  const ROUNDS = 6;
  /* What a place costs, in heights of the label: hiding what is drawn, hiding what a label names, two lines that cross,
     a line through a name, hiding a point that another line leads to, an overlap, and the first step away from what is
     named. */
  const HIDES = 8, NAMED = 12, CROSSES = 12, THROUGH = 12, POINT = 6, OVERLAPS = 1e6, LED = 2;

  const meets = (a, b, rim) =>
    a.x < b.x + b.width + rim && b.x < a.x + a.width + rim && a.y < b.y + b.height + rim && b.y < a.y + a.height + rim;
  const holds = (box, [x, y], rim) =>
    x > box.x - rim && x < box.x + box.width + rim && y > box.y - rim && y < box.y + box.height + rim;
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  /* The line from what is named to the label's nearest point. */
  function lineTo(box, [x, y]) {
    return [[x, y], [clamp(x, box.x, box.x + box.width), clamp(y, box.y, box.y + box.height)]];
  }

  function cross([a, b], [c, d]) {
    const side = (p, q, r) => (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
    return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
  }

  function through(line, box) {
    if (holds(box, line[0], 0) || holds(box, line[1], 0)) return true;
    const [x, y, right, bottom] = [box.x, box.y, box.x + box.width, box.y + box.height];
    return cross(line, [[x, y], [right, bottom]]) || cross(line, [[x, bottom], [right, y]]);
  }

  /* How much of what the labels name a box would hide: 1 for the whole of one of them. */
  function hiding(box, bodies) {
    let sum = 0;
    for (const body of bodies) sum += body.filter((point) => holds(box, point, 0)).length / body.length;
    return sum;
  }

  /* Every place that a label may have: upon its point, and a lattice over its room. */
  function candidates(label, bodies) {
    const { at, width, height, room } = label;
    const found = [];
    if (label.fits) found.push({ x: at[0] - width / 2, y: at[1] - height / 2, width, height, line: null, cost: 0 });
    const [right, bottom] = [room.x + room.width - width, room.y + room.height - height];
    const [across, down] = [Math.max(right - room.x, 0), Math.max(bottom - room.y, 0)];
    const columns = Math.max(Math.ceil(across / height), 1), rows = Math.max(Math.ceil(down / (height / 2)), 1);
    for (let row = 0; row <= rows; row += 1) {
      for (let column = 0; column <= columns; column += 1) {
        const box = { x: room.x + (across * column) / columns, y: room.y + (down * row) / rows, width, height };
        if (holds(box, at, height * 0.5)) continue;
        const line = lineTo(box, at);
        const away = Math.hypot(line[1][0] - at[0], line[1][1] - at[1]) / height;
        const hidden = label.hides ? label.hides(box) : 0;
        const barred = (label.barred || []).filter((other) => meets(box, other, 0)).length;
        const named = NAMED * hiding(box, bodies);
        found.push({ ...box, line, cost: LED + away + HIDES * hidden + named + OVERLAPS * barred });
      }
    }
    /* Nowhere else to go: a room hardly larger than the label. */
    if (!found.length) found.push({ x: room.x, y: room.y, width, height, line: null, cost: 0 });
    return found.sort((one, other) => one.cost - other.cost);
  }

  function between(one, other, from, to, rim) {
    let cost = meets(one, other, rim) ? OVERLAPS : 0;
    if (one.line && other.line && cross(one.line, other.line)) cost += CROSSES;
    if (one.line && through(one.line, other)) cost += THROUGH;
    if (other.line && through(other.line, one)) cost += THROUGH;
    if (holds(one, to.at, rim)) cost += POINT;
    return cost;
  }

  /* labels: { at: [x, y] of what is named, width, height, fits: whether it may stand upon it, room: the box that it must
     not leave, barred: boxes that it must not touch, hides: (box) → how much of what is drawn it would hide, 0 to 1,
     body: points all over what is named, which no name should hide }.
     Returns for each its box { x, y } and the line that leads to it, or null. */
  function place(labels) {
    const bodies = labels.map((label) => label.body || []).filter((body) => body.length);
    const choices = labels.map((label) => candidates(label, bodies));
    const chosen = labels.map(() => null);
    for (let round = 0; round < ROUNDS; round += 1) {
      let moved = false;
      labels.forEach((label, index) => {
        let best = null, least = Infinity;
        for (const choice of choices[index]) {
          if (choice.cost >= least) break;
          let cost = choice.cost;
          for (let other = 0; other < labels.length && cost < least; other += 1)
            if (other !== index && chosen[other])
              cost += between(choice, chosen[other], label, labels[other], label.height * 0.25);
          if (cost < least) [best, least] = [choice, cost];
        }
        if (best !== chosen[index]) [chosen[index], moved] = [best, true];
      });
      if (!moved) break;
    }
    return chosen;
  }

  window.opscentre = { ...window.opscentre, labels: { place } };
})();
