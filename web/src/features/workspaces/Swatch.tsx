/** Leads to hues that lie far apart, in degrees. */
const GOLDEN_ANGLE = 137.5;

/** A workspace's square of colour and first letter, always the same for its id. */
export function Swatch({ id, name }: { id: string; name: string }) {
  // The last digits of an id are random; the first are its time.
  const hue = (Number.parseInt(id.slice(-4), 16) * GOLDEN_ANGLE) % 360;
  return (
    <span
      aria-hidden="true"
      className="flex size-8 shrink-0 items-center justify-center rounded-md font-semibold text-md"
      style={{
        background: `light-dark(oklch(0.91 0.06 ${hue}), oklch(0.34 0.07 ${hue}))`,
        color: `light-dark(oklch(0.38 0.11 ${hue}), oklch(0.88 0.08 ${hue}))`,
      }}
    >
      {[...name][0]?.toUpperCase() ?? "?"}
    </span>
  );
}
