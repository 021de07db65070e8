import { describe, expect, it } from "vitest";
import { choiceProblem, clientSettings, lastUseWords, lifeWords, servedNames } from "./tokenWords";

const NOW = Date.parse("2026-11-21T12:00:00Z");

describe("an access token", () => {
  it("comes with what a client reads", () => {
    expect(clientSettings("https://atelier.test", "atl_x")).toBe(
      "OPENAI_BASE_URL=https://atelier.test/v1\nOPENAI_API_KEY=atl_x",
    );
  });

  it("names models as a program does: with the provider where two have one name", () => {
    const models = [
      { provider: "OpenAI", model: "gpt-5.1" },
      { provider: "Here", model: "qwen3" },
      { provider: "There", model: "qwen3" },
    ];
    expect(servedNames(models)).toEqual(["auto", "gpt-5.1", "Here/qwen3", "There/qwen3"]);
    expect(servedNames([])).toEqual([]);
  });

  it("is bound to one model at least, and to no more than the server takes", () => {
    expect(choiceProblem([])).toBe("Choose at least one.");
    expect(choiceProblem(["gpt-5.1"])).toBeUndefined();
    expect(choiceProblem(Array.from({ length: 51 }, (_, at) => `m${at}`))).toBe(
      "Choose at most 50.",
    );
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
