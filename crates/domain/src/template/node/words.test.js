import assert from "node:assert/strict";
import test from "node:test";

import { countWords } from "./words.js";

test("counts without case", () => {
  assert.deepEqual(countWords("a A b"), [["a", 2], ["b", 1]]);
});

test("an empty text has no words", () => {
  assert.deepEqual(countWords(""), []);
});
