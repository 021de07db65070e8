//! Keys whose form their issuer publishes.

/// What may follow a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Letters and digits.
    Plain,
    /// Letters, digits, `_` and `-`.
    UrlSafe,
    /// These, and dots.
    Dotted,
    /// These, and slashes.
    Path,
    /// Capitals and digits.
    Capitals,
    /// Hexadecimal digits.
    Hex,
}

impl Body {
    fn takes(self, byte: u8) -> bool {
        let safe = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        match self {
            Self::Plain => byte.is_ascii_alphanumeric(),
            Self::UrlSafe => safe,
            Self::Dotted => safe || byte == b'.',
            Self::Path => safe || byte == b'/',
            Self::Capitals => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_hexdigit(),
        }
    }

    /// Counts what a text begins with, and no further than one past `most`:
    /// this is looked at behind each mark of a long text.
    pub(super) fn length(self, text: &[u8], most: usize) -> usize {
        let body = text.iter().take(most + 1);
        body.take_while(|byte| self.takes(**byte)).count()
    }
}

/// A prefix: the kind of key, what it begins with, what follows, and how much
/// of it at least and at most.
pub(super) type Issued = (&'static str, &'static str, Body, usize, usize);

/// The prefixes that issuers publish. Those with the same first byte stand
/// together, and a longer one before what it begins with.
pub(super) const ISSUED: [Issued; 39] = [
    ("aws-key", "AKIA", Body::Capitals, 16, 16),
    ("aws-key", "ASIA", Body::Capitals, 16, 16),
    ("google-key", "AIza", Body::UrlSafe, 35, 35),
    ("age-key", "AGE-SECRET-KEY-1", Body::Capitals, 58, 58),
    ("sendgrid-key", "SG.", Body::Dotted, 60, 70),
    ("atelier-token", "atl_token_", Body::UrlSafe, 43, 43),
    ("atelier-session", "atl_session_", Body::UrlSafe, 43, 43),
    ("atelier-link", "atl_link_", Body::UrlSafe, 43, 43),
    ("digitalocean-token", "dop_v1_", Body::Hex, 64, 64),
    (
        "discord-webhook",
        "discord.com/api/webhooks/",
        Body::Path,
        60,
        120,
    ),
    ("github-token", "ghp_", Body::Plain, 36, 255),
    ("github-token", "gho_", Body::Plain, 36, 255),
    ("github-token", "ghu_", Body::Plain, 36, 255),
    ("github-token", "ghs_", Body::Plain, 36, 255),
    ("github-token", "ghr_", Body::Plain, 36, 255),
    ("github-token", "github_pat_", Body::UrlSafe, 40, 255),
    ("gitlab-token", "glpat-", Body::UrlSafe, 20, 64),
    ("groq-key", "gsk_", Body::Plain, 40, 64),
    ("huggingface-token", "hf_", Body::Plain, 34, 40),
    (
        "slack-webhook",
        "hooks.slack.com/services/",
        Body::Path,
        30,
        100,
    ),
    ("npm-token", "npm_", Body::Plain, 36, 36),
    ("pypi-token", "pypi-AgE", Body::UrlSafe, 50, 1_024),
    ("stripe-key", "rk_live_", Body::Plain, 24, 120),
    ("anthropic-key", "sk-ant-", Body::UrlSafe, 32, 200),
    ("openai-key", "sk-proj-", Body::UrlSafe, 32, 240),
    ("openai-key", "sk-svcacct-", Body::UrlSafe, 32, 240),
    ("openai-key", "sk-admin-", Body::UrlSafe, 32, 240),
    ("openrouter-key", "sk-or-v1-", Body::Hex, 48, 80),
    ("openai-key", "sk-", Body::Plain, 32, 64),
    ("shopify-token", "shpat_", Body::Hex, 32, 32),
    ("stripe-key", "sk_live_", Body::Plain, 24, 120),
    ("slack-token", "xoxb-", Body::UrlSafe, 20, 255),
    ("slack-token", "xoxp-", Body::UrlSafe, 20, 255),
    ("slack-token", "xoxa-", Body::UrlSafe, 20, 255),
    ("slack-token", "xoxr-", Body::UrlSafe, 20, 255),
    ("slack-token", "xoxs-", Body::UrlSafe, 20, 255),
    ("slack-token", "xapp-", Body::UrlSafe, 20, 255),
    ("xai-key", "xai-", Body::Plain, 64, 100),
    ("google-token", "ya29.", Body::UrlSafe, 40, 1_024),
];

