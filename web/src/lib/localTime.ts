/** Times of the server in words, where the person is. Pure; clock and zone are parameters. */

const STAMP = /\b(?:(?:at|on) )?(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z)/gu;
const DAY_MS = 86_400_000;

/** "today at 18:05", "tomorrow at 01:00", "on 1 Dec 2026 at 01:00". */
export function moment(time: string, now: number = Date.now(), timeZone?: string): string {
  const at = Date.parse(time);
  if (Number.isNaN(at)) return time;
  const zone = timeZone === undefined ? {} : { timeZone };
  const day = (ms: number) => new Intl.DateTimeFormat("sv-SE", zone).format(ms);
  const clock = new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    ...zone,
  }).format(at);
  const near = [
    ["today", now],
    ["tomorrow", now + DAY_MS],
    ["yesterday", now - DAY_MS],
  ] as const;
  const [word] = near.find(([, ms]) => day(ms) === day(at)) ?? [];
  if (word) return `${word} at ${clock}`;
  const date = new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
    ...zone,
  }).format(at);
  return `on ${date} at ${clock}`;
}

/** A text of the server with its times as people where they are say them. */
export function withLocalTimes(text: string, now: number = Date.now(), timeZone?: string): string {
  return text.replace(STAMP, (_whole, time: string) => moment(time, now, timeZone));
}
