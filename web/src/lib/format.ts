/** Numbers, times and sizes as people read them. Pure; the clock is a parameter. */

const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const COUNT = new Intl.NumberFormat("en");

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["minute", 60],
  ["hour", 3600],
  ["day", 86_400],
  ["week", 604_800],
];

/** "just now", "3 minutes ago", "yesterday"; a date when it is over a month ago. */
export function ago(time: string, now: number = Date.now()): string {
  const then = Date.parse(time);
  if (Number.isNaN(then)) return "";
  const seconds = Math.round((then - now) / 1000);
  const distance = Math.abs(seconds);
  if (distance < 45) return "just now";
  if (distance > 30 * 86_400) return day(time);
  const [unit, size] = STEPS.findLast(([, step]) => distance >= step) ?? ["minute", 60];
  return RELATIVE.format(Math.trunc(seconds / size) || Math.sign(seconds), unit);
}

/** "21 Nov 2026" in UTC, in which the server counts days. */
export function day(time: string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return "";
  return date.toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
}

/** "12,345" */
export function count(value: number): string {
  return COUNT.format(value);
}

/** "3 files", "1 file" */
export function plural(value: number, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** "980 B", "12.3 KiB" */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let size = value;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || size >= 100 ? 0 : 1;
  return `${size.toFixed(digits)} ${units[unit]}`;
}

/** "85 ms", "1.4 s", "2 min 5 s", "24 h" */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = `${Math.floor(minutes / 60)} h`;
  return minutes % 60 === 0 ? hours : `${hours} ${minutes % 60} min`;
}

/** "$1.24"; small amounts keep the digits that say something, "$0.0031". */
export function dollars(decimal: string): string {
  const value = Number(decimal);
  if (!Number.isFinite(value)) return decimal;
  if (value !== 0 && Math.abs(value) < 0.000_05) return "< $0.0001";
  const digits = value !== 0 && Math.abs(value) < 0.1 ? 4 : 2;
  return `$${value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: digits })}`;
}

/** "$1.24"; "≥ $1.24" where some of it has no known price, "unknown" where nothing has. */
export function costWords(decimal: string | null | undefined, unpriced: number): string {
  if (decimal == null) return "unknown";
  return unpriced > 0 ? `≥ ${dollars(decimal)}` : dollars(decimal);
}

/**
 * Text of the server as a sentence of its own: with a capital, unless it begins
 * with a name such as a path or a command, and a full stop.
 */
export function sentence(text: string): string {
  const [first = ""] = text.split(/\s/, 1);
  const begins = /^\p{Ll}[\p{L}'’-]*[,:;]?$/u.test(first);
  const capital = begins ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?…:]$/.test(capital) || capital === "" ? capital : `${capital}.`;
}
