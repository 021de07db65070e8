import { expect, it } from "vitest";
import { countOptions, executeOptions, NO_OPTIONS, runOptions } from "./runOptions";

const DAY = 86_400_000;

it("tells the server only what was chosen", () => {
  expect(executeOptions(NO_OPTIONS, DAY)).toEqual({});
  expect(
    executeOptions({ ...NO_OPTIONS, stdin: "3\n", limits: { memoryBytes: "64", pids: "" } }, DAY),
  ).toEqual({ stdin: "3\n", limits: { memoryBytes: 64 * 1024 * 1024 } });
});

it("gives a server the longest time that there is, whatever else is written", () => {
  const server = { ...NO_OPTIONS, isServer: true, limits: { timeoutMs: "5", pids: "9" } };
  expect(executeOptions(server, DAY)).toEqual({ limits: { timeoutMs: DAY, pids: 9 } });
  expect(executeOptions({ ...NO_OPTIONS, isServer: true }, undefined)).toEqual({});
});

it("counts what isn't as at first", () => {
  expect(countOptions(NO_OPTIONS)).toBe(0);
  expect(
    countOptions({
      stdin: "a",
      limits: { pids: "3", timeoutMs: "" },
      isServer: true,
      place: "new",
    }),
  ).toBe(4);
});

it("keeps the options of each workspace apart", () => {
  runOptions("a").setState({ stdin: "x" });
  expect(runOptions("b").getState().stdin).toBe("");
  expect(runOptions("a").getState().stdin).toBe("x");
});
