import { describe, expect, it } from "vitest";
import { clientSettings, lastUseWords, lifeWords, readModels } from "./tokenWords";

const NOW = Date.parse("2026-11-21T12:00:00Z");

describe("an access token", () => {
  it("comes with what a client reads", () => {
    expect(clientSettings("https://atelier.test", "atl_x")).toBe(
      "OPENAI_BASE_URL=https://atelier.test/v1\nOPENAI_API_KEY=atl_x",
    );
  });

  it.each([
    ["", undefined],
    [" \n , ", undefined],
    ["gpt-5.1, qwen/qwen3-coder\n\ngpt-5.1", ["gpt-5.1", "qwen/qwen3-coder"]],
  ])("for the models %j", (text, models) => {
    expect(readModels(text)).toEqual({ models });
  });

  it("is not bound to more models than the server takes", () => {
    const many = Array.from({ length: 51 }, (_, at) => `m${at}`).join("\n");
    expect(readModels(many)).toEqual({ problem: "At most 50 models." });
  });

  it("says when it was used and until when it is good", () => {
    expect(lastUseWords({}, NOW)).toBe("Never used");
    expect(lastUseWords({ lastUsedAt: "2026-11-21T11:57:00Z" }, NOW)).toBe(
      "Last used 3 minutes ago",
    );
    expect(lifeWords({}, NOW)).toBe("Good until revoked");
    expect(lifeWords({ expiresAt: "2026-12-03T00:00:00Z" }, NOW)).toBe("Good until 3 Dec 2026");
    expect(lifeWords({ expiresAt: "2026-11-21T11:00:00Z" }, NOW)).toBe("Expired");
  });
});
