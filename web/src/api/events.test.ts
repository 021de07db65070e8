import { afterEach, describe, expect, it, vi } from "vitest";
import {
  followRun,
  followTurn,
  type LinkState,
  type LiveTurnEvent,
  pauseAfter,
  startTurn,
  watchWorkspace,
} from "./events";

const AT = "2026-01-01T00:00:00Z";
const chat = { workspaceId: "w", message: "hello", files: [] };

const text = (seq: number, words: string) => ({ seq, at: AT, type: "text", text: words });
const started = {
  seq: 1,
  at: AT,
  type: "started",
  turnId: "t1",
  conversationId: "c1",
  model: "m",
};
const finished = (seq: number) => ({ seq, at: AT, type: "finished", state: "done" });

/** A connection: the events it gives, then its end, a cut or a refusal. */
interface Connection {
  events?: object[];
  raw?: string;
  end?: "close" | "cut" | "open";
  status?: number;
}

/** Answers each request with the next connection and records what was asked. */
function server(connections: Connection[]) {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (address: string, init: RequestInit) => {
    asked.push(`${init.method} ${address}`);
    const connection = connections.shift();
    if (!connection) throw new TypeError("nobody is there");
    if (connection.status) return problem(connection.status);
    return new Response(body(connection, init.signal ?? undefined), { status: 200 });
  });
  return asked;
}

function problem(status: number): Response {
  const document = { type: "x", title: "Refused.", status, code: "denied", detail: "no" };
  return new Response(JSON.stringify({ ...document, requestId: "r" }), { status });
}

function body(connection: Connection, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
  const events = connection.events ?? [];
  const sent =
    connection.raw ?? events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
  let isSent = false;
  return new ReadableStream({
    start: (controller) => {
      signal?.addEventListener("abort", () => controller.error(new Error("aborted")));
    },
    pull: (controller) => {
      if (!isSent) {
        isSent = true;
        controller.enqueue(new TextEncoder().encode(sent));
        return undefined;
      }
      if (connection.end === "open") return new Promise(() => undefined);
      if (connection.end === "cut") controller.error(new TypeError("network error"));
      else controller.close();
      return undefined;
    },
  });
}

function recorder() {
  const events: LiveTurnEvent[] = [];
  const links: LinkState[] = [];
  return {
    events,
    links,
    words: () => events.map((event) => (event.type === "text" ? event.text : event.type)),
    onEvent: (event: LiveTurnEvent) => void events.push(event),
    onLink: (link: LinkState) => void links.push(link),
  };
}

const noPause = async () => undefined;

describe("startTurn", () => {
  it("gives the events in order and ends with the last", async () => {
    const asked = server([{ events: [started, text(2, "Hi"), finished(3)], end: "open" }]);
    const seen = recorder();
    await startTurn(chat, seen, noPause).done;
    expect(seen.words()).toEqual(["started", "Hi", "finished"]);
    expect(asked).toEqual(["POST /api/ai/chat"]);
  });

  it.each(["cut", "close"] as const)("resumes by the turn's id after a %s", async (end) => {
    const asked = server([
      { events: [started, text(2, "one")], end },
      { events: [text(2, "one"), text(3, "two")], end },
      { events: [finished(4)] },
    ]);
    const seen = recorder();
    await startTurn(chat, seen, noPause).done;
    expect(seen.words()).toEqual(["started", "one", "two", "finished"]);
    expect(asked).toEqual([
      "POST /api/ai/chat",
      "GET /api/turns/t1/events?after=2",
      "GET /api/turns/t1/events?after=3",
    ]);
    expect(seen.links).toContain("waiting");
  });

  it("never asks twice when the answer was lost before the turn had a name", async () => {
    const asked = server([{ events: [], end: "cut" }]);
    const start = startTurn(chat, recorder(), noPause);
    await expect(start.done).rejects.toThrow();
    expect(asked).toEqual(["POST /api/ai/chat"]);
  });

  it("hands on a refusal", async () => {
    server([{ status: 409 }]);
    await expect(startTurn(chat, recorder(), noPause).done).rejects.toMatchObject({ status: 409 });
  });
});

