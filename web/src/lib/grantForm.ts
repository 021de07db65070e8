/** What a person writes to allow a host, and what the server is told. */

/** The word for the ready-made set of package registries. */
export const REGISTRIES = "registries";

/** The most characters that a host's name has. */
const LONGEST_HOST = 253;
/** Letters of every script: the server keeps a name in its ASCII form. */
const LABEL = /^[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}_-]{0,61}[\p{L}\p{M}\p{N}_])?$/u;

export type GrantInput = { readonly resource: string } | { readonly problem: string };

/**
 * Reads `host`, `host:port` or `*.host`. An address that was pasted whole is
 * taken for its host, since that is what is meant.
 */
export function parseGrant(text: string): GrantInput {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === "") return { problem: "Write a host, such as pypi.org." };
  const pasted = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/@]*@)?([^/?#]*)/.exec(trimmed);
  const [, host = "", port] = /^(.*?)(?::(\d*))?$/.exec(pasted?.[1] ?? trimmed) ?? [];
  if (port !== undefined && !isPort(port)) return { problem: "A port is a number up to 65535." };
  const name = host.startsWith("*.") ? host.slice(2) : host;
  if (name.includes("*")) return { problem: "A * stands only at the front, as in *.example.org." };
  if (!isHost(name)) return { problem: `“${text.trim()}” is not the name of a host.` };
  if (host.startsWith("*.") && !name.includes(".")) {
    return { problem: "That would allow a whole top-level domain. Name more of it." };
  }
  return { resource: port === undefined ? host : `${host}:${port}` };
}

function isPort(text: string): boolean {
  const port = Number(text);
  return text !== "" && port > 0 && port <= 65_535;
}

function isHost(name: string): boolean {
  return name.length <= LONGEST_HOST && name.split(".").every((label) => LABEL.test(label));
}

/** For how long something may be allowed; in hours, or until it is taken away. */
export const PERIODS = [
  { id: "always", label: "Until you remove it", hours: undefined },
  { id: "hour", label: "For an hour", hours: 1 },
  { id: "day", label: "For a day", hours: 24 },
  { id: "week", label: "For a week", hours: 24 * 7 },
] as const;

export type Period = (typeof PERIODS)[number]["id"];

/** The time at which a period that begins now ends; nothing when it doesn't. */
export function untilOf(period: Period, now: number = Date.now()): string | undefined {
  const hours = PERIODS.find(({ id }) => id === period)?.hours;
  return hours === undefined ? undefined : new Date(now + hours * 3_600_000).toISOString();
}

/** When something ends, from now: "in 3 hours". Over, once it has. */
export function remaining(until: string, now: number = Date.now()): string {
  const minutes = Math.ceil((Date.parse(until) - now) / 60_000);
  if (Number.isNaN(minutes)) return "";
  if (minutes <= 0) return "over";
  if (minutes < 60) return `${minutes} min left`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h left` : `${Math.round(hours / 24)} days left`;
}
