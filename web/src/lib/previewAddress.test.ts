import { expect, it } from "vitest";
import { addressAt, shownPath } from "./previewAddress";

const ORIGIN = "http://5173--w.localhost:7340";

it.each([
  ["", "/"],
  ["/", "/"],
  ["about", "/about"],
  ["/a/b?c=d#e", "/a/b?c=d#e"],
  ["http://localhost:5173/admin?x=1", "/admin?x=1"],
  ["http://localhost:5173", "/"],
  ["//evil.example/a", "/evil.example/a"],
  ["\\\\evil.example", "/evil.example"],
  ["javascript:alert(1)", "/javascript:alert(1)"],
])("%j stays on the preview's origin as %s", (written, path) => {
  expect(addressAt(ORIGIN, written)).toBe(ORIGIN + path);
  expect(new URL(addressAt(ORIGIN, written)).origin).toBe(ORIGIN);
  expect(shownPath(written)).toBe(path);
});