/// By first byte: where in [`ISSUED`] the prefixes begin and end.
const BY_FIRST: [(u8, u8); 256] = {
    let mut ranges = [(0, 0); 256];
    let mut at = 0_u8;
    while (at as usize) < ISSUED.len() {
        let range = &mut ranges[ISSUED[at as usize].1.as_bytes()[0] as usize];
        if range.1 == 0 {
            range.0 = at;
        }
        at += 1;
        range.1 = at;
    }
    ranges
};

/// The fewest characters of the three parts of a JSON web token, and the most
/// of one.
const SHORTEST_PARTS: [usize; 3] = [14, 8, 16];
const LONGEST_PART: usize = 8 * 1024;

/// Says which issuer's key a text begins with, and how long it is.
pub(super) fn issued(text: &[u8]) -> Option<(&'static str, usize)> {
    let (from, to) = BY_FIRST[usize::from(*text.first()?)];
    let rows = &ISSUED[usize::from(from)..usize::from(to)];
    rows.iter()
        .find_map(|&(kind, prefix, body, least, most)| {
            let rest = text.strip_prefix(prefix.as_bytes())?;
            let length = body.length(rest, most);
            let fits = (least..=most).contains(&length);
            (fits && !is_placeholder(body, &rest[..length]))
                .then_some((kind, prefix.len() + length))
        })
        .or_else(|| Some(("json-web-token", web_token(text)?)))
        .or_else(|| Some(("azure-secret", azure(text)?)))
}

/// Measures a JSON web token (RFC 7519): header and claims are objects of
/// JSON in base64, which begin so.
fn web_token(text: &[u8]) -> Option<usize> {
    let mut end = 0;
    for (number, shortest) in SHORTEST_PARTS.into_iter().enumerate() {
        let part = text.get(end..)?;
        if number < 2 && !part.starts_with(b"eyJ") {
            return None;
        }
        let length = Body::UrlSafe.length(part, LONGEST_PART);
        if !(shortest..=LONGEST_PART).contains(&length) {
            return None;
        }
        end += length + 1;
        if number < 2 && text.get(end - 1) != Some(&b'.') {
            return None;
        }
    }
    Some(end - 1)
}

/// Measures a client secret of Azure, `abc8Q~…`.
fn azure(text: &[u8]) -> Option<usize> {
    const HEAD: usize = 6;
    let (head, rest) = text.split_at_checked(HEAD)?;
    let takes =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'~' | b'.' | b'-');
    if &head[4..] != b"Q~" || !head[3].is_ascii_digit() || !head[..3].iter().all(takes) {
        return None;
    }
    let length = rest.iter().take(35).take_while(|byte| takes(byte)).count();
    let fits = (31..=34).contains(&length) && !is_placeholder(Body::Dotted, &rest[..length]);
    fits.then_some(HEAD + length)
}

/// Says whether a person wrote this to stand where a key goes: chance hardly
/// ever repeats itself so, counts up so, or is but words.
fn is_placeholder(body: Body, key: &[u8]) -> bool {
    let mut counts = [0_u16; 256];
    for byte in key {
        counts[usize::from(*byte)] += 1;
    }
    let distinct = counts.iter().filter(|count| **count > 0).count();
    let most = counts.iter().copied().max().map_or(0, usize::from);
    let steps = key
        .windows(2)
        .filter(|pair| pair[1] == pair[0].wrapping_add(1));
    let kinds = [
        u8::is_ascii_digit,
        u8::is_ascii_lowercase,
        u8::is_ascii_uppercase,
    ];
    let kinds = kinds.iter().filter(|kind| key.iter().any(kind));
    let words = !matches!(body, Body::Capitals | Body::Hex) && kinds.count() < 2;
    let example = key
        .windows(7)
        .any(|word| word.eq_ignore_ascii_case(b"example"));
    distinct < 8 || most * 2 > key.len() || steps.count() * 2 > key.len() || words || example
}
