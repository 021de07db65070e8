//! The pages that stand in for a preview that can't be shown.

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY, REFRESH};
use axum::response::{IntoResponse, Response};

/// A page in plain words.
#[derive(Debug)]
pub(super) struct Page {
    status: StatusCode,
    title: String,
    text: &'static str,
    /// Whether it looks again by itself.
    retries: bool,
}

/// Nobody is known here.
pub(super) fn signed_out() -> Page {
    Page {
        status: StatusCode::UNAUTHORIZED,
        title: "Open this preview from Atelier".to_owned(),
        text: "Previews are for the members of a workspace. Open the workspace in Atelier and choose the port there: the link signs you in to this preview for twelve hours, or until you sign out.",
        retries: false,
    }
}

/// A page of another origin asked.
pub(super) fn foreign() -> Page {
    Page {
        status: StatusCode::FORBIDDEN,
        title: "Another page asked for this".to_owned(),
        text: "A preview answers its own pages and those of other previews of its workspace, and no others.",
        retries: false,
    }
}

/// Nothing listens there.
pub(super) fn closed(port: u16) -> Page {
    Page {
        status: StatusCode::BAD_GATEWAY,
        title: format!("Nothing listens on port {port} yet"),
        text: "Start your server in a terminal or a run of the workspace. This page looks again every two seconds.",
        retries: true,
    }
}

/// The server in the cell broke off, or does not speak HTTP.
pub(super) fn broken(port: u16) -> Page {
    Page {
        status: StatusCode::BAD_GATEWAY,
        title: format!("What listens on port {port} did not answer"),
        text: "It closed the connection, or it does not speak HTTP. This page looks again every two seconds.",
        retries: true,
    }
}

/// There is no cell.
pub(super) fn stopped() -> Page {
    Page {
        status: StatusCode::BAD_GATEWAY,
        title: "The workspace is at rest".to_owned(),
        text: "Its cell is stopped, and nothing runs in it. Start your server in a terminal or a run of the workspace. This page looks again every two seconds.",
        retries: true,
    }
}

/// It is our fault.
pub(super) fn failed() -> Page {
    Page {
        status: StatusCode::SERVICE_UNAVAILABLE,
        title: "Atelier could not open this preview".to_owned(),
        text: "Try again. If it stays so, the server's log has the cause.",
        retries: true,
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let Self { title, text, .. } = &self;
        let html = format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
             <style>:root{{color-scheme:light dark}}body{{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:15vh auto 0;padding:0 1.5rem}}h1{{font-size:1.25rem}}</style>\
             <h1>{title}</h1><p>{text}</p></html>\n"
        );
        let headers = [
            (CONTENT_TYPE, "text/html; charset=utf-8"),
            (CACHE_CONTROL, "no-store"),
            (REFERRER_POLICY, "no-referrer"),
        ];
        let again = self.retries.then_some([(REFRESH, "2")]);
        match again {
            Some(again) => (self.status, headers, again, html).into_response(),
            None => (self.status, headers, html).into_response(),
        }
    }
}
