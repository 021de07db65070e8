//! Patches as models and people write them.

/// A SEARCH/REPLACE block; without `old` it makes the file.
pub(crate) fn search_replace(path: &str, old: &str, new: &str) -> String {
    let lines = |text: &str| match text {
        "" => String::new(),
        text => format!("{}\n", text.trim_end_matches('\n')),
    };
    format!(
        "{path}\n<<<<<<< SEARCH\n{}=======\n{}>>>>>>> REPLACE\n",
        lines(old),
        lines(new)
    )
}

/// An `apply_patch` envelope around sections.
pub(crate) fn envelope(sections: &[String]) -> String {
    format!("*** Begin Patch\n{}*** End Patch\n", sections.concat())
}

/// A section that makes a file.
pub(crate) fn add(path: &str, text: &str) -> String {
    let lines = text
        .lines()
        .fold(String::new(), |all, line| format!("{all}+{line}\n"));
    format!("*** Add File: {path}\n{lines}")
}

/// A section that deletes a file.
pub(crate) fn delete(path: &str) -> String {
    format!("*** Delete File: {path}\n")
}

/// A section that changes a line.
pub(crate) fn update(path: &str, old: &str, new: &str) -> String {
    format!("*** Update File: {path}\n@@\n-{old}\n+{new}\n")
}

/// A section that moves a file and changes a line of it.
pub(crate) fn move_to(path: &str, to: &str, old: &str, new: &str) -> String {
    format!("*** Update File: {path}\n*** Move to: {to}\n@@\n-{old}\n+{new}\n")
}

/// A patch that makes one file.
pub(crate) fn add_file(path: &str, text: &str) -> String {
    envelope(&[add(path, text)])
}

/// A whole file in a fence headed by its name.
pub(crate) fn whole(path: &str, text: &str) -> String {
    format!("{path}\n```\n{text}\n```\n")
}
