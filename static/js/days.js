/** A day as all our pages write it, "20 Nov 2026": day, month in short, year, whatever order the browser would prefer. */
const written = (zone) => new Intl.DateTimeFormat(document.documentElement.lang, { day: 'numeric', month: 'short', year: 'numeric', ...zone });
const inUtc = written({ timeZone: 'UTC' });
const here = written({});

/** The day of "2026-11-20", or of a moment in UTC. */
export const spokenDay = (day) => ordered(inUtc, day);

/** The day of a moment where this phone is. */
export const spokenDayHere = (moment) => ordered(here, moment);

function ordered(format, day) {
  const parts = Object.fromEntries(format.formatToParts(new Date(day)).map(({ type, value }) => [type, value]));
  return `${parts.day} ${parts.month} ${parts.year}`;
}
