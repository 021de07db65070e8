import { describe, expect, it } from "vitest";
import { cx } from "./cx";
import { PRESETS } from "./presets";
import { errorsOf, valuesOf } from "./providerForm";
import { signInToken } from "./signInToken";
import { readStored, writeStored } from "./storage";
import { chooseTheme, chosenTheme } from "./theme";
import { troubleOf } from "./trouble";
import { suggestName } from "./workspaceName";

it("joins the class names that are there", () => {
  expect(cx("a", false, null, undefined, "", "b")).toBe("a b");
});

it.each([
  ["/home/ana/shop", "shop"],
  ["/home/ana/shop/", "shop"],
  ["https://example.org/ana/shop.git", "shop"],
  ["https://example.org/ana/shop.git?x=1#y", "shop"],
  ["Photos.ZIP", "Photos"],
  ["C:\\code\\shop", "shop"],
  ["https://", ""],
  ["", ""],
])("suggests a name for %s", (source, name) => {
  expect(suggestName(source)).toBe(name);
});

it.each([
  ["#token=abc-DEF_1.2~3", "abc-DEF_1.2~3"],
  ["#abc123", "abc123"],
  ["", undefined],
  ["#", undefined],
  ["#token=", undefined],
  ["#token=a b", undefined],
  [`#${"x".repeat(201)}`, undefined],
])("reads the token of %j", (fragment, token) => {
  expect(signInToken(fragment)).toBe(token);
});

describe("storage", () => {
  const refusing = {
    getItem: () => {
      throw new Error("switched off");
    },
    setItem: () => {
      throw new Error("full");
    },
    removeItem: () => {},
  };

  it("gives nothing where it can't be read or was written by something else", () => {
    expect(readStored("key", refusing)).toBeUndefined();
    expect(readStored("key", { ...refusing, getItem: () => "{half" })).toBeUndefined();
    expect(readStored("key", { ...refusing, getItem: () => null })).toBeUndefined();
  });

  it("goes on where it can't be written", () => {
    expect(() => writeStored("key", { a: 1 }, refusing)).not.toThrow();
  });
});

describe("the theme", () => {
  it("is remembered, and forgotten when the system's is chosen", () => {
    const kept = new Map<string, string>();
    const store = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
    const root = { dataset: {} as DOMStringMap };
    chooseTheme("dark", root, store);
    expect(root.dataset.theme).toBe("dark");
    expect(chosenTheme(store)).toBe("dark");
    chooseTheme("system", root, store);
    expect(root.dataset).not.toHaveProperty("theme");
    expect(kept.size).toBe(0);
  });

  it("is the system's where something else was written", () => {
    expect(chosenTheme({ getItem: () => "mauve", setItem: () => {}, removeItem: () => {} })).toBe(
      "system",
    );
  });
});

describe("trouble", () => {
  it("is what the server said", () => {
    const problem = { title: "No.", detail: "", hint: "Try later.", requestId: "r1" };
    expect(troubleOf({ problem })).toEqual({
      title: "No.",
      detail: undefined,
      hint: "Try later.",
      requestId: "r1",
    });
  });

  it.each([new Error("x is undefined"), "text", null])(
    "of the page itself is said to be: %s",
    (error) => {
      expect(troubleOf(error).title).toBe("This page ran into a problem of its own.");
    },
  );
});

it.each(PRESETS)(
  "the preset $label makes a form without errors",
  ({ label, baseUrl, modelHint }) => {
    expect(errorsOf({ ...valuesOf(), name: label, baseUrl, model: modelHint })).toEqual({});
  },
);
