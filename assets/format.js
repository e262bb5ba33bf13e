/* Wording of durations and of the clock, in Vietnamese. They tick between pushes, so they live on the screen. */
(function () {
  "use strict";

  const SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
  /* Asia/Ho_Chi_Minh: UTC+7 all year. The screen's own time zone does not matter. */
  const ZONE = 7 * HOUR;

  const two = (value) => String(value).padStart(2, "0");
  const part = (ms, whole, unit) => Math.floor((ms % whole) / unit);

  /** How long past due: "2 ngày 3 giờ", "3 giờ 12 phút", "12 phút 5 giây". */
  function overdue(ms) {
    ms = Math.max(0, ms);
    if (ms >= DAY) return `${Math.floor(ms / DAY)} ngày ${part(ms, DAY, HOUR)} giờ`;
    if (ms >= HOUR) return `${Math.floor(ms / HOUR)} giờ ${part(ms, HOUR, MINUTE)} phút`;
    return `${Math.floor(ms / MINUTE)} phút ${part(ms, MINUTE, SECOND)} giây`;
  }

  /** How long until due: "02:14:05", from a day on "2 ngày 03:14". */
  function left(ms) {
    ms = Math.max(0, ms);
    const clock = `${two(part(ms, DAY, HOUR))}:${two(part(ms, HOUR, MINUTE))}`;
    return ms >= DAY ? `${Math.floor(ms / DAY)} ngày ${clock}` : `${clock}:${two(part(ms, MINUTE, SECOND))}`;
  }

  /** How old: "12 giây", "5 phút", "3 giờ", "2 ngày". */
  function age(ms) {
    ms = Math.max(0, ms);
    if (ms < 2 * MINUTE) return `${Math.floor(ms / SECOND)} giây`;
    if (ms < 2 * HOUR) return `${Math.floor(ms / MINUTE)} phút`;
    if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} giờ`;
    return `${Math.floor(ms / DAY)} ngày`;
  }

  /** The province's time of day: "07:05:09". */
  function clock(at) {
    const local = at + ZONE;
    return `${two(part(local, DAY, HOUR))}:${two(part(local, HOUR, MINUTE))}:${two(part(local, MINUTE, SECOND))}`;
  }

  window.opscentre = { format: { overdue, left, age, clock } };
})();
