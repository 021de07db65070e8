import { describe, expect, it } from "vitest";
import { readStored } from "@/lib/storage";
import {
  decisionStore,
  decisionsOf,
  keepDecisions,
  loadDecisions,
  parseDecisions,
} from "./decisionStore";

describe("parseDecisions", () => {
  it.each([
    [{ a: "accepted", b: "rejected", c: "maybe", d: 1 }, ["a", "b"]],
    [null, []],
    ["x", []],
  ])("of %j", (raw, ids) => {
    expect([...parseDecisions(raw).keys()]).toEqual(ids);
  });
});

describe("keepDecisions", () => {
  it("survives a reload until there is nothing to keep", () => {
    keepDecisions("p1", new Map([["h", "rejected"]]));
    decisionStore.setState({}, true);
    loadDecisions("p1");
    expect(decisionsOf(decisionStore.getState(), "p1").get("h")).toBe("rejected");
    keepDecisions("p1", new Map());
    expect(readStored("atelier.review.p1")).toBeUndefined();
  });
});
