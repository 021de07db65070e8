//! A request on its way to a server in a cell, and the answer back.

use atelier_domain::preview::Pass;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CONNECTION, ORIGIN, UPGRADE};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Version};
use axum::response::Response;
use hyper::client::conn::http1;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::{Visit, page};

impl Visit<'_> {
    /// Passes a request on over `stream` and answers with what comes back,
    /// both as they come. What the other side upgrades to is a tunnel.
    pub(super) async fn forward(
        &self,
        pass: Pass,
        stream: TcpStream,
        mut request: Request,
    ) -> Response {
        let broken = || self.page(page::broken(self.place.port));
        let upgrade = wanted_upgrade(request.headers());
        let browser = upgrade.is_some().then(|| hyper::upgrade::on(&mut request));
        let asked = request.headers().get(ORIGIN).cloned();
        let Some(request) = self.inner_request(request, upgrade) else {
            return broken();
        };
        let _ = stream.set_nodelay(true);
        let opened = http1::Builder::new()
            .preserve_header_case(true)
            .handshake::<_, Body>(TokioIo::new(stream))
            .await;
        let Ok((mut sender, connection)) = opened else {
            return broken();
        };
        self.attend(&pass.ended, async move {
            // Both bodies say so themselves when it breaks off.
            let _ = connection.with_upgrades().await;
        });
        let Ok(mut response) = sender.send_request(request).await else {
            return broken();
        };
        let upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        let protocol = upgraded
            .then(|| response.headers().get(UPGRADE).cloned())
            .flatten();
        self.origins
            .rewrite_response(response.headers_mut(), asked.as_ref());
        match (upgraded, browser, protocol) {
            (false, _, _) => {}
            (true, Some(browser), Some(protocol)) => {
                let headers = response.headers_mut();
                headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
                headers.insert(UPGRADE, protocol);
                let server = hyper::upgrade::on(&mut response);
                self.attend(&pass.ended, join(browser, server));
            }
            // Nobody asked for it.
            (true, _, _) => return broken(),
        }
        response.map(Body::new)
    }

    fn inner_request(&self, mut request: Request, upgrade: Option<HeaderValue>) -> Option<Request> {
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", axum::http::uri::PathAndQuery::as_str);
        *request.uri_mut() = path.parse().ok()?;
        *request.version_mut() = Version::HTTP_11;
        self.origins.rewrite_request(request.headers_mut(), upgrade);
        Some(request)
    }

    /// Does what goes on until the person signs out or the server stops.
    fn attend(&self, ended: &CancellationToken, work: impl Future<Output = ()> + Send + 'static) {
        let (ended, stop) = (ended.clone(), self.app.domain.stopping().clone());
        self.app.domain.accompany(async move {
            tokio::select! {
                () = work => {}
                () = ended.cancelled() => {}
                () = stop.cancelled() => {}
            }
        });
    }
}

/// Returns the protocol that a request asks to change to.
fn wanted_upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let asks = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|name| name.trim().eq_ignore_ascii_case("upgrade"));
    headers.get(UPGRADE).filter(|_| asks).cloned()
}

/// Joins the two sides of a changed protocol, until one of them ends.
async fn join(browser: OnUpgrade, server: OnUpgrade) {
    let (Ok(browser), Ok(server)) = tokio::join!(browser, server) else {
        return;
    };
    let (mut browser, mut server) = (TokioIo::new(browser), TokioIo::new(server));
    // One side's failure is the other's end; there is nobody to tell.
    let _ = tokio::io::copy_bidirectional(&mut browser, &mut server).await;
}
