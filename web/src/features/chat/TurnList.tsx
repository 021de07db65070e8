import { ArrowDown } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/ui/Button";
import { Scrollable } from "@/ui/Scrollable";
import type { Exchange } from "./exchange";
import { type Retry, TurnItem } from "./TurnItem";

/** Nearer to the end than this counts as being at it, in pixels. */
const NEAR = 48;

/** The conversation. Stays at its end while an answer comes in, unless scrolled away. */
export function TurnList({
  workspaceId,
  exchanges,
  openProposals,
  onRetry,
}: {
  workspaceId: string;
  exchanges: readonly Exchange[];
  openProposals: ReadonlySet<string>;
  onRetry: Retry | undefined;
}) {
  const scroller = useRef<HTMLElement>(null);
  const content = useRef<HTMLOListElement>(null);
  const isFollowing = useRef(true);
  const [isAway, setAway] = useState(false);

  useEffect(() => {
    const box = scroller.current;
    if (!box || !content.current) return undefined;
    const follow = () => {
      if (isFollowing.current) box.scrollTop = box.scrollHeight;
    };
    const sizes = new ResizeObserver(follow);
    sizes.observe(content.current);
    sizes.observe(box);
    follow();
    return () => sizes.disconnect();
  }, []);

  // What was just asked is what a person wants to see, wherever they were.
  const length = exchanges.length;
  const lastLength = useRef(length);
  useEffect(() => {
    if (length > lastLength.current) {
      isFollowing.current = true;
      if (scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
    }
    lastLength.current = length;
  }, [length]);

  const lastTop = useRef(0);
  const onScroll = () => {
    const box = scroller.current;
    if (!box) return;
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    // What was added since the page scrolled itself takes nobody from the end.
    const isUpwards = box.scrollTop < lastTop.current;
    lastTop.current = box.scrollTop;
    if (isAtEnd || isUpwards) isFollowing.current = isAtEnd;
    setAway(!isFollowing.current);
  };
  const goToEnd = () => {
    isFollowing.current = true;
    if (scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  };
  return (
    <div className="relative min-h-0 flex-1">
      <Scrollable
        ref={scroller}
        label="Conversation"
        onScroll={onScroll}
        className="absolute inset-0 overflow-y-auto -outline-offset-2"
      >
        <ol ref={content} className="flex flex-col divide-y divide-line">
          {exchanges.map((exchange) => (
            <TurnItem
              key={exchange.key}
              workspaceId={workspaceId}
              exchange={exchange}
              isUndecided={proposalsOf(exchange).some((id) => openProposals.has(id))}
              onRetry={onRetry}
            />
          ))}
        </ol>
      </Scrollable>
      {isAway ? (
        <Button
          size="sm"
          icon={<ArrowDown />}
          onClick={goToEnd}
          className="absolute bottom-2 left-1/2 -translate-x-1/2"
        >
          To the end
        </Button>
      ) : null}
    </div>
  );
}

function proposalsOf({ log }: Exchange): string[] {
  return (log?.blocks ?? []).flatMap((block) =>
    block.kind === "proposal" ? [block.proposalId] : [],
  );
}
