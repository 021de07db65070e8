import { expect, it, vi } from "vitest";
import { createFocusWish } from "./focusWish";

it("is taken once, by who is there or comes", () => {
  const wish = createFocusWish();
  const late = vi.fn(() => true);
  wish.ask();
  const forget = wish.take(late);
  expect(late).toHaveBeenCalledOnce();
  wish.ask();
  expect(late).toHaveBeenCalledTimes(2);
  forget();
  wish.ask();
  expect(late).toHaveBeenCalledTimes(2);
});

it("stays where the keyboard can't go yet", () => {
  const wish = createFocusWish();
  const hidden = vi.fn(() => false);
  wish.take(hidden);
  wish.ask();
  const shown = vi.fn(() => true);
  wish.take(shown);
  expect(hidden).toHaveBeenCalled();
  expect(shown).toHaveBeenCalledOnce();
});

it("is forgotten when it is too old", () => {
  let time = 0;
  const wish = createFocusWish(5_000, () => time);
  const take = vi.fn(() => true);
  wish.ask();
  time = 5_000;
  wish.take(take);
  expect(take).not.toHaveBeenCalled();
  wish.ask();
  expect(take).toHaveBeenCalledOnce();
});
