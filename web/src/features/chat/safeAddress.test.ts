import { describe, expect, it } from "vitest";
import { safeAddress } from "./safeAddress";

describe("safeAddress", () => {
  it.each(["https://example.org/a?b", "http://example.org/", "mailto:a@example.org"])(
    "follows %s",
    (href) => {
      expect(safeAddress(href)).toBe(href);
    },
  );

  it.each([
    undefined,
    "",
    "javascript:alert(1)",
    " javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>",
    "vbscript:x",
    "file:///etc/passwd",
    "/api/session",
    "//example.org",
    "#x",
  ])("does not follow %j", (href) => {
    expect(safeAddress(href)).toBeUndefined();
  });
});
