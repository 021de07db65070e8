//! Previews: what listens in a cell, on an origin of its own.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use atelier_api::Code;
use atelier_api::cell::{Cell, CellStatus, PreviewLink};
use atelier_api::event::WorkspaceEvent;
use atelier_api::run::{Execute, Run};
use atelier_sandbox::cell::Site;
use atelier_tests::{Caller, TestApp, on_both_engines, within};
use axum::Router;
use axum::body::Body;
use axum::extract::ws::{Message as Frame, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::{get, post};
use futures_util::{SinkExt as _, StreamExt as _, stream};
use reqwest::{Client, Method, RequestBuilder, Response, redirect};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// The port that the development server has in its cell.
const PORT: u16 = 5173;

/// A browser that looks at one preview.
#[derive(Clone)]
struct Visitor {
    http: Client,
    server: String,
    host: String,
    cookie: Option<String>,
}

impl Visitor {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests ask the server from outside"
    )]
    fn of(app: &TestApp, workspace: Uuid, port: u16) -> Self {
        let (_, served) = app
            .authority()
            .rsplit_once(':')
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        Self {
            http: Client::builder()
                .no_proxy()
                .redirect(redirect::Policy::none())
                .build()
                .unwrap(),
            server: app.authority(),
            host: format!("{port}--{workspace}.localhost:{served}"),
            cookie: None,
        }
    }

    /// Somebody who came by a link from the application.
    async fn entered(app: &TestApp, caller: &Caller, workspace: Uuid, port: u16) -> Self {
        let mut visitor = Self::of(app, workspace, port);
        let link = link(caller, workspace, port).await;
        let path = link
            .strip_prefix(&format!("http://{}", visitor.host))
            .unwrap()
            .to_owned();
        let entered = visitor.get(&path).await;
        assert_eq!(entered.status(), 303);
        visitor.cookie = Some(cookie_of(&entered));
        visitor
    }

    fn origin(&self) -> String {
        format!("http://{}", self.host)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("http://{}{path}", self.server))
            .header("host", &self.host);
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    async fn send(&self, request: RequestBuilder) -> Response {
        within("a preview", request.send()).await.unwrap()
    }

    async fn get(&self, path: &str) -> Response {
        self.send(self.request(Method::GET, path)).await
    }

    async fn status(&self) -> u16 {
        self.get("/").await.status().as_u16()
    }

    /// Opens a WebSocket from a page of `origin`.
    async fn socket(
        &self,
        path: &str,
        origin: &str,
    ) -> Result<WebSocketStream<TcpStream>, Box<SocketError>> {
        let mut request = format!("ws://{}{path}", self.host)
            .into_client_request()
            .unwrap();
        request
            .headers_mut()
            .insert("origin", origin.parse().unwrap());
        if let Some(cookie) = &self.cookie {
            request
                .headers_mut()
                .insert("cookie", cookie.parse().unwrap());
        }
        let stream = TcpStream::connect(&self.server).await.unwrap();
        within("a WebSocket", client_async(request, stream))
            .await
            .map(|(socket, _)| socket)
            .map_err(Box::new)
    }
}

fn cookie_of(response: &Response) -> String {
    let set = response.headers()["set-cookie"].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}

fn header<'r>(response: &'r Response, name: &str) -> Vec<&'r str> {
    response
        .headers()
        .get_all(name)
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect()
}

async fn link(caller: &Caller, workspace: Uuid, port: u16) -> String {
    caller
        .poke(&format!("/api/workspaces/{workspace}/ports/{port}/open"))
        .await
        .ok::<PreviewLink>()
        .url
}

/// Says what the request looked like to the server in the cell.
async fn mirror(headers: HeaderMap) -> axum::Json<Value> {
    let seen = headers
        .iter()
        .map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())));
    axum::Json(seen.collect::<serde_json::Map<_, _>>().into())
}

