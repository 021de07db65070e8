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
    expect(messages?.[1]?.text).toBe("hi");
  });

  it("reads the requests of other formats, with what stands above them", () => {
    const rolesIn = (body: object) =>
      messagesIn(JSON.stringify(body))?.map(({ role, text }) => `${role}: ${text}`);
    expect(
      rolesIn({
        system: [{ type: "text", text: "be brief" }],
        messages: [{ role: "user", content: "hi" }],
      }),
    ).toEqual(["system: be brief", "user: hi"]);
    expect(
      rolesIn({
        systemInstruction: { parts: [{ text: "be brief" }] },
        contents: [{ role: "model", parts: [{ text: "a" }, { text: "b" }] }],
      }),
    ).toEqual(["system: be brief", "model: a\nb"]);
    expect(
      rolesIn({
        instructions: "be brief",
        input: [
          { role: "user", content: [{ type: "input_text", text: "hi" }] },
          { type: "function_call_output", output: "1" },
        ],
      })?.map((line) => line.split("\n", 1)[0]),
    ).toEqual(["system: be brief", "user: hi", "function_call_output: {"]);
  });

  it.each(["", "{}", "[1]", '{"messages":"x"}', "null"])("finds none in %j", (body) => {
    expect(messagesIn(body)).toBeUndefined();
  });
});
