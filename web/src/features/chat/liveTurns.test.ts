import { describe, expect, it } from "vitest";
import type { Following, Listener, LiveTurnEvent } from "@/api/events";
import { LiveTurns } from "./liveTurns";

type Bare<E> = E extends unknown ? Omit<E, "seq" | "at"> : never;

/** A stream that the test writes itself. */
function scripted() {
  let listener: Listener<LiveTurnEvent> | undefined;
  let seq = 0;
  let end: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  const asked: unknown[] = [];
  const open = (what: unknown, to: Listener<LiveTurnEvent>): Following => {
    asked.push(what);
    listener = to;
    const done = new Promise<void>((resolve, reject) => {
      end = { resolve, reject };
    });
    return { done, stop: () => end?.resolve() };
  };
  const live = new LiveTurns(
    (chat, to) => open(chat, to),
    (turnId, _after, to) => open(turnId, to),
  );
  return {
    live,
    asked,
    send: (event: Bare<LiveTurnEvent>) => {
      seq += 1;
      listener?.onEvent({ ...event, seq, at: "" } as LiveTurnEvent);
    },
    finish: () => end?.resolve(),
    fail: (error: unknown) => end?.reject(error),
  };
}

const chat = { workspaceId: "w", message: "Hi", files: [] };
const started = { type: "started", turnId: "t", conversationId: "c", model: "m" } as const;

describe("LiveTurns", () => {
  it("shows the question at once and the turn when it has a name", async () => {
    const { live, send, finish } = scripted();
    const seen: string[] = [];
    const asking = live.ask(
      chat,
      (id) => void seen.push(id),
      () => void seen.push("over"),
    );
    expect(live.store.getState().asking.new?.question).toBe("Hi");
    send(started);
    expect(live.store.getState().asking.new).toBeUndefined();
    send({ type: "text", text: "Hello" });
    expect(live.store.getState().turns.t?.log.blocks).toEqual([{ kind: "text", text: "Hello" }]);
    finish();
    expect(await asking).toBe(true);
    expect(seen).toEqual(["c", "over"]);
  });

  it("keeps a refused question with the reason", async () => {
    const { live, fail } = scripted();
    const asking = live.ask(
      { ...chat, conversationId: "c" },
      () => undefined,
      () => undefined,
    );
    fail("no");
    expect(await asking).toBe(false);
    expect(live.store.getState().asking.c).toEqual({ question: "Hi", selections: [], error: "no" });
    live.forgetAsking("c");
    expect(live.store.getState().asking).toEqual({});
  });

  it("keeps what came when the stream fails later", async () => {
    const { live, send, fail } = scripted();
    const asking = live.ask(
      chat,
      () => undefined,
      () => undefined,
    );
    send(started);
    fail("gone");
    expect(await asking).toBe(true);
    expect(live.store.getState().turns.t).toMatchObject({ error: "gone" });
  });

  it("follows a turn once, from its first event", () => {
    const { live, asked, send } = scripted();
    live.attach("t", () => undefined);
    live.attach("t", () => undefined);
    send(started);
    expect(asked).toEqual(["t"]);
    expect(live.store.getState().turns.t?.log.model).toBe("m");
  });

  it("does not follow again what it started itself", async () => {
    const { live, asked, send } = scripted();
    void live.ask(
      chat,
      () => undefined,
      () => undefined,
    );
    send(started);
    live.attach("t", () => undefined);
    expect(asked).toHaveLength(1);
  });
});
