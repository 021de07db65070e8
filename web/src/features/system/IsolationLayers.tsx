import { ShieldAlert, ShieldCheck, ShieldX } from "lucide-react";
import type { Layer, LayerState } from "@/api/schema";
import { sentence } from "@/lib/format";
import { CopyCode } from "@/ui/CopyCode";

const LOOKS: Record<LayerState, { icon: typeof ShieldCheck; word: string; tone: string }> = {
  active: { icon: ShieldCheck, word: "Active", tone: "text-success" },
  weaker: { icon: ShieldAlert, word: "Weaker", tone: "text-warning" },
  missing: { icon: ShieldX, word: "Missing", tone: "text-danger" },
};

/** Each layer of isolation: how it stands, what was found, what would enable it. */
export function IsolationLayers({ layers }: { layers: Layer[] }) {
  return (
    <ul aria-label="Layers of isolation">
      {layers.map(({ name, state, detail, fix }) => {
        const { icon: Icon, word, tone } = LOOKS[state];
        return (
          <li key={name} className="flex gap-3 border-line border-b px-4 py-2.5 last:border-0">
            <Icon aria-hidden className={`mt-px size-4.5 shrink-0 ${tone}`} />
            <div className="min-w-0 flex-1 sm:grid sm:grid-cols-[11rem_1fr] sm:gap-x-4">
              <p className="font-medium first-letter:uppercase">{name}</p>
              <p className="break-words text-muted">{sentence(detail)}</p>
              {fix ? (
                <CopyCode
                  text={fix}
                  label={`Copy the fix for ${name}`}
                  className="col-start-2 mt-1"
                />
              ) : null}
            </div>
            <span className={`font-medium text-sm ${tone}`}>{word}</span>
          </li>
        );
      })}
    </ul>
  );
}
