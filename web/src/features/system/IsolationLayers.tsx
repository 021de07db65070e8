import { ShieldAlert, ShieldCheck, ShieldX } from "lucide-react";
import type { Layer, LayerState } from "@/api/schema";

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
          <li key={name} className="flex gap-3 border-line border-b px-4 py-3 last:border-0">
            <Icon aria-hidden className={`mt-px size-4.5 shrink-0 ${tone}`} />
            <div className="flex min-w-0 flex-1 flex-col gap-1">
              <p className="flex flex-wrap justify-between gap-x-4">
                <span className="font-medium">{name}</span>
                <span className={`font-medium text-sm ${tone}`}>{word}</span>
              </p>
              <p className="break-words text-muted">{detail}</p>
              {fix ? (
                <pre className="mt-1 overflow-x-auto rounded-sm bg-canvas px-2.5 py-1.5 font-mono text-sm">
                  <code>{fix}</code>
                </pre>
              ) : null}
            </div>
          </li>
        );
      })}
    </ul>
  );
}
