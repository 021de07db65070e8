import { describe, expect, it } from "vitest";
import { NEW_TURN, type TurnLog, withEvent } from "./turnLog";
import { isRefusedForSecrets, offerFor } from "./withheld";

const secret = (id: string, name: string) => ({ id, name, createdAt: "" });

describe("the offer", () => {
  it("attaches what the vault has, and says what it could have", () => {
    const vault = [secret("1", "MINE"), secret("2", "OTHER"), secret("3", "MINE")];
    const offer = offerFor(["MINE", "TOKEN", "key of OpenAI", "GitHub token"], vault);
    expect(offer.attach.map(({ id }) => id)).toEqual(["1", "3"]);
    expect(offer.toStore).toEqual(["TOKEN"]);
  });
});

describe("a turn that was refused for its secrets", () => {
  const failed = (change: Partial<TurnLog>): TurnLog => ({
    ...NEW_TURN,
    state: "failed",
    withheld: ["MINE"],
    failure: { code: undefined, detail: "no", hint: undefined },
    ...change,
  });

  it("is told by its code, or by having sent nothing", () => {
    expect(isRefusedForSecrets(failed({}))).toBe(true);
    const sent = { kind: "context", modelCallId: "c", bytes: undefined, files: [] } as const;
    expect(isRefusedForSecrets(failed({ blocks: [sent] }))).toBe(false);
    const code = (name: string) => ({ code: name, detail: "no", hint: undefined });
    expect(isRefusedForSecrets(failed({ failure: code("secret_found") }))).toBe(true);
    expect(isRefusedForSecrets(failed({ failure: code("model_failed") }))).toBe(false);
    expect(isRefusedForSecrets({ ...NEW_TURN, withheld: ["MINE"] })).toBe(false);
  });

  it("is folded from its events", () => {
    const events = [
      { type: "started", turnId: "t", conversationId: "c", model: "m", attached: ["A"] },
      { type: "withheld", names: ["MINE"] },
      { type: "finished", state: "failed", code: "secret_found" },
    ] as const;
    const log = events.reduce<TurnLog>(
      (before, event, index) => withEvent(before, { ...event, seq: index + 1, at: "" } as never),
      NEW_TURN,
    );
    expect([log.attached, log.withheld, isRefusedForSecrets(log)]).toEqual([["A"], ["MINE"], true]);
  });
});
