/**
 * Key combinations as text: `Mod+Shift+P`. `Mod` is Command on Apple's
 * machines and Control elsewhere.
 */

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
}

const APPLE: Record<string, string> = { Mod: "⌘", Shift: "⇧", Alt: "⌥", Ctrl: "⌃" };
const NAMES: Record<string, string> = {
  Mod: "Ctrl",
  Enter: "Enter",
  Escape: "Esc",
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
};

/** True on Apple's machines, where Command takes the place of Control. */
export function isApple(platform: string = globalThis.navigator?.platform ?? ""): boolean {
  return /mac|iphone|ipad/i.test(platform);
}

/** True when `pressed` is exactly the combination. */
export function matches(combination: string, pressed: Pressed, apple = isApple()): boolean {
  const parts = combination.split("+");
  const key = parts.at(-1) ?? "";
  const wants = (name: string) => parts.includes(name, 0) && name !== key;
  const mod = apple ? pressed.metaKey : pressed.ctrlKey;
  const other = apple ? pressed.ctrlKey : pressed.metaKey;
  return (
    pressed.key.toLowerCase() === key.toLowerCase() &&
    mod === (wants("Mod") || (!apple && wants("Ctrl"))) &&
    other === (apple && wants("Ctrl")) &&
    pressed.shiftKey === wants("Shift") &&
    pressed.altKey === wants("Alt")
  );
}

/** The combination's keys as they are printed on the keyboard. */
export function keyNames(combination: string, apple = isApple()): string[] {
  return combination.split("+").map((key) => {
    const name = (apple ? APPLE[key] : undefined) ?? NAMES[key] ?? key;
    return name.length === 1 ? name.toUpperCase() : name;
  });
}
