//! What a browser fetches before the first page can be used.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};

use super::server::Server;

/// Sums what the page, all that it names and all that its modules import
/// statically weigh on the wire, and prints it.
///
/// # Errors
/// The server doesn't serve a file that another one names.
pub(super) fn measure(server: &Server) -> Result<()> {
    let mut wanted = vec!["/".to_owned()];
    let mut seen = BTreeSet::new();
    let (mut bytes, mut uncompressed) = (0, 0);
    while let Some(path) = wanted.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let sent = server.client().get_encoded(&path, "br")?;
        if sent.header("content-encoding") != Some("br") {
            uncompressed += 1;
        }
        bytes += sent.body.len();
        let plain = server.client().get_encoded(&path, "identity")?.body;
        let is_page = path == "/";
        let is_module = Path::new(&path).extension() == Some("js".as_ref());
        if is_page || is_module {
            let text = String::from_utf8(plain).with_context(|| format!("{path} is no text"))?;
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            wanted.extend(if is_page {
                named_in_page(&text)
            } else {
                imported_by_module(&text, folder)
            });
        }
    }
    println!("| files | brotli, KiB | not compressed |\n|---|---|---|");
    let kib = bytes.div_ceil(1024);
    println!("| {} | {kib} | {uncompressed} |\n", seen.len());
    Ok(())
}

fn named_in_page(page: &str) -> Vec<String> {
    after_each(page, &["src=\"/assets/", "href=\"/assets/"])
        .map(|rest| format!("/assets/{rest}"))
        .collect()
}

/// Bundled modules name their neighbours as `from"./x.js"` or `import"./x.js"`;
/// `import("./x.js")` is for later and doesn't count.
fn imported_by_module(module: &str, folder: &str) -> Vec<String> {
    after_each(module, &["from\"./", "import\"./"])
        .map(|rest| format!("{folder}/{rest}"))
        .collect()
}

/// What stands between each of `openings` and the next double quote.
fn after_each<'t>(text: &'t str, openings: &'t [&str]) -> impl Iterator<Item = &'t str> {
    openings.iter().flat_map(move |opening| {
        text.match_indices(opening)
            .filter_map(move |(at, _)| text[at + opening.len()..].split_once('"'))
            .map(|(inside, _)| inside)
    })
}

#[cfg(test)]
mod tests {
    use super::{imported_by_module, named_in_page};

    #[test]
    fn the_page_and_its_modules_name_what_is_fetched() {
        let page = r#"<script type="module" src="/assets/index-1.js"></script>
            <link rel="modulepreload" href="/assets/react-2.js"><link href="/assets/a.css">
            <a href="/design">"#;
        let mut named = named_in_page(page);
        named.sort();
        assert_eq!(
            named,
            ["/assets/a.css", "/assets/index-1.js", "/assets/react-2.js"]
        );
        let module =
            r#"import{a}from"./react-2.js";import"./side-3.js";const b=()=>import("./late-4.js");"#;
        assert_eq!(
            imported_by_module(module, "/assets"),
            ["/assets/react-2.js", "/assets/side-3.js"]
        );
    }
}
