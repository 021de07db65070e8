//! How a project wants its text files to be: what `.gitattributes` and
//! `.editorconfig` say of line endings, encodings and the last newline.
//!
//! Only what matters to a file's bytes is read. For line endings git's word
//! goes before the editors', because git would change them anyway.

mod glob;

use std::collections::HashMap;
use std::rc::Rc;

use atelier_base::WorkspacePath;

use crate::encoding::Encoding;
use crate::line::Ending;
use glob::Glob;

/// The largest file of rules that is read, in bytes; a larger one says nothing.
const RULES_BYTES: usize = 64 * 1024;

/// How a project wants a text file to be; `None` where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// How its lines end.
    pub ending: Option<Ending>,
    /// Its encoding.
    pub encoding: Option<Encoding>,
    /// Whether it begins with a byte order mark; only ever said of UTF-8.
    pub has_mark: Option<bool>,
    /// Whether it ends with a newline.
    pub final_newline: Option<bool>,
}

impl Style {
    /// Returns the files that can say something of a path: `.gitattributes`
    /// and `.editorconfig` of each folder it lies in, the outermost first.
    pub fn sources(path: &WorkspacePath) -> Vec<WorkspacePath> {
        let mut folders: Vec<WorkspacePath> =
            std::iter::successors(path.parent(), WorkspacePath::parent).collect();
        folders.reverse();
        let within = |folder: Option<&WorkspacePath>, name: &str| {
            let text = folder.map_or(name.to_owned(), |folder| format!("{folder}/{name}"));
            WorkspacePath::new(&text).ok()
        };
        let all = std::iter::once(None).chain(folders.iter().map(Some));
        all.flat_map(|folder| {
            [
                within(folder, ".gitattributes"),
                within(folder, ".editorconfig"),
            ]
        })
        .flatten()
        .collect()
    }

    /// Returns what the files of [`Self::sources`] say of a path; `read` gives
    /// a file's text, or `None` when there is none.
    pub fn of(path: &WorkspacePath, read: impl FnMut(&WorkspacePath) -> Option<String>) -> Self {
        Rules::default().style(path, read)
    }

    /// Returns a new file's text in this style. What the text itself says goes
    /// before: line endings of its own, a mark, and, unless `adds_newline`, the
    /// end without a newline.
    pub(crate) fn dress(self, text: &str, adds_newline: bool) -> String {
        let mut text = text.to_owned();
        if adds_newline
            && self.final_newline == Some(true)
            && !text.is_empty()
            && !text.ends_with('\n')
        {
            text.push('\n');
        }
        if self.ending == Some(Ending::CrLf) && !text.contains("\r\n") {
            text = text.replace('\n', "\r\n");
        }
        if self.has_mark == Some(true) && !text.starts_with(crate::sheet::BOM) {
            text.insert(0, crate::sheet::BOM);
        }
        text
    }
}

/// The rules read so far.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// By their files.
    sheets: HashMap<WorkspacePath, Rc<Sheet>>,
    /// What may say something of the files right in a folder, by its path.
    chains: HashMap<String, Rc<[Link]>>,
}

/// Rules that may say something of a file.
#[derive(Clone, Debug)]
struct Link {
    is_git: bool,
    /// How many bytes of the file's path are the folder that the rules are in.
    inner: usize,
    sheet: Rc<Sheet>,
}

/// The rules of one file.
#[derive(Debug, Default)]
struct Sheet {
    /// Whether the folders above say nothing.
    is_root: bool,
    rules: Vec<Rule>,
}

/// What is said of the paths that a pattern fits.
#[derive(Debug)]
struct Rule {
    glob: Glob,
    said: Vec<Said>,
}

/// One thing that is said of a file; the last one counts.
#[derive(Clone, Copy, Debug)]
enum Said {
    Ending(Option<Ending>),
    Encoding(Option<Encoding>, Option<bool>),
    FinalNewline(Option<bool>),
}

impl Rules {
    /// Returns what is said of a path.
    pub(crate) fn style(
        &mut self,
        path: &WorkspacePath,
        read: impl FnMut(&WorkspacePath) -> Option<String>,
    ) -> Style {
        let (mut git, mut editor) = (Style::default(), Style::default());
        for link in &*self.chain(path, read) {
            let style = if link.is_git { &mut git } else { &mut editor };
            if link.sheet.is_root {
                *style = Style::default();
            }
            let relative = path.as_str().get(link.inner..).unwrap_or_default();
            for rule in &link.sheet.rules {
                if rule.glob.fits(relative) {
                    rule.said.iter().for_each(|said| said.put(style));
                }
            }
        }
        Style {
            ending: git.ending.or(editor.ending),
            encoding: git.encoding.or(editor.encoding),
            has_mark: editor.has_mark,
            final_newline: editor.final_newline,
        }
    }

