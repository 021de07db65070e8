import { describe, expect, it } from "vitest";
import { loadLanguage } from "./language";
import { languageOf } from "./languageList";

describe("languageOf", () => {
  it.each([
    ["src/main.rs", "Rust"],
    ["a/b.py", "Python"],
    ["index.js", "JavaScript"],
    ["x.ts", "TypeScript"],
    ["x.tsx", "TSX"],
    ["x.jsx", "JSX"],
    ["page.html", "HTML"],
    ["style.css", "CSS"],
    ["package.json", "JSON"],
    ["README.md", "Markdown"],
    ["main.go", "Go"],
    ["Main.java", "Java"],
    ["a.c", "C"],
    ["a.cpp", "C++"],
    ["a.php", "PHP"],
    ["q.sql", "SQL"],
    ["c.yaml", "YAML"],
    ["run.sh", "Shell"],
    ["a.xml", "XML"],
    ["Cargo.toml", "TOML"],
    ["Cargo.lock", "TOML"],
    ["Dockerfile", "Dockerfile"],
    ["sub dir/.bashrc", "Shell"],
    ["a.rb", "Ruby"],
  ])("knows %s as %s", (path, name) => {
    expect(languageOf(path)?.name).toBe(name);
  });

  it.each(["notes.txt", "LICENSE", "data.bin"])("leaves %s plain", (path) => {
    expect(languageOf(path)).toBeUndefined();
  });
});

describe("loadLanguage", () => {
  it.each(["a.py", "a.rs", "a.ts", "a.toml", "a.sh"])("loads the grammar of %s", async (path) => {
    const support = await loadLanguage(path);
    expect(support?.language.parser.parse("x").length).toBe(1);
  });
});
