import { expect, it } from "vitest";
import { newId } from "./newId";

it("makes a different random UUID each time", () => {
  const ids = [newId(), newId()];
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  expect(ids[0]).not.toBe(ids[1]);
});
