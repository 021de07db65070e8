/**
 * Markdown from a model, which is as trustworthy as any stranger: no HTML, no
 * address but http(s) and mail, and no picture that the browser would fetch
 * from elsewhere by itself.
 */
import { ExternalLink, ImageOff } from "lucide-react";
import { isValidElement, memo, type ReactNode } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { Scrollable } from "@/ui/Scrollable";
import { CodeBlock } from "./CodeBlock";
import { safeAddress } from "./safeAddress";

const PLUGINS = [remarkGfm];

const COMPONENTS: Components = {
  a: ({ href, children }) => <SafeLink href={href}>{children}</SafeLink>,
  img: ({ src, alt }) => (
    <SafeLink href={typeof src === "string" ? src : undefined}>
      <ImageOff aria-hidden className="mr-1 inline size-3.5" />
      {alt || "Picture"} (not loaded)
    </SafeLink>
  ),
  pre: ({ children }) => <Block>{children}</Block>,
  code: ({ children }) => (
    <code className="rounded-sm bg-hover px-1 py-px font-mono text-[0.92em] break-words">
      {children}
    </code>
  ),
  // A page has one first heading; an answer's are lower and no larger than its text needs.
  h1: ({ children }) => <Heading>{children}</Heading>,
  h2: ({ children }) => <Heading>{children}</Heading>,
  h3: ({ children }) => <Heading>{children}</Heading>,
  h4: ({ children }) => <Heading>{children}</Heading>,
  h5: ({ children }) => <Heading>{children}</Heading>,
  h6: ({ children }) => <Heading>{children}</Heading>,
  ul: ({ children }) => <ul className="list-disc pl-5 [&_li]:my-0.5">{children}</ul>,
  ol: ({ children, start }) => (
    <ol start={start} className="list-decimal pl-5 [&_li]:my-0.5">
      {children}
    </ol>
  ),
  blockquote: ({ children }) => (
    <blockquote className="border-line-strong border-l-2 pl-3 text-muted">{children}</blockquote>
  ),
  hr: () => <hr className="border-line" />,
  table: ({ children }) => (
    <Scrollable label="Table" className="overflow-x-auto">
      <table className="border-collapse text-sm [&_td]:border [&_td]:border-line [&_td]:px-2 [&_td]:py-1 [&_th]:border [&_th]:border-line [&_th]:bg-hover [&_th]:px-2 [&_th]:py-1 [&_th]:text-left">
        {children}
      </table>
    </Scrollable>
  ),
  input: ({ checked }) => (
    <span role="img" aria-label={checked ? "Done" : "To do"}>
      {checked ? "☑" : "☐"}{" "}
    </span>
  ),
};

/** Prose of an answer. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className="flex min-w-0 flex-col gap-2.5 leading-relaxed [overflow-wrap:anywhere]">
      <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS} skipHtml>
        {text}
      </ReactMarkdown>
    </div>
  );
});

function Heading({ children }: { children: ReactNode }) {
  return <p className="mt-1 font-semibold text-md">{children}</p>;
}

function SafeLink({ href, children }: { href: string | undefined; children: ReactNode }) {
  const address = safeAddress(href);
  if (!address) return <span>{children}</span>;
  return (
    <a
      href={address}
      target="_blank"
      rel="noopener noreferrer nofollow"
      title={address}
      className="text-accent underline underline-offset-2"
    >
      {children}
      <ExternalLink aria-hidden className="ml-0.5 inline size-3" />
      <span className="sr-only"> (opens in a new tab)</span>
    </a>
  );
}

/** Takes the code and its language out of what Markdown makes of a fence. */
function Block({ children }: { children: ReactNode }) {
  if (!isValidElement<{ className?: string; children?: ReactNode }>(children)) {
    return <CodeBlock code={String(children ?? "")} language="" />;
  }
  const { className, children: code } = children.props;
  const language = /language-(\S+)/u.exec(className ?? "")?.[1] ?? "";
  return <CodeBlock code={String(code ?? "").replace(/\n$/u, "")} language={language} />;
}
