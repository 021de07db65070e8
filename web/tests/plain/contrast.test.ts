import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const CSS = readFileSync(new URL("../../src/tokens.css", import.meta.url), "utf8");
const SURFACES = ["canvas", "panel", "raised", "sunken"];

/** Which colours stand on which, and the least contrast they must have. */
const PAIRS: [ink: string, grounds: string[], least: number][] = [
  ["ink", [...SURFACES, "hover", "pressed", "accent-soft", "added-mark", "removed-mark"], 4.5],
  ["muted", [...SURFACES, "hover", "danger-soft", "success-soft"], 4.5],
  ["accent", [...SURFACES, "hover", "accent-soft"], 4.5],
  ["success", [...SURFACES, "success-soft"], 4.5],
  ["warning", [...SURFACES, "warning-soft"], 4.5],
  ["danger", [...SURFACES, "hover", "danger-soft"], 4.5],
  ["on-accent", ["accent-fill", "accent-fill-hover", "danger-fill", "danger-fill-hover"], 4.5],
  ["canvas", ["ink"], 4.5],
  ...["keyword", "string", "number", "comment", "function", "type", "property"].map(
    (name): [string, string[], number] => [
      `syntax-${name}`,
      ["sunken", "panel", "raised", "added", "removed"],
      4.5,
    ],
  ),
  ["line-strong", SURFACES, 3],
  ["focus", [...SURFACES, "hover"], 3],
];

describe.each(["light", "dark"] as const)("in the %s theme", (theme) => {
  it.each(PAIRS)("%s is readable where it stands", (ink, grounds, least) => {
    const poor = grounds
      .map((ground) => ({ ground, ratio: contrast(colour(ink, theme), colour(ground, theme)) }))
      .filter(({ ratio }) => ratio < least)
      .map(({ ground, ratio }) => `${ink} on ${ground}: ${ratio.toFixed(2)} is less than ${least}`);
    expect(poor).toEqual([]);
  });
});

type Rgb = [number, number, number];

/** Reads a token's colour; one that lets something through stands on `raised`. */
function colour(name: string, theme: "light" | "dark"): Rgb {
  const value = new RegExp(`--${name}:\\s*([^;]+);`).exec(CSS)?.[1];
  if (!value) throw new Error(`there is no token --${name}`);
  const both = /light-dark\((#\w+), (#\w+)\)/.exec(value);
  const hex = (both ? both[theme === "light" ? 1 : 2] : value) ?? "";
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  const solid: Rgb = [red ?? 0, green ?? 0, blue ?? 0];
  if (hex.length !== 9) return solid;
  const alpha = Number.parseInt(hex.slice(7), 16) / 255;
  const under = colour("raised", theme);
  return solid.map((part, at) => part * alpha + (under[at] ?? 0) * (1 - alpha)) as Rgb;
}

/** The contrast ratio of WCAG 2.2. */
function contrast(a: Rgb, b: Rgb): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(rgb: Rgb): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
