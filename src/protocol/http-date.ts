/**
 * Unix time, ms, of a date as HTTP writes it, in either of its forms with a zone (RFC 9110 §5.6.7); undefined when it is
 * none. A year of two digits is one of this century: what is read here is a time to come back at.
 */
export function httpDateMs(text: string): number | undefined {
  const fields = form.exec(text.trim())?.groups;
  if (fields === undefined) return undefined;
  const { day, month = "", year = "", time = "" } = fields;
  const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
  const days = daysBefore(Number(year) + (year.length === 2 ? 2000 : 0), months.indexOf(month)) + Number(day);
  return (((days - 1) * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const form = new RegExp(
  `^[A-Z][a-z]+, (?<day>\\d\\d)(?<dash>[ -])(?<month>${months.join("|")})\\k<dash>(?<year>\\d{4}|\\d\\d) (?<time>\\d\\d:\\d\\d:\\d\\d) GMT$`,
);

/** Days from 1970 to the first of a month, in the Gregorian calendar. */
function daysBefore(year: number, month: number): number {
  const lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  const whole = year - 1;
  const leapDays =
    Math.floor(whole / 4) - Math.floor(whole / 100) + Math.floor(whole / 400) - leapDaysBefore1970;
  return (year - 1970) * 365 + leapDays + lengths.slice(0, month).reduce((sum, days) => sum + days, 0);
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

const leapDaysBefore1970 = 477;
