//! What people work with all day must pass: lock files, hashes, minified code,
//! ids, images in base64, source maps, certificates.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::{Gate, Known};
use super::known;

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next().to_be_bytes()[3]).collect()
    }

    fn hex(&mut self, length: usize) -> String {
        let mut text = String::new();
        for byte in self.bytes(length / 2) {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    fn base64(&mut self, length: usize) -> String {
        STANDARD.encode(self.bytes(length))
    }

    fn uuid(&mut self) -> String {
        let hex = self.hex(32);
        format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        )
    }
}

fn corpus() -> Vec<(&'static str, String)> {
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    let mut all: Vec<(&'static str, String)> = Vec::new();
    let mut many = |name, line: &mut dyn FnMut(&mut Chance, usize) -> String| {
        let lines: String = (0..40).map(|number| line(&mut chance, number)).collect();
        all.push((name, lines));
    };
    many("package-lock.json", &mut |c, n| {
        format!(
            "    \"node_modules/pkg-{n}\": {{\n      \"version\": \"1.{n}.0\",\n      \"resolved\": \"https://registry.npmjs.org/pkg-{n}/-/pkg-{n}-1.{n}.0.tgz\",\n      \"integrity\": \"sha512-{}\",\n      \"license\": \"MIT\"\n    }},\n",
            c.base64(64)
        )
    });
    many("yarn.lock", &mut |c, n| {
        format!(
            "\"@types/tokenizer-{n}@^1.0.0\":\n  version \"1.0.{n}\"\n  resolved \"https://registry.yarnpkg.com/@types/tokenizer-{n}/-/tokenizer-{n}-1.0.{n}.tgz#{}\"\n  integrity sha512-{}\n",
            c.hex(40),
            c.base64(64)
        )
    });
    many("Cargo.lock", &mut |c, n| {
        format!(
            "[[package]]\nname = \"secret-service-{n}\"\nversion = \"0.{n}.1\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{}\"\n\n",
            c.hex(64)
        )
    });
    many("poetry.lock", &mut |c, n| {
        format!(
            "    {{file = \"keyring-{n}.0-py3-none-any.whl\", hash = \"sha256:{}\"}},\n",
            c.hex(64)
        )
    });
    many("go.sum", &mut |c, n| {
        format!(
            "github.com/golang-jwt/token/v{n} v{n}.1.0 h1:{}\n",
            c.base64(32)
        )
    });
    many("pnpm-lock.yaml", &mut |c, n| {
        format!(
            "  /passport-{n}@0.7.0:\n    resolution: {{integrity: sha512-{}}}\n    engines: {{node: '>= 0.4.0'}}\n",
            c.base64(64)
        )
    });
    many("sha256sums", &mut |c, n| {
        format!("{}  dist/file-{n}.tar.gz\n", c.hex(64))
    });
    many("git log", &mut |c, n| {
        format!(
            "commit {}\nAuthor: Ana <ana@example.com>\nindex {}..{} 100644\n    Fix token refresh ({n})\n",
            c.hex(40),
            c.hex(10),
            c.hex(10)
        )
    });
    many("ids", &mut |c, n| {
        format!(
            "{{\"id\":\"{}\",\"token\":\"{}\",\"tokenId\":\"{}\",\"n\":{n}}}\n",
            c.uuid(),
            c.uuid(),
            c.hex(24)
        )
    });
    many("image", &mut |c, _| {
        format!("<img src=\"data:image/png;base64,{}\">\n", c.base64(3_000))
    });
    many("mime", &mut |c, _| format!("{}\r\n", c.base64(57)));
    many("source map", &mut |c, n| {
        format!(
            "{{\"version\":3,\"file\":\"app.{}.js\",\"names\":[\"token\",\"secret\"],\"mappings\":\"AAAA,SAASA,{}\",\"x\":{n}}}\n",
            c.hex(8),
            c.base64(300).replace('/', ";")
        )
    });
    many("minified", &mut |c, n| {
        format!(
            "!function(e,t){{var a=n({n}),r=a.token,o=t.secret||e.password;t.default=function(e){{return e.apiKey=a(o),\"{}\"===e.hash?r:void 0}}}}(window,\"chunk-{}\");",
            c.hex(20),
            c.hex(16)
        )
    });
    many("docker", &mut |c, n| {
        format!("FROM node:{n}@sha256:{}\n", c.hex(64))
    });
    many("workflow", &mut |c, n| {
        format!(
            "      - uses: actions/checkout@{} # v{n}\n        with:\n          token: ${{{{ secrets.GITHUB_TOKEN }}}}\n",
            c.hex(40)
        )
    });
    many("html", &mut |c, n| {
        format!(
            "<script src=\"/a-{n}.js\" integrity=\"sha384-{}\" crossorigin=\"anonymous\"></script>\n",
            c.base64(48)
        )
    });
    many("certificate", &mut |c, _| {
        format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            c.base64(48)
        )
    });
    many("ssh", &mut |c, n| {
        format!("ssh-ed25519 {} ana-{n}@example.com\n", c.base64(51))
    });
    many("etag", &mut |c, n| {
        format!(
            "ETag: W/\"{}\"\nX-Request-Id: {}\nAge: {n}\n",
            c.hex(32),
            c.uuid()
        )
    });
    many("code", &mut |c, n| {
        format!(
            "pub fn token_of_{n}(token: &str) -> Secret<String> {{ hash(token, 0x{}) }} // commit {}\n",
            c.hex(16),
            c.hex(40)
        )
    });
    many("csv", &mut |c, n| {
        format!("{n},{},{},{}\n", c.hex(32), c.uuid(), c.next())
    });
    all.push((
        "our lock file",
        include_str!("../../../../../Cargo.lock").to_owned(),
    ));
    all.push((
        "our other lock file",
        include_str!("../../../../../web/package-lock.json").to_owned(),
    ));
    for (name, code) in [
        ("our code", include_str!("../shape.rs")),
        ("code about armour", include_str!("../shape/armour.rs")),
        ("code about prefixes", include_str!("../shape/issued.rs")),
        ("code about forms", include_str!("../form.rs")),
    ] {
        all.push((name, code.to_owned()));
    }
    all
}