/// A development server, as one would run in a cell.
async fn dev_server() -> SocketAddr {
    let routes = Router::new()
        .route("/", get(mirror))
        .route("/api/session", get(|| async { "no session of Atelier's" }))
        .route(
            "/size",
            post(|body: Body| async move {
                let mut bytes = body.into_data_stream();
                let mut size = 0;
                while let Some(Ok(chunk)) = bytes.next().await {
                    size += chunk.len();
                }
                size.to_string()
            })
            .layer(axum::extract::DefaultBodyLimit::disable()),
        )
        .route(
            "/framed",
            get(|| async {
                [
                    ("x-frame-options", "DENY"),
                    ("content-security-policy", "script-src 'self'"),
                    ("clear-site-data", "\"*\""),
                    ("set-cookie", "theme=dark; Domain=localhost; Path=/"),
                ]
                .into_response()
            }),
        )
        .route(
            "/login",
            get(|| async { Redirect::to("http://localhost:5173/home") }),
        )
        .route(
            "/slow",
            get(|| async {
                let first =
                    stream::once(async { Ok::<_, Infallible>(Event::default().data("first")) });
                Sse::new(first.chain(stream::pending()))
            }),
        )
        .route(
            "/ws",
            get(|headers: HeaderMap, upgrade: WebSocketUpgrade| async move {
                let origin = headers["origin"].to_str().unwrap().to_owned();
                upgrade.on_upgrade(|mut socket| async move {
                    let _ = socket.send(Frame::Text(origin.into())).await;
                    while let Some(Ok(frame)) = socket.recv().await {
                        if socket.send(frame).await.is_err() {
                            return;
                        }
                    }
                })
            }),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    TaskTracker::new().spawn(async move { axum::serve(listener, routes).await });
    address
}

/// Makes a workspace in whose cell a development server listens.
async fn serving(app: &TestApp) -> Uuid {
    let workspace = app.owner().workspace("a").await.id;
    let files = app.files_of(workspace);
    app.cells.start(&Site::workspace(&files)).await;
    app.cells.listen(&files, PORT, dev_server().await);
    workspace
}

on_both_engines! {
    async fn a_link_lets_a_member_in_once(app, |setup| setup.paper_cells()) {
        let (owner, workspace) = (app.owner(), serving(app).await);
        let outside = Visitor::of(app, workspace, PORT);
        let refused = outside.get("/").await;
        assert_eq!(refused.status(), 401);
        assert_eq!(header(&refused, "content-type"), ["text/html; charset=utf-8"]);
        assert!(refused.text().await.unwrap().contains("Open this preview from Atelier"));

        let url = link(&owner, workspace, PORT).await;
        let path = url.strip_prefix(&outside.origin()).unwrap();
        assert!(path.starts_with("/.atelier/enter?token=atl_ticket_"), "{path}");
        let elsewhere = Visitor::of(app, workspace, PORT + 1);
        assert_eq!(elsewhere.get(path).await.status(), 401, "the ticket is for another port, and used up");
        assert_eq!(outside.get(path).await.status(), 401);

        let url = link(&owner, workspace, PORT).await;
        let path = url.strip_prefix(&outside.origin()).unwrap();
        assert_eq!(outside.send(outside.request(Method::POST, path)).await.status(), 401);
        let entered = outside.get(path).await;
        assert_eq!((entered.status().as_u16(), header(&entered, "location")), (303, vec!["/"]));
        let set = header(&entered, "set-cookie")[0];
        for part in ["atelier_preview=atl_preview_", "Path=/", "HttpOnly", "Max-Age=43200", "SameSite=None; Secure; Partitioned"] {
            assert!(set.contains(part), "{part}: {set}");
        }
        assert!(!set.to_lowercase().contains("domain"), "{set}");
        assert_eq!(outside.get(path).await.status(), 401, "a ticket works once");
        let inside = Visitor { cookie: Some(cookie_of(&entered)), ..outside.clone() };
        assert_eq!(inside.status().await, 200);
        app.clock.advance(Duration::from_hours(12));
        assert_eq!(inside.status().await, 401);

        let url = link(&owner, workspace, PORT).await;
        app.clock.advance(Duration::from_mins(1));
        assert_eq!(outside.get(url.strip_prefix(&outside.origin()).unwrap()).await.status(), 401, "too late");
    }

    async fn each_side_sees_the_name_it_knows(app, |setup| setup.paper_cells()) {
        let (owner, workspace) = (app.owner(), serving(app).await);
        let visitor = Visitor::entered(app, &owner, workspace, PORT).await;
        let cookies = format!("{}; {}; theme=dark", visitor.cookie.clone().unwrap(), owner.cookie().unwrap());
        let request = Visitor { cookie: Some(cookies), ..visitor.clone() }.request(Method::GET, "/")
            .header("origin", visitor.origin()).header("referer", format!("{}/page", visitor.origin()))
            .header("x-forwarded-for", "203.0.113.7");
        let seen: Value = serde_json::from_slice(&visitor.send(request).await.bytes().await.unwrap()).unwrap();
        assert_eq!(seen["host"], "localhost:5173");
        assert_eq!(seen["origin"], "http://localhost:5173");
        assert_eq!(seen["referer"], "http://localhost:5173/page");
        assert_eq!(seen["cookie"], "theme=dark");
        assert_eq!((&seen["x-forwarded-host"], &seen["x-forwarded-proto"]), (&json!(visitor.host), &json!("http")));
        assert_eq!(seen["x-forwarded-for"], Value::Null);

        let framed = visitor.get("/framed").await;
        let port = app.authority().rsplit_once(':').unwrap().1.to_owned();
        let ancestors = format!("frame-ancestors 'self' http://127.0.0.1:{port} http://localhost:{port}");
        assert_eq!(header(&framed, "content-security-policy"), ["script-src 'self'", &ancestors]);
        assert_eq!(header(&framed, "set-cookie"), ["theme=dark; Path=/"]);
        for gone in ["x-frame-options", "clear-site-data", "x-request-id", "referrer-policy", "x-content-type-options", "cross-origin-opener-policy"] {
            assert!(header(&framed, gone).is_empty(), "{gone}");
        }
        let login = visitor.get("/login").await;
        assert_eq!(header(&login, "location"), [format!("{}/home", visitor.origin())]);
    }

    async fn bodies_and_events_pass_as_they_come(app, |setup| setup.paper_cells()) {
        let workspace = serving(app).await;
        let visitor = Visitor::entered(app, &app.owner(), workspace, PORT).await;
        let mut events = visitor.get("/slow").await;
        let first = within("the first event", events.chunk()).await.unwrap().unwrap();
        assert_eq!(&first[..], b"data: first\n\n", "while the stream goes on");
        let large = vec![b'a'; 24 * 1024 * 1024];
        let sized = visitor.send(visitor.request(Method::POST, "/size").body(large)).await;
        assert_eq!(sized.text().await.unwrap(), (24 * 1024 * 1024).to_string());
        drop(events);
    }

    async fn a_web_socket_passes_until_the_person_signs_out(app, |setup| setup.paper_cells()) {
        let (owner, workspace) = (app.owner(), serving(app).await);
        let visitor = Visitor::entered(app, &owner, workspace, PORT).await;
        let mut socket = visitor.socket("/ws", &visitor.origin()).await.unwrap();
        let said = within("its origin", socket.next()).await.unwrap().unwrap();
        assert_eq!(said, Message::text("http://localhost:5173"));
        for message in [Message::text("hello"), Message::binary(vec![0_u8; 200_000])] {
            socket.send(message.clone()).await.unwrap();
            assert_eq!(within("an echo", socket.next()).await.unwrap().unwrap(), message);
        }
        for origin in ["https://evil.example", "null", &format!("http://{}", app.authority())] {
            let refused = visitor.socket("/ws", origin).await.err().map(|error| match *error {
                SocketError::Http(response) => response.status().as_u16(),
                other => panic!("{other}"),
            });
            assert_eq!(refused, Some(403), "{origin}");
        }
        owner.delete("/api/session").await.done();
        assert!(!matches!(within("the end", socket.next()).await, Some(Ok(Message::Text(_) | Message::Binary(_)))));
        assert_eq!(visitor.status().await, 401);
    }

    async fn a_preview_is_its_members_and_its_ports(app, |setup| setup.paper_cells()) {
        let (owner, stranger) = (app.owner(), app.stranger().await);
        let (one, other) = (serving(app).await, serving(app).await);
        app.cells.listen(&app.files_of(one), 8000, dev_server().await);
        let visitor = Visitor::entered(app, &owner, one, PORT).await;
        assert_eq!(visitor.status().await, 200);
        for place in [Visitor::of(app, other, PORT), Visitor::of(app, one, 8000)] {
            assert_eq!(Visitor { cookie: visitor.cookie.clone(), ..place }.status().await, 401);
        }
        for cookie in ["atelier_preview=", "atelier_preview=atl_preview_AAAA", owner.cookie().unwrap()] {
            assert_eq!(Visitor { cookie: Some(cookie.to_owned()), ..visitor.clone() }.status().await, 401, "{cookie}");
        }
        stranger.poke(&format!("/api/workspaces/{one}/ports/{PORT}/open")).await.refused(Code::NotFound);
        stranger.get(&format!("/api/workspaces/{one}/cell")).await.refused(Code::NotFound);
        stranger.poke(&format!("/api/workspaces/{one}/cell/stop")).await.refused(Code::NotFound);
        for port in ["0", "65536", "x", "-1"] {
            owner.poke(&format!("/api/workspaces/{one}/ports/{port}/open")).await.refused(Code::NotFound);
        }
        // Another session of the same person ending changes nothing.
        stranger.delete("/api/session").await.done();
        assert_eq!(visitor.status().await, 200);
    }

    async fn a_preview_page_can_not_reach_the_application(app, |setup| setup.paper_cells()) {
        let (owner, workspace) = (app.owner(), serving(app).await);
        let visitor = Visitor::entered(app, &owner, workspace, PORT).await;
        let own = format!("http://{}", app.authority());
        // A page of the preview asks the application, with the person's cookie.
        for (method, path) in [(Method::GET, "/api/session"), (Method::GET, "/api/workspaces"), (Method::POST, "/api/workspaces"), (Method::DELETE, "/api/session")] {
            let request = owner.request(method, path).header("origin", visitor.origin())
                .header("content-type", "application/json").body("{\"name\":\"stolen\"}");
            owner.send(request).await.refused(Code::OriginRefused);
        }
        let image = owner.request(Method::GET, "/api/workspaces").header("sec-fetch-site", "same-site").header("sec-fetch-mode", "no-cors");
        owner.send(image).await.refused(Code::OriginRefused);
        let events = format!("/api/workspaces/{workspace}/events");
        let refused = owner.socket(&events, &[("origin", &visitor.origin())]).await.err().map(|error| match *error {
            SocketError::Http(response) => response.status().as_u16(),
            other => panic!("{other}"),
        });
        assert_eq!(refused, Some(403));
        // Nothing of the application is at the preview's origin: not for the
        // application's cookie, nor for the preview's.
        let signed_in = Visitor { cookie: owner.cookie().map(str::to_owned), ..visitor.clone() };
        let page = signed_in.get("/api/session").await;
        assert_eq!((page.status().as_u16(), header(&page, "content-type")), (401, vec!["text/html; charset=utf-8"]));
        assert_eq!(visitor.get("/api/session").await.text().await.unwrap(), "no session of Atelier's");
        assert_eq!(visitor.get("/api/workspaces").await.status(), 404);
        // Nor is the preview's cookie good for the application.
        let pass = app.nobody().with_cookie(visitor.cookie.clone().unwrap());
        pass.get("/api/session").await.refused(Code::NotSignedIn);
        let token = visitor.cookie.as_deref().unwrap().replacen("atelier_preview", "atelier_session", 1);
        app.nobody().with_cookie(token).get("/api/session").await.refused(Code::NotSignedIn);
        // And other pages can't use the preview as the person.
        for origin in ["https://evil.example", "null", own.as_str()] {
            let asked = visitor.request(Method::POST, "/size").header("origin", origin).body("x");
            assert_eq!(visitor.send(asked).await.status(), 403, "{origin}");
        }
        let script = visitor.request(Method::GET, "/").header("sec-fetch-site", "cross-site").header("sec-fetch-mode", "no-cors");
        assert_eq!(visitor.send(script).await.status(), 403);
        app.assert_workspaces(1).await;
    }

    async fn ports_are_announced_and_what_is_missing_is_said(app, |setup| setup.paper_cells()) {
        let owner = app.owner();
        let workspace = owner.workspace("a").await.id;
        let (path, files) = (format!("/api/workspaces/{workspace}/cell"), app.files_of(workspace));
        let cell: Cell = owner.get(&path).await.ok();
        assert_eq!((cell.state, cell.ports.len(), cell.age_ms), (CellStatus::Stopped, 0, None));
        let visitor = Visitor::entered(app, &owner, workspace, PORT).await;
        let page = visitor.get("/").await;
        assert_eq!((page.status().as_u16(), header(&page, "refresh")), (502, vec!["2"]));
        assert!(page.text().await.unwrap().contains("The workspace is at rest"));

        let mut events = owner.socket(&format!("/api/workspaces/{workspace}/events"), &[]).await.unwrap();
        app.cells.start(&Site::workspace(&files)).await;
        let page = visitor.get("/").await;
        assert_eq!(page.status(), 502);
        assert!(page.text().await.unwrap().contains("Nothing listens on port 5173"));
        app.cells.listen(&files, PORT, dev_server().await);
        let open = |event: &WorkspaceEvent| matches!(event, WorkspaceEvent::PortsChanged { ports } if ports.len() == 1 && ports[0].port == PORT);
        events.until(open).await;
        let cell: Cell = owner.get(&path).await.ok();
        assert_eq!(cell.state, CellStatus::Running);
        assert_eq!((cell.ports[0].port, cell.ports[0].program.as_deref()), (PORT, Some("paper")));
        assert_eq!(cell.ports[0].url, Some(visitor.origin()));
        assert_eq!(visitor.status().await, 200);
        app.cells.close(&files, PORT);
        let shut = |event: &WorkspaceEvent| matches!(event, WorkspaceEvent::PortsChanged { ports } if ports.is_empty());
        events.until(shut).await;
        assert_eq!(visitor.status().await, 502);

        let broken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        app.cells.listen(&files, PORT, broken.local_addr().unwrap());
        TaskTracker::new().spawn(async move { while let Ok((stream, _)) = broken.accept().await { drop(stream); } });
        events.until(open).await;
        let page = visitor.get("/").await;
        assert_eq!(page.status(), 502);
        assert!(page.text().await.unwrap().contains("did not answer"));
        owner.poke(&format!("{path}/stop")).await.done();
        events.until(shut).await;
        assert_eq!(owner.get(&path).await.ok::<Cell>().state, CellStatus::Stopped);
    }

    async fn a_configured_domain_is_for_previews_alone(app, |setup| setup.paper_cells().public_url("https://atelier.example").preview_domain("preview.example")) {
        let (owner, workspace) = (app.owner(), serving(app).await);
        let page = owner.get("/api/session").await;
        assert!(page.header("content-security-policy").ends_with("frame-src https://*.preview.example"), "{page:?}");
        let url = link(&owner, workspace, PORT).await;
        let host = format!("{PORT}--{workspace}.preview.example");
        let path = url.strip_prefix(&format!("https://{host}")).unwrap();
        let outside = Visitor { host, ..Visitor::of(app, workspace, PORT) };
        let entered = outside.get(path).await;
        let set = header(&entered, "set-cookie")[0];
        assert!(set.starts_with("__Host-atelier_preview=") && set.contains("Secure"), "{set}");
        let inside = Visitor { cookie: Some(cookie_of(&entered)), ..outside.clone() };
        let shown = inside.get("/").await;
        assert_eq!(header(&shown, "content-security-policy"), ["frame-ancestors 'self' https://atelier.example"]);
        let seen: Value = serde_json::from_slice(&shown.bytes().await.unwrap()).unwrap();
        assert_eq!(seen["x-forwarded-proto"], "https");
        // At `localhost` there is nothing then.
        let local = Visitor { cookie: inside.cookie.clone(), ..Visitor::of(app, workspace, PORT) };
        assert_eq!(local.get("/").await.status(), 403);
    }

    async fn who_can_not_reach_a_preview_is_told(app, |setup| setup.paper_cells().public_url("http://studio.lan")) {
        let workspace = serving(app).await;
        let request = app.owner().request(Method::POST, &format!("/api/workspaces/{workspace}/ports/{PORT}/open")).header("host", "studio.lan");
        let refused = app.owner().send(request).await.refused(Code::Unavailable);
        assert!(refused.hint.unwrap().contains("preview.domain"));
        let request = app.owner().request(Method::GET, &format!("/api/workspaces/{workspace}/cell")).header("host", "studio.lan");
        assert_eq!(app.owner().send(request).await.ok::<Cell>().ports[0].url, None);
    }

    async fn a_server_in_a_real_cell_is_noticed_and_shown(app) {
        let owner = app.owner();
        let workspace = owner.workspace_with("a", &[("hello.txt", "from the cell")]).await.id;
        let mut events = owner.socket(&format!("/api/workspaces/{workspace}/events"), &[]).await.unwrap();
        let line = "exec python3 -m http.server 8123 --bind 127.0.0.1".to_owned();
        let run = owner.start_run(&Execute { workspace_id: workspace, command: Some(line), ..Execute::default() }).await.id;
        let open = |event: &WorkspaceEvent| matches!(event, WorkspaceEvent::PortsChanged { ports } if ports.len() == 1 && ports[0].port == 8123);
        events.until(open).await;
        let cell: Cell = owner.get(&format!("/api/workspaces/{workspace}/cell")).await.ok();
        assert_eq!(cell.state, CellStatus::Running);
        assert!(cell.ports[0].program.as_deref().is_some_and(|name| name.starts_with("python")), "{cell:?}");
        assert!(cell.processes.iter().any(|process| process.command.contains("http.server")), "{cell:?}");
        let visitor = Visitor::entered(app, &owner, workspace, 8123).await;
        assert_eq!(visitor.get("/hello.txt").await.text().await.unwrap(), "from the cell");
        assert!(TcpStream::connect("127.0.0.1:8123").await.is_err(), "nothing is open on the host");
        owner.poke(&format!("/api/execute/{run}/cancel")).await.ok::<Run>();
        owner.await_run(run).await;
        let shut = |event: &WorkspaceEvent| matches!(event, WorkspaceEvent::PortsChanged { ports } if ports.is_empty());
        events.until(shut).await;
        assert!(visitor.get("/").await.text().await.unwrap().contains("Nothing listens on port 8123"));
        owner.poke(&format!("/api/workspaces/{workspace}/cell/stop")).await.done();
        assert!(visitor.get("/").await.text().await.unwrap().contains("at rest"));
    }
}
