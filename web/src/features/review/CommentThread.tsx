import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useId, useState } from "react";
import { keys } from "@/api/queries/keys";
import { createComment, deleteComment } from "@/api/queries/proposals";
import { sessionQuery } from "@/api/queries/session";
import type { Comment, CreateComment } from "@/api/schema";
import { ago } from "@/lib/format";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { ErrorState } from "@/ui/ErrorState";
import { IconButton } from "@/ui/IconButton";
import { TextArea } from "@/ui/Input";
import { Select } from "@/ui/Select";
import type { LineRange } from "./lineRange";

const SHEET = "border-line border-t bg-panel px-3 py-2 font-sans text-sm leading-normal";

/** Most lines that the list of where a comment ends offers. */
const OFFERED = 200;

/** What people say of the same thing. */
export function CommentThread({
  comments,
  label,
  onReply,
}: {
  comments: readonly Comment[];
  /** What they are on, as in "change 2" or "lines 3–5". */
  label: string;
  /** For lines, which have no other button of their own. */
  onReply?: () => void;
}) {
  if (comments.length === 0) return null;
  const isOutdated = comments.some(({ outdated }) => outdated);
  return (
    <div className={SHEET}>
      {onReply || isOutdated ? (
        <p className="mb-1 flex flex-wrap items-center gap-2 text-muted">
          <span className="first-letter:uppercase">{label}</span>
          {isOutdated ? (
            <Badge tone="warning">Outdated: these lines have changed since</Badge>
          ) : null}
        </p>
      ) : null}
      <ul aria-label={`Comments on ${label}`} className="flex flex-col gap-1.5">
        {comments.map((comment) => (
          <One key={comment.id} comment={comment} />
        ))}
      </ul>
      {onReply ? (
        <Button
          size="sm"
          variant="ghost"
          aria-label={`Reply on ${label}`}
          onClick={onReply}
          className="-ml-2 mt-1"
        >
          Reply
        </Button>
      ) : null}
    </div>
  );
}

function One({ comment }: { comment: Comment }) {
  const client = useQueryClient();
  const session = useQuery(sessionQuery);
  const remove = useMutation({
    mutationFn: () => deleteComment(comment.id),
    onSettled: () => client.invalidateQueries({ queryKey: keys.comments(comment.proposalId) }),
  });
  const user = session.data?.user;
  const isOwn = user?.id === comment.userId;
  return (
    <li className="flex items-start gap-2">
      <p className="min-w-0 flex-1 whitespace-pre-wrap [overflow-wrap:anywhere]">
        {comment.body}{" "}
        <span className="text-muted">
          – {isOwn ? "you" : "a reviewer"}, {ago(comment.createdAt)}
        </span>
      </p>
      {isOwn ? (
        <IconButton
          size="sm"
          label="Delete this comment"
          icon={<Trash2 />}
          disabled={remove.isPending}
          onClick={() => remove.mutate()}
        />
      ) : null}
    </li>
  );
}

/** Room for a comment on the proposal, a hunk, or lines of one. */
export function WriteComment({
  proposalId,
  hunkId,
  lines,
  mostLines = 1,
  onLines,
  label,
  onDone,
}: {
  proposalId: string;
  hunkId?: string;
  lines?: LineRange;
  /** How many lines it can be on, from the first. */
  mostLines?: number;
  onLines?: (lines: LineRange) => void;
  label: string;
  onDone: () => void;
}) {
  const [body, setBody] = useState("");
  const client = useQueryClient();
  const send = useMutation({
    mutationFn: () => {
      const comment: CreateComment = { body, ...(hunkId ? { hunkId } : {}), ...lines };
      return createComment(proposalId, comment);
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: keys.comments(proposalId) });
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (body.trim() !== "" && !send.isPending) send.mutate();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") onDone();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
  };
  return (
    <form onSubmit={submit} onKeyDown={onKeyDown} className={`${SHEET} flex flex-col gap-2`}>
      {lines ? <LinesOf lines={lines} most={mostLines} onLines={onLines} /> : null}
      <TextArea
        autoFocus
        aria-label={`Comment on ${label}`}
        placeholder="Say something"
        maxLength={4096}
        value={body}
        onChange={(event) => setBody(event.target.value)}
      />
      {send.isError ? <ErrorState error={send.error} /> : null}
      <div className="flex justify-end gap-2">
        <Button size="sm" variant="ghost" onClick={onDone}>
          Cancel
        </Button>
        <Button size="sm" type="submit" busy={send.isPending} disabled={body.trim() === ""}>
          Comment
        </Button>
      </div>
    </form>
  );
}

/** Which lines it is on; where they end can be changed. */
function LinesOf({
  lines,
  most,
  onLines,
}: {
  lines: LineRange;
  most: number;
  onLines: ((lines: LineRange) => void) | undefined;
}) {
  const id = useId();
  const first = lines.line + 1;
  const side = lines.side === "old" ? "old line" : "line";
  if (most < 2 || !onLines) {
    return (
      <p className="text-muted">
        On {side} {first}
      </p>
    );
  }
  return (
    <p className="flex flex-wrap items-center gap-2 text-muted">
      <label htmlFor={id}>
        From {side} {first} to
      </label>
      <Select
        id={id}
        value={lines.lineCount}
        onChange={(event) => onLines({ ...lines, lineCount: Number(event.target.value) })}
      >
        {Array.from({ length: Math.min(most, OFFERED) }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines never move
          <option key={index} value={index + 1}>
            {first + index}
          </option>
        ))}
      </Select>
    </p>
  );
}
