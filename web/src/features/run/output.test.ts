import { describe, expect, it } from "vitest";
import { TerminalWriter } from "./output";

const out = (text: string) => ({ type: "output", stream: "stdout", text, seq: 1, at: "" }) as const;
const err = (text: string) => ({ type: "output", stream: "stderr", text, seq: 1, at: "" }) as const;
const bytes = (base64: string) =>
  ({ type: "output", stream: "stdout", base64, seq: 1, at: "" }) as const;

/** Writes colours as words, so that a test can be read. */
function shown(...events: readonly Parameters<TerminalWriter["write"]>[0][]): string {
  const writer = new TerminalWriter();
  return events
    .map((event) => writer.write(event))
    .join("")
    .replaceAll("\u001b[31m", "{")
    .replaceAll("\u001b[39m", "}");
}

describe("TerminalWriter", () => {
  it.each([
    ["plain output as it is", [out("a\nb\n")], "a\nb\n"],
    ["a mark on each line of standard error", [err("a\nb\n")], "{▌ a}\n{▌ b}\n"],
    ["one mark for a line in two parts", [err("a"), err("b\n")], "{▌ a}{b}\n"],
    ["a new line where the streams cut in", [out("> "), err("no\n"), out("x")], "> \n{▌ no}\nx"],
    ["no new line between whole lines", [out("a\n"), err("b\n"), out("c\n")], "a\n{▌ b}\nc\n"],
    ["a mark again after going back in a line", [err("1%\r2%\n")], "{▌ 1%}\r{▌ 2%}\n"],
    ["Windows line ends", [err("a\r\nb")], "{▌ a}\r\n{▌ b}"],
    ["nothing for nothing", [err(""), out("a")], "a"],
    ["bytes that are not text", [bytes(btoa("a\xffb"))], "a\ufffdb"],
    ["a character cut in two", [bytes(btoa("\xc3")), bytes(btoa("\xa9"))], "é"],
  ])("writes %s", (_name, events, written) => {
    expect(shown(...events)).toBe(written);
  });
});
