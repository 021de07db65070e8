import { describe, expect, it } from "vitest";
import { FRAME, framesOf, TerminalStream } from "./terminalStream";

const bytes = (text: string) => new TextEncoder().encode(text);
const start = (offset: number, more: object = {}) =>
  JSON.stringify({ type: "start", offset, end: offset, columns: 80, rows: 24, ...more });

/** Connects and takes frames in; returns what was shown of their bytes. */
function connect(stream: TerminalStream, frames: (string | Uint8Array)[]): string {
  stream.reconnect();
  const decoder = new TextDecoder();
  let shown = "";
  for (const frame of frames) {
    const news = stream.take(frame);
    if (news?.type === "output") shown += decoder.decode(news.bytes);
  }
  return shown;
}

describe("a terminal's stream", () => {
  it("begins with the oldest that is kept, which is no loss", () => {
    const stream = new TerminalStream();
    expect(stream.offset).toBeUndefined();
    expect(stream.take(start(500))).toEqual({ type: "start", columns: 80, rows: 24, lost: false });
    stream.take(bytes("hello"));
    expect(stream.offset).toBe(505);
  });

  it("goes on after the last byte seen, and shows none twice", () => {
    const stream = new TerminalStream();
    expect(connect(stream, [start(0), bytes("abc"), bytes("def")])).toBe("abcdef");
    expect(stream.offset).toBe(6);
    // A server may begin earlier than it was asked to.
    expect(connect(stream, [start(4), bytes("e"), bytes("fgh"), bytes("i")])).toBe("ghi");
    expect(connect(stream, [start(9), bytes("j")])).toBe("j");
    expect(stream.offset).toBe(10);
  });

  it("shows every byte once, wherever the connection is cut", () => {
    const text = "The quick brown fox jumps over the lazy dog.";
    const all = bytes(text);
    for (let cut = 0; cut <= all.length; cut += 1) {
      for (const step of [1, 3, 7]) {
        const stream = new TerminalStream();
        const chunks = (from: number, to: number) => {
          const frames = [];
          for (let at = from; at < to; at += step) {
            frames.push(all.subarray(at, Math.min(at + step, to)));
          }
          return frames;
        };
        const first = connect(stream, [start(0), ...chunks(0, cut)]);
        const from = stream.offset ?? 0;
        const rest = connect(stream, [start(from), ...chunks(from, all.length)]);
        expect(first + rest).toBe(text);
      }
    }
  });

  it("says when bytes between are gone", () => {
    const stream = new TerminalStream();
    connect(stream, [start(0), bytes("abc")]);
    stream.reconnect();
    expect(stream.take(start(900, { lost: true }))).toMatchObject({ lost: true });
    expect(stream.offset).toBe(900);
  });

  it("tells old output from new", () => {
    const stream = new TerminalStream();
    stream.take(start(0, { end: 4 }));
    expect(stream.take(bytes("ab"))).toMatchObject({ isReplay: true });
    expect(stream.take(bytes("cd"))).toMatchObject({ isReplay: true });
    expect(stream.take(bytes("ef"))).toMatchObject({ isReplay: false });
  });

  it("ends", () => {
    const stream = new TerminalStream();
    stream.take(start(0));
    expect(stream.take('{"type":"ended","exitCode":130}')).toEqual({
      type: "ended",
      exitCode: 130,
      signal: null,
      reason: null,
    });
    expect(stream.hasEnded).toBe(true);
  });

  it.each(["", "null", "[]", "{", '{"type":"ring"}', '{"type":7}'])("ignores %j", (frame) => {
    const stream = new TerminalStream();
    expect(stream.take(frame)).toBeUndefined();
    expect(stream.take(bytes("before the start"))).toBeUndefined();
    expect(stream.offset).toBeUndefined();
  });
});

it("cuts what is typed into frames that the server takes", () => {
  const pasted = new Uint8Array(FRAME * 2 + 5).map((_, at) => at % 251);
  const frames = framesOf(pasted);
  expect(frames.map((frame) => frame.length)).toEqual([FRAME, FRAME, 5]);
  expect(frames.flatMap((frame) => [...frame])).toEqual([...pasted]);
  expect(framesOf(new Uint8Array())).toEqual([]);
});
