import { describe, expect, it } from "vitest";
import { rowWindow, scrollTopFor } from "./rowWindow";

describe("rowWindow", () => {
  it.each([
    [0, 100, 10, 1000, { from: 0, to: 22 }],
    [500, 100, 10, 1000, { from: 38, to: 72 }],
    [9_900, 100, 10, 1000, { from: 978, to: 1000 }],
    [0, 100, 10, 5, { from: 0, to: 5 }],
    [500, 100, 10, 5, { from: 5, to: 5 }],
    [0, 0, 10, 1000, { from: 0, to: 12 }],
  ])("at %d of %d px, rows of %d px, %d rows", (top, height, row, count, shown) => {
    expect(rowWindow(top, height, row, count)).toEqual(shown);
  });
});

describe("scrollTopFor", () => {
  it.each([
    [5, 0, 0],
    [50, 0, 410],
    [5, 300, 50],
    [10, 100, 100],
  ])("row %d, scrolled to %d", (row, scrollTop, expected) => {
    expect(scrollTopFor(row, scrollTop, 100, 10)).toBe(expected);
  });
});