describe("followTurn", () => {
  it("goes on through failures of the server, but not through a refusal", async () => {
    const asked = server([{ status: 503 }, {}, { events: [text(5, "x")] }, { status: 404 }]);
    const seen = recorder();
    const following = followTurn("t9", 4, seen, noPause);
    await expect(following.done).rejects.toMatchObject({ status: 404 });
    expect(seen.words()).toEqual(["x"]);
    expect(asked.at(-1)).toBe("GET /api/turns/t9/events?after=5");
  });

  it("skips what is not an event and passes types it doesn't know", async () => {
    const raw = [
      "data: not json",
      "data: 7",
      'data: {"seq":"1","type":"text"}',
      ": a comment",
      'data: {"seq":1,"at":"","type":"somethingNew"}',
      `data: ${JSON.stringify(finished(2))}`,
    ].join("\n\n");
    server([{ raw: `${raw}\n\n` }]);
    const seen = recorder();
    await followTurn("t", 0, seen, noPause).done;
    expect(seen.words()).toEqual(["somethingNew", "finished"]);
  });

  it("stops at once when told to, without an error", async () => {
    server([{ events: [text(1, "a")], end: "open" }]);
    const seen = recorder();
    const following = followTurn("t", 0, {
      ...seen,
      onEvent: (event) => {
        seen.onEvent(event);
        following.stop();
      },
    });
    await following.done;
    expect(seen.words()).toEqual(["a"]);
  });
});

describe("followRun", () => {
  it("asks for the output after what was seen", async () => {
    const asked = server([
      { events: [{ seq: 8, at: AT, type: "finished", outcome: "ok", wallMs: 3 }] },
    ]);
    await followRun("r1", 7, { onEvent: () => undefined }, noPause).done;
    expect(asked).toEqual(["GET /api/execute/r1/events?after=7"]);
  });
});

describe("pauseAfter", () => {
  it("doubles up to ten seconds, half of it by chance", () => {
    expect([0, 1, 2, 10].map((failures) => pauseAfter(failures, () => 1))).toEqual([
      500, 1000, 2000, 10_000,
    ]);
    expect(pauseAfter(10, () => 0)).toBe(5000);
  });
});

class FakeSocket extends EventTarget {
  static opened: FakeSocket[] = [];
  static onOpened: (socket: FakeSocket) => void = () => undefined;

  constructor(readonly address: string) {
    super();
    FakeSocket.opened.push(this);
    queueMicrotask(() => FakeSocket.onOpened(this));
  }

  send(event: object) {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(event) }));
  }

  close() {
    this.dispatchEvent(new Event("close"));
  }
}

describe("watchWorkspace", () => {
  afterEach(() => {
    FakeSocket.opened = [];
  });
  const Socket = FakeSocket as unknown as new (address: string) => WebSocket;
  const changed = (seq: number) => ({ seq, at: AT, type: "runChanged", runId: `r${seq}` });

  it("comes back after the last number it saw", async () => {
    const seen: number[] = [];
    FakeSocket.onOpened = (socket) => {
      const count = FakeSocket.opened.length;
      socket.dispatchEvent(new Event("open"));
      if (count === 1) socket.send(changed(41));
      if (count === 2) {
        socket.send(changed(41));
        socket.send(changed(42));
      }
      if (count === 3) following.stop();
      else socket.close();
    };
    const onGap = vi.fn();
    const listener = { onEvent: (event: { seq: number }) => void seen.push(event.seq), onGap };
    const following = watchWorkspace("w1", listener, noPause, Socket);
    await following.done;
    expect(seen).toEqual([41, 42]);
    expect(FakeSocket.opened.map((socket) => new URL(socket.address).search)).toEqual([
      "",
      "?after=41",
      "?after=42",
    ]);
    expect(onGap).not.toHaveBeenCalled();
    expect(FakeSocket.opened[0]?.address).toMatch(/^ws:.*\/api\/workspaces\/w1\/events$/u);
  });

  it("says that events may be missing when it never saw a number", async () => {
    FakeSocket.onOpened = (socket) => {
      if (FakeSocket.opened.length === 2) following.stop();
      else socket.close();
    };
    const onGap = vi.fn();
    const following = watchWorkspace("w1", { onEvent: () => undefined, onGap }, noPause, Socket);
    await following.done;
    expect(onGap).toHaveBeenCalledTimes(1);
  });
});
