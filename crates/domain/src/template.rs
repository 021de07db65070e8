//! The built-in starting points of a workspace.

/// A built-in starting point.
#[derive(Clone, Copy, Debug)]
pub struct Template {
    /// The id to create with.
    pub id: &'static str,
    /// The name shown.
    pub name: &'static str,
    /// One sentence on what is in it.
    pub description: &'static str,
    /// Its files: path and text.
    pub files: &'static [(&'static str, &'static str)],
}

/// Every template, in the order shown.
pub const TEMPLATES: [Template; 3] = [
    Template {
        id: "python",
        name: "Python",
        description: "A small module, a script that uses it and a test; standard library only.",
        files: &[
            ("README.md", include_str!("template/python/README.md")),
            ("main.py", include_str!("template/python/main.py")),
            ("words.py", include_str!("template/python/words.py")),
            (
                "test_words.py",
                include_str!("template/python/test_words.py"),
            ),
        ],
    },
    Template {
        id: "node",
        name: "Node",
        description: "An ES module, a script that uses it and a test for Node's own runner.",
        files: &[
            ("README.md", include_str!("template/node/README.md")),
            ("package.json", include_str!("template/node/package.json")),
            ("index.js", include_str!("template/node/index.js")),
            ("words.js", include_str!("template/node/words.js")),
            ("words.test.js", include_str!("template/node/words.test.js")),
        ],
    },
    Template {
        id: "static-site",
        name: "Static site",
        description: "A page, a style sheet and a script, without a build step.",
        files: &[
            ("README.md", include_str!("template/static-site/README.md")),
            (
                "index.html",
                include_str!("template/static-site/index.html"),
            ),
            ("style.css", include_str!("template/static-site/style.css")),
            ("script.js", include_str!("template/static-site/script.js")),
        ],
    },
];

/// Finds a template by its id.
pub fn find(id: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.id == id)
}
