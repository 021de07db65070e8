import { describe, expect, it } from "vitest";
import type { Denial } from "@/api/schema";
import { denialKey, latestDenial, newPorts } from "./news";

const NOW = Date.parse("2026-11-21T08:00:00Z");
const denial = (host: string, minutesAgo: number): Denial => ({
  host,
  port: 443,
  count: 1,
  resource: host,
  lastAt: new Date(NOW - minutesAgo * 60_000).toISOString(),
});

it("knows which ports are new", () => {
  const ports = (...numbers: number[]) => numbers.map((port) => ({ port }));
  expect(newPorts(ports(80), ports(80, 5173))).toEqual(ports(5173));
  expect(newPorts(ports(80, 5173), ports(80))).toEqual([]);
});

describe("the denial to tell of", () => {
  it("is the latest", () => {
    const denials = [denial("a.org", 5), denial("b.org", 1), denial("c.org", 3)];
    expect(latestDenial(denials, new Set(), NOW)?.host).toBe("b.org");
  });

  it("is not one of long ago, nor one that was waved away", () => {
    const [old, seen] = [denial("a.org", 60), denial("b.org", 1)];
    expect(latestDenial([old, seen], new Set([denialKey(seen)]), NOW)).toBeUndefined();
  });

  it("comes again when the same host is tried again", () => {
    const seen = new Set([denialKey(denial("a.org", 5))]);
    expect(latestDenial([denial("a.org", 1)], seen, NOW)?.host).toBe("a.org");
  });
});
