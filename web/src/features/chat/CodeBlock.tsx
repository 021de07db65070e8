import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { type ColouredPiece, colourCode } from "@/editor/codeColours";
import { IconButton } from "@/ui/IconButton";
import { Scrollable } from "@/ui/Scrollable";

/** Program text in an answer, coloured as in the editor. */
export function CodeBlock({ code, language }: { code: string; language: string }) {
  const pieces = useColours(code, language);
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(code);
    setCopied(true);
  };
  return (
    <div className="group relative overflow-hidden rounded-md border border-line bg-sunken">
      <Scrollable
        label={language === "" ? "Code" : `Code in ${language}`}
        className="overflow-x-auto"
      >
        <pre className="w-max min-w-full px-3 py-2.5 pr-10 font-mono text-sm leading-[1.55]">
          <code>
            {pieces
              ? pieces.map(({ text, className }, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the pieces are drawn anew together
                  <span key={index} className={className}>
                    {text}
                  </span>
                ))
              : code}
          </code>
        </pre>
      </Scrollable>
      <IconButton
        size="sm"
        label={isCopied ? "Copied" : "Copy the code"}
        icon={isCopied ? <Check /> : <Copy />}
        onClick={() => void copy().catch(() => undefined)}
        className="absolute top-1.5 right-1.5 bg-sunken"
      />
    </div>
  );
}

function useColours(code: string, language: string): ColouredPiece[] | undefined {
  const [coloured, setColoured] = useState<{ code: string; pieces: ColouredPiece[] }>();
  useEffect(() => {
    let isCurrent = true;
    void colourCode(code, language).then((pieces) => {
      if (isCurrent && pieces) setColoured({ code, pieces });
    });
    return () => {
      isCurrent = false;
    };
  }, [code, language]);
  // Colours of an earlier text would hide what has come since.
  return coloured?.code === code ? coloured.pieces : undefined;
}
