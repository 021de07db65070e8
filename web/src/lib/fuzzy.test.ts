import { describe, expect, it } from "vitest";
import { rank, scoreOf } from "./fuzzy";

describe("the score", () => {
  it.each([
    ["prc", "shop/price.py"],
    ["shop price", "shop/price.py"],
    ["PRICE", "shop/price.py"],
    ["", "anything"],
    ["nws", "New workspace"],
  ])("%j fits %s", (query, text) => {
    expect(scoreOf(query, text)).toBeDefined();
  });

  it.each([
    ["ecirp", "shop/price.py"],
    ["pricex", "shop/price.py"],
  ])("%j doesn't fit %s", (query, text) => {
    expect(scoreOf(query, text)).toBeUndefined();
  });
});

describe("rank", () => {
  const files = [
    "docs/prices/index.md",
    "shop/cart.py",
    "shop/price.py",
    "tests/test_price.py",
    "src/PaneRow.tsx",
  ];
  const find = (query: string, most = 10) => rank(query, files, (file) => file, most);

  it.each([
    ["price", "shop/price.py"],
    ["tp", "tests/test_price.py"],
    ["pr", "shop/price.py"],
    ["prow", "src/PaneRow.tsx"],
    ["cart", "shop/cart.py"],
  ])("finds for %s first %s", (query, first) => {
    expect(find(query)[0]).toBe(first);
  });

  it("gives no more than is asked for, and everything for nothing", () => {
    expect(find("p", 2)).toHaveLength(2);
    expect(find("  ")).toEqual(files);
  });

  it("finds one among many", () => {
    const many = Array.from({ length: 20_000 }, (_, at) => `src/module${at % 97}/part_${at}.ts`);
    expect(rank("part_19999", many, (file) => file, 30)[0]).toBe("src/module17/part_19999.ts");
  });
});