/// Secrets as people have them, of every length.
fn vault() -> Vec<Known> {
    let mut chance = Chance(77);
    (0..40)
        .map(|n| known(&format!("S{n}"), &chance.base64(6 + n)))
        .chain([
            known("WORDS", "correct horse battery staple"),
            known("PASSWORD", "hunter2hunter2"),
        ])
        .collect()
}

#[test]
fn ordinary_files_pass() {
    let gates = [Gate::new(&[]), Gate::new(&vault())];
    for (name, text) in corpus() {
        for gate in &gates {
            let found = gate.scan(&text);
            let first = found.first().map(|f| (f, &text[f.place.clone()]));
            assert!(
                found.is_empty(),
                "{name}: {} in all, first {first:?}",
                found.len()
            );
            // As it stands in the body of a request.
            let body = serde_json::to_string(&text).unwrap();
            assert!(gate.scan(&body).is_empty(), "{name} in JSON");
        }
    }
}

#[test]
fn a_secret_in_an_ordinary_file_is_found() {
    let secrets = vault();
    let gate = Gate::new(&secrets);
    for (name, text) in corpus() {
        for secret in secrets.iter().step_by(7) {
            let middle = text.floor_char_boundary(text.len() / 2);
            let (head, tail) = text.split_at(middle);
            let text = format!("{head}\n{}\n{tail}", secret.value.expose());
            let (clean, found) = gate.clean(&text);
            assert_eq!(found.len(), 1, "{} in {name}", secret.name);
            assert_eq!(clean, format!("{head}\n[secret {}]\n{tail}", secret.name));
        }
    }
}
