import { describe, expect, it } from "vitest";
import { changeOf, creationOf, errorsOf, valuesOf } from "./providerForm";

const STORED = {
  name: "OpenAI",
  baseUrl: "https://api.openai.com/v1",
  wire: "openai_responses",
  model: "gpt-5.1",
  local: false,
  inputUsdPerMillion: "1.25",
  outputUsdPerMillion: null,
};

describe("the form of a provider", () => {
  it("asks for what is missing and for nothing else", () => {
    expect(Object.keys(errorsOf(valuesOf()))).toEqual(["name", "model", "baseUrl"]);
    expect(errorsOf(valuesOf(STORED))).toEqual({});
  });

  it.each(["1,25", "-1", "abc", "1.2.3", "1e3", "."])("refuses the price %s", (inputPrice) => {
    expect(errorsOf({ ...valuesOf(STORED), inputPrice }).inputPrice).toBeDefined();
  });

  it.each(["", "0", "2.50", ".5"])("takes the price %j", (inputPrice) => {
    expect(errorsOf({ ...valuesOf(STORED), inputPrice })).toEqual({});
  });

  it.each(["ftp://example.org", "example.org/v1", "https://"])(
    "refuses the address %s",
    (baseUrl) => {
      expect(errorsOf({ ...valuesOf(STORED), baseUrl }).baseUrl).toBeDefined();
    },
  );

  it("leaves out of a new provider what wasn't given", () => {
    expect(
      creationOf({ ...valuesOf(), name: " Here ", baseUrl: "http://h/v1", model: "m" }),
    ).toEqual({
      name: "Here",
      baseUrl: "http://h/v1",
      wire: "openai_chat",
      model: "m",
    });
  });

  it("says that it is one's own hardware only when it is", () => {
    expect(creationOf({ ...valuesOf(), isLocal: true })).toHaveProperty("local", true);
    expect(changeOf(valuesOf(STORED))).toHaveProperty("local", false);
  });

  it("keeps the stored key unless another is typed or it is to go", () => {
    const values = valuesOf(STORED);
    expect(changeOf(values)).not.toHaveProperty("key");
    expect(changeOf({ ...values, key: "sk-new" })).toHaveProperty("key", "sk-new");
    expect(changeOf({ ...values, removeKey: true })).toHaveProperty("key", "");
  });
});
