//! A person whose only model is the real local one asks for a change.

use atelier_api::event::TurnEvent;
use atelier_api::proposal::{Proposal, ProposalState};
use atelier_api::turn::Chat;
use atelier_tests::{LocalSetup, Setup, TestApp, question};

const WORDS: &str = r#""""Count words in text files."""
import argparse
import sys


def count_words(text):
    """Return how many words a text has."""
    return len(text.split())


def read(path):
    """Return the text of a file."""
    with open(path, encoding="utf-8") as file:
        return file.read()


def main(argv=None):
    """Print how many words each file has, and all together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", help="the files to count")
    parser.add_argument("--top", type=int, default=10, help="show only so many")
    args = parser.parse_args(argv)

    total = 0
    counts = []
    for path in args.files:
        try:
            count = count_words(read(path))
        except OSError as error:
            print(f"{path}: {error}", file=sys.stderr)
            return 1
        counts.append((count, path))
        total += count
    for count, path in sorted(counts, reverse=True)[: args.top]:
        print(f"{count:8} {path}")
    print(f"{total:8} total")
    return 0


if __name__ == "__main__":
    sys.exit(main())
"#;

const SERVER: &str = r#"const http = require("node:http");
const fs = require("node:fs");
const path = require("node:path");

const args = process.argv.slice(2);
let port = 8080;
let root = ".";
for (let i = 0; i < args.length; i++) {
  if (args[i] === "--port") {
    port = Number(args[++i]);
  } else {
    root = args[i];
  }
}

const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
};

function find(url) {
  const name = decodeURIComponent(new URL(url, "http://x").pathname);
  const file = path.join(root, path.normalize(name));
  return name.endsWith("/") ? path.join(file, "index.html") : file;
}

const server = http.createServer((request, response) => {
  const file = find(request.url);
  fs.readFile(file, (error, data) => {
    if (error) {
      response.writeHead(404).end("not found\n");
      return;
    }
    const type = types[path.extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type }).end(data);
  });
});

server.listen(port, () => console.log(`http://localhost:${port}`));
"#;

async fn app() -> Option<TestApp> {
    let Some(local) = LocalSetup::real() else {
        println!("not run: TEST_LOCAL_MODEL_PROGRAM and TEST_LOCAL_MODEL_WEIGHTS are not set");
        return None;
    };
    let mut setup = Setup::sqlite().await.without_model();
    setup.local = local;
    Some(setup.start().await)
}

#[tokio::test]
async fn a_wish_for_a_flag_becomes_a_proposal_that_applies() {
    let Some(app) = app().await else { return };
    let owner = app.owner();
    for (path, text, kept) in [
        ("words.py", WORDS, "def count_words(text):\n"),
        ("web/server.js", SERVER, "function find(url) {\n"),
    ] {
        let files = [("README.md", "# Tools\n"), (path, text)];
        let workspace = owner.workspace_with(path, &files).await.id;
        let before = owner.paths(workspace).await;
        let ran = owner
            .ask(&Chat {
                files: vec![path.to_owned()],
                ..question(workspace, "add a --verbose flag")
            })
            .await;
        println!("{}", ran.text());
        let applied: Proposal = owner.apply(ran.proposal()).await.ok();
        assert_eq!(applied.summary.state, ProposalState::Applied);
        let after = owner.text(workspace, path).await;
        assert!(
            after.contains("--verbose") && after.contains(kept),
            "{after}"
        );
        assert_eq!(owner.paths(workspace).await, before);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_question_is_answered_and_changes_nothing() {
    let Some(app) = app().await else { return };
    let owner = app.owner();
    let workspace = owner
        .workspace_with("words", &[("words.py", WORDS)])
        .await
        .id;
    let ran = owner
        .ask(&Chat {
            files: vec!["words.py".to_owned()],
            ..question(workspace, "In one sentence: what does this file do?")
        })
        .await;
    println!("{}", ran.text());
    assert!(ran.text().to_lowercase().contains("words"), "{ran:?}");
    let edits = |event: &TurnEvent| {
        matches!(
            event,
            TurnEvent::Proposal { .. } | TurnEvent::EditFailed { .. }
        )
    };
    assert!(
        !ran.events.iter().any(|event| edits(&event.event)),
        "{ran:?}"
    );
    app.finish().await;
}
