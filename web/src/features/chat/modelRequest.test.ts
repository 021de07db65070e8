import { describe, expect, it } from "vitest";
import { messagesIn } from "./modelRequest";

describe("messagesIn", () => {
  it("reads a chat request", () => {
    const body = {
      model: "m",
      messages: [
        { role: "system", content: "be brief" },
        { role: "user", content: [{ type: "text", text: "hi" }] },
        null,
      ],
    };
    const messages = messagesIn(JSON.stringify(body));
    expect(messages?.map(({ role }) => role)).toEqual(["system", "user", "unknown"]);
    expect(messages?.[0]?.text).toBe("be brief");
    expect(messages?.[1]?.text).toContain('"hi"');
  });

  it.each(["", "{}", "[1]", '{"messages":"x"}', "null"])("finds none in %j", (body) => {
    expect(messagesIn(body)).toBeUndefined();
  });
});
