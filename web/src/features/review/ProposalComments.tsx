import { MessageSquarePlus } from "lucide-react";
import { useState } from "react";
import { Button } from "@/ui/Button";
import { CommentThread } from "./CommentThread";

/** What people say of a proposal as a whole. */
export function ProposalComments({ proposalId }: { proposalId: string }) {
  const [isWriting, setWriting] = useState(false);
  return (
    <section aria-label="Comments on the proposal">
      <CommentThread
        proposalId={proposalId}
        label="the proposal"
        isWriting={isWriting}
        onDone={() => setWriting(false)}
      />
      {isWriting ? null : (
        <Button
          size="sm"
          variant="ghost"
          icon={<MessageSquarePlus />}
          onClick={() => setWriting(true)}
          className="m-2"
        >
          Comment on the proposal
        </Button>
      )}
    </section>
  );
}
