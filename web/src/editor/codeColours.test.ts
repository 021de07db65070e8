import { describe, expect, it } from "vitest";
import { colourCode } from "./codeColours";

describe("colourCode", () => {
  it("colours what it knows and loses nothing", async () => {
    const code = "def f():\n    return 'x'  # why\n";
    const pieces = (await colourCode(code, "python")) ?? [];
    expect(pieces.map(({ text }) => text).join("")).toBe(code);
    const named = (text: string) => pieces.find((piece) => piece.text === text)?.className;
    expect(named("def")).toContain("keyword");
    expect(named("# why")).toContain("comment");
  });

  it.each(["", "no such language"])("leaves code in %j plain", async (language) => {
    expect(await colourCode("x = 1", language)).toBeUndefined();
  });
});