    /// Returns the rules that may say something of a path, the outermost
    /// first.
    fn chain(
        &mut self,
        path: &WorkspacePath,
        mut read: impl FnMut(&WorkspacePath) -> Option<String>,
    ) -> Rc<[Link]> {
        let folder = path.as_str().rsplit_once('/');
        let folder = folder.map_or("", |(folder, _)| folder);
        if let Some(known) = self.chains.get(folder) {
            return Rc::clone(known);
        }
        let link = |source: WorkspacePath| {
            let is_git = source.as_str().ends_with(".gitattributes");
            let inner = source.parent();
            let inner = inner.map_or(0, |folder| folder.as_str().len() + 1);
            let sheet = self.sheets.entry(source).or_insert_with_key(|source| {
                let text = read(source).filter(|text| text.len() <= RULES_BYTES);
                let text = text.unwrap_or_default();
                Rc::new(if is_git {
                    of_git(&text)
                } else {
                    of_editors(&text)
                })
            });
            let sheet = Rc::clone(sheet);
            let says = sheet.is_root || !sheet.rules.is_empty();
            says.then_some(Link {
                is_git,
                inner,
                sheet,
            })
        };
        let chain: Rc<[Link]> = Style::sources(path).into_iter().filter_map(link).collect();
        self.chains.insert(folder.to_owned(), Rc::clone(&chain));
        chain
    }
}

impl Said {
    fn put(self, style: &mut Style) {
        match self {
            Self::Ending(ending) => style.ending = ending,
            Self::Encoding(encoding, mark) => {
                (style.encoding, style.has_mark) = (encoding, mark);
            }
            Self::FinalNewline(newline) => style.final_newline = newline,
        }
    }
}

/// Reads a `.gitattributes`.
fn of_git(text: &str) -> Sheet {
    let mut sheet = Sheet::default();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') || line.starts_with("[attr]") {
            continue;
        }
        let (pattern, attributes) = split_pattern(line);
        let said: Vec<Said> = attributes
            .split_whitespace()
            .filter_map(of_attribute)
            .collect();
        if !said.is_empty() {
            let glob = Glob::of_git(&pattern);
            sheet.rules.push(Rule { glob, said });
        }
    }
    sheet
}

/// Splits a line at the end of its pattern, which may be in quotes.
fn split_pattern(line: &str) -> (String, &str) {
    if let Some(rest) = line.strip_prefix('"')
        && let Some((pattern, rest)) = rest.split_once('"')
    {
        return (pattern.to_owned(), rest);
    }
    let end = line.find(char::is_whitespace).unwrap_or(line.len());
    (line[..end].to_owned(), &line[end..])
}

fn of_attribute(word: &str) -> Option<Said> {
    match word {
        "eol=crlf" => Some(Said::Ending(Some(Ending::CrLf))),
        "eol=lf" => Some(Said::Ending(Some(Ending::Lf))),
        "-text" | "binary" | "!eol" | "-eol" => Some(Said::Ending(None)),
        "!working-tree-encoding" | "-working-tree-encoding" => Some(Said::Encoding(None, None)),
        _ => {
            let name = word.strip_prefix("working-tree-encoding=")?;
            Some(Said::Encoding(name.parse().ok(), None))
        }
    }
}

/// Reads an `.editorconfig`.
fn of_editors(text: &str) -> Sheet {
    let mut sheet = Sheet::default();
    let text = text.strip_prefix(crate::sheet::BOM).unwrap_or(text);
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(pattern) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            let (glob, said) = (Glob::of_editors(pattern), Vec::new());
            sheet.rules.push(Rule { glob, said });
            continue;
        }
        let Some((key, value)) = line.split_once('=').or_else(|| line.split_once(':')) else {
            continue;
        };
        let (key, value) = (key.trim().to_lowercase(), value.trim().to_lowercase());
        match sheet.rules.last_mut() {
            Some(rule) => rule.said.extend(of_property(&key, &value)),
            None => sheet.is_root |= key == "root" && value == "true",
        }
    }
    sheet
}

fn of_property(key: &str, value: &str) -> Option<Said> {
    Some(match (key, value) {
        ("end_of_line", "lf") => Said::Ending(Some(Ending::Lf)),
        ("end_of_line", "crlf") => Said::Ending(Some(Ending::CrLf)),
        ("end_of_line", _) => Said::Ending(None),
        ("charset", "utf-8-bom") => Said::Encoding(Some(Encoding::Utf8), Some(true)),
        ("charset", name) => Said::Encoding(name.parse().ok(), None),
        ("insert_final_newline", "true") => Said::FinalNewline(Some(true)),
        ("insert_final_newline", "false") => Said::FinalNewline(Some(false)),
        ("insert_final_newline", _) => Said::FinalNewline(None),
        _ => return None,
    })
}
