//! From git's words to a typed error.
//!
//! Git has one exit status for every failure, so its English (`LC_ALL=C`)
//! is what there is to go by. A phrase that is not known becomes the general
//! error with git's own words.

use super::resolve::Origin;
use crate::error::FileError;

/// The most of git's words that an error repeats, in characters.
const MESSAGE_CHARS: usize = 400;

/// Says why a clone failed.
pub(super) fn explain(origin: &Origin, said: &[String]) -> FileError {
    let all = said.join("\n");
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| all.contains(phrase));
    let url = || origin.url.to_string();
    if says(&["Could not resolve host"]) {
        return FileError::HostNotFound {
            host: origin.host.clone(),
        };
    }
    if says(&[
        "Authentication failed",
        "could not read Username",
        "could not read Password",
        "returned error: 401",
        "returned error: 403",
    ]) {
        return FileError::SignInNeeded { url: url() };
    }
    if says(&[
        "returned error: 404",
        "returned error: 410",
        "not found",
        "not valid: is this a git repository",
    ]) {
        return FileError::RepositoryNotFound { url: url() };
    }
    if says(&["returned error: 30"]) {
        return origin.unreachable("it redirects to another address; use that one");
    }
    if says(&["SSL", "TLS", "certificate"]) {
        return origin.unreachable("its certificate is not accepted");
    }
    if says(&["Operation too slow", "timed out", "Timeout"]) {
        return origin.unreachable("it is too slow");
    }
    if says(&[
        "Failed to connect",
        "Couldn't connect",
        "Could not connect",
        "Connection refused",
        "No route to host",
        "Network is unreachable",
    ]) {
        return origin.unreachable("nothing answers there");
    }
    if says(&["returned error: 5"]) {
        return origin.unreachable("the server failed");
    }
    let message = said
        .iter()
        .rev()
        .find(|line| line.starts_with("fatal:") || line.starts_with("error:"))
        .or(said.last())
        .map_or("it gave no reason", String::as_str);
    FileError::Git {
        message: message
            .chars()
            .filter(|c| !c.is_control())
            .take(MESSAGE_CHARS)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gits_words_become_typed_errors() {
        let origin = Origin {
            url: "https://example.org/a".parse().unwrap(),
            host: "example.org".to_owned(),
            pin: None,
        };
        let access = "fatal: unable to access 'https://example.org/a/':";
        for (said, shown) in [
            (format!("{access} Could not resolve host: example.org"), "the host `example.org` was not found"),
            (format!("{access} The requested URL returned error: 403"), "https://example.org/a needs a sign-in"),
            ("fatal: could not read Username for 'https://example.org': terminal prompts disabled".to_owned(), "https://example.org/a needs a sign-in"),
            ("fatal: repository 'https://example.org/a/' not found".to_owned(), "there is no repository at https://example.org/a"),
            (format!("{access} The requested URL returned error: 301"), "could not reach `example.org`: it redirects to another address; use that one"),
            (format!("{access} Failed to connect to example.org port 443 after 1 ms: Couldn't connect to server"), "could not reach `example.org`: nothing answers there"),
            (format!("{access} server certificate verification failed. CAfile: none CRLfile: none"), "could not reach `example.org`: its certificate is not accepted"),
            (format!("{access} The requested URL returned error: 502"), "could not reach `example.org`: the server failed"),
            ("fatal: early EOF\nwarning: x".to_owned(), "git could not clone: fatal: early EOF"),
            (String::new(), "git could not clone: it gave no reason"),
        ] {
            let said: Vec<String> = said.lines().map(str::to_owned).collect();
            assert_eq!(explain(&origin, &said).to_string(), shown);
        }
    }
}
