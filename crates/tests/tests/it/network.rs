//! What programs in cells may reach, asked of the proxy as they would ask.

use std::net::SocketAddr;
use std::time::Duration;

use atelier_api::Code;
use atelier_api::cell::{Denial, Denials, Grant, Grants};
use atelier_api::event::WorkspaceEvent;
use atelier_api::run::Execute;
use atelier_domain::network::FixedGrants;
use atelier_sandbox::cell::Site;
use atelier_tests::{Caller, Setup, TestApp, on_both_engines, within};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// A connection to a proxy, as a program makes it.
struct Line(TcpStream);

impl Line {
    async fn to(proxy: SocketAddr) -> Self {
        Self(
            within("a connection", TcpStream::connect(proxy))
                .await
                .unwrap(),
        )
    }

    async fn say(&mut self, text: &str) {
        // A proxy that has heard enough may have closed.
        let _ = self.0.write_all(text.as_bytes()).await;
    }

    /// Reads what comes until it ends in `end`, or the other side closes.
    async fn hear(&mut self, end: &str) -> String {
        let mut heard = Vec::new();
        while !heard.ends_with(end.as_bytes()) || end.is_empty() {
            let mut piece = [0; 1];
            match within("an answer", self.0.read(&mut piece)).await {
                Ok(1) => heard.extend(piece),
                _ => break,
            }
        }
        String::from_utf8(heard).unwrap()
    }

    /// Asks for something and reads the head of the answer.
    async fn ask(&mut self, text: &str) -> String {
        self.say(text).await;
        self.hear("\r\n\r\n").await
    }
}

/// Asks the last thing on a connection of its own; returns the whole answer.
async fn ask(proxy: SocketAddr, text: &str) -> String {
    let mut line = Line::to(proxy).await;
    let (rest, end) = text.rsplit_once("\r\nHost: ").unwrap();
    line.say(&format!("{rest}\r\nConnection: close\r\nHost: {end}"))
        .await;
    line.hear("").await
}

fn connect(to: &str) -> String {
    format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n")
}

fn get(url: &str) -> String {
    format!("GET {url} HTTP/1.1\r\nHost: wrong.test\r\n\r\n")
}

fn status(answer: &str) -> u16 {
    let code = answer.split(' ').nth(1).unwrap_or_default();
    code.parse()
        .unwrap_or_else(|_| panic!("no status: {answer:?}"))
}

/// A server that says `ok` to each request, and tells what it heard.
async fn origin() -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, heard) = mpsc::unbounded_channel();
    TaskTracker::new().spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tell = tell.clone();
            TaskTracker::new().spawn(async move {
                let mut line = Line(stream);
                let head = line.hear("\r\n\r\n").await;
                let body = if head.to_lowercase().contains("transfer-encoding: chunked") {
                    line.hear("0\r\n\r\n").await
                } else {
                    String::new()
                };
                line.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=5\r\nConnection: close\r\n\r\nok").await;
                let _ = line.0.shutdown().await;
                let rest = line.hear("").await;
                let _ = tell.send(format!("{head}{body}{rest}"));
            });
        }
    });
    (address, heard)
}

/// A server that says everything back.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    TaskTracker::new().spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            TaskTracker::new().spawn(async move {
                let (mut read, mut write) = stream.split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
            });
        }
    });
    address
}

/// Cells whose grants may lead to this machine, as the servers of tests do.
fn private(setup: Setup) -> Setup {
    setup
        .paper_cells()
        .settings(|s| s.network.allow_private = true)
}

/// Makes a workspace and starts its cell; returns where its proxy is.
async fn cell(app: &TestApp) -> (Uuid, SocketAddr) {
    let workspace = app.owner().workspace("a").await.id;
    let site = Site::workspace(&app.files_of(workspace));
    (workspace, app.cells.start(&site).await)
}

async fn grant(caller: &Caller, workspace: Uuid, resource: &str) -> Grant {
    let path = format!("/api/workspaces/{workspace}/grants");
    let body = json!({ "action": "network", "resource": resource });
    caller.post(&path, body).await.ok()
}

async fn grants(caller: &Caller, workspace: Uuid) -> Vec<String> {
    let path = format!("/api/workspaces/{workspace}/grants");
    let grants: Grants = caller.get(&path).await.ok();
    grants
        .items
        .into_iter()
        .map(|grant| grant.resource)
        .collect()
}

async fn denials(caller: &Caller, workspace: Uuid) -> Vec<Denial> {
    let path = format!("/api/workspaces/{workspace}/network/denials");
    caller.get(&path).await.ok::<Denials>().items
}

on_both_engines! {
    async fn what_was_denied_is_granted_works_and_is_cut_when_revoked(app, |setup| private(setup).host_name("api.test", &[&["127.0.0.1"]])) {
        let (owner, server) = (app.owner(), echo().await);
        let (workspace, proxy) = cell(app).await;
        let mut events = owner.socket(&format!("/api/workspaces/{workspace}/events"), &[]).await.unwrap();
        let to = format!("api.test:{}", server.port());

        let refused = ask(proxy, &connect(&to)).await;
        assert!(refused.starts_with(&format!("HTTP/1.1 403 {to} is not granted in Atelier\r\n")), "{refused}");
        assert!(refused.contains(&format!("Network access to {to} is not granted")), "{refused}");
        assert!(refused.contains(&format!("grant `{to}`")), "{refused}");
        assert_eq!(status(&ask(proxy, &connect(&to)).await), 403);
        let denied = WorkspaceEvent::NetworkDenied { host: "api.test".to_owned(), port: server.port() };
        events.until(|event: &WorkspaceEvent| *event == denied).await;
        let listed = denials(&owner, workspace).await;
        assert_eq!((listed.len(), &*listed[0].host, listed[0].port, listed[0].count), (1, "api.test", server.port(), 2));
        assert_eq!(app.names.asked("api.test"), 0, "what is not granted is not looked up");

        let granted = grant(&owner, workspace, &listed[0].resource).await;
        assert!(denials(&owner, workspace).await.is_empty());
        let (mut kept, mut other) = (Line::to(proxy).await, Line::to(proxy).await);
        for line in [&mut kept, &mut other] {
            assert_eq!(status(&line.ask(&connect(&to)).await), 200);
            line.say("hello\n").await;
            assert_eq!(line.hear("\n").await, "hello\n");
        }
        owner.delete(&format!("/api/grants/{}", granted.id)).await.done();
        for mut line in [kept, other] {
            assert_eq!(line.hear("\n").await, "", "a revoked grant leaves no tunnel");
        }
        assert_eq!(status(&ask(proxy, &connect(&to)).await), 403);
        owner.delete(&format!("/api/grants/{}", granted.id)).await.refused(Code::NotFound);
    }

    async fn a_grant_is_one_workspaces_and_one_hosts(app, |setup| private(setup)
        .host_name("api.test", &[&["127.0.0.1"]]).host_name("sub.api.test", &[&["127.0.0.1"]]).host_name("nowhere.test", &[&[]])) {
        let (owner, server) = (app.owner(), echo().await);
        let ((one, proxy), (_, elsewhere)) = (cell(app).await, cell(app).await);
        let port = server.port();
        for resource in [&*format!("api.test:{port}"), &format!("127.0.0.1:{port}"), "*.api.test", "registries", "gone.test", "nowhere.test"] {
            grant(&owner, one, resource).await;
        }
        for (to, expected) in [
            (format!("api.test:{port}"), 200),
            (format!("API.Test.:{port}"), 200),
            (format!("127.0.0.1:{port}"), 200),
            (format!("2130706433:{port}"), 200),
            (format!("[::ffff:127.0.0.1]:{port}"), 403),
            (format!("[::1]:{port}"), 403),
            (format!("sub.api.test:{port}"), 403),
            (format!("api.test.evil.test:{port}"), 403),
            ("api.test:443".to_owned(), 403),
            ("pypi.org.evil.test:443".to_owned(), 403),
            ("gone.test:443".to_owned(), 502),
            ("nowhere.test:443".to_owned(), 502),
        ] {
            assert_eq!(status(&Line::to(proxy).await.ask(&connect(&to)).await), expected, "{to}");
            assert_eq!(status(&Line::to(elsewhere).await.ask(&connect(&to)).await), 403, "{to} elsewhere");
        }
    }

    async fn a_draft_has_the_grants_of_its_workspace(app, private) {
        let (workspace, server) = (app.owner().workspace("a").await.id, echo().await);
        let files = app.files_of(workspace);
        let draft = Site { draft: Some(files.with_file_name("draft")), ..Site::workspace(&files) };
        let proxy = app.cells.start(&draft).await;
        let to = connect(&server.to_string());
        assert_eq!(status(&ask(proxy, &to).await), 403);
        grant(&app.owner(), workspace, &server.to_string()).await;
        assert_eq!(status(&Line::to(proxy).await.ask(&to).await), 200);
    }

    async fn plain_http_reaches_the_origin_without_what_is_for_the_proxy(app, |setup| private(setup).host_name("api.test", &[&["127.0.0.1"]])) {
        let (server, mut heard) = origin().await;
        let (workspace, proxy) = cell(app).await;
        let url = format!("http://user:secret@api.test:{}/a/b?c=d", server.port());
        assert_eq!(status(&ask(proxy, &get(&url)).await), 403);
        grant(&app.owner(), workspace, &format!("api.test:{}", server.port())).await;
        let request = format!(
            "POST {url} HTTP/1.1\r\nHost: wrong.test\r\nProxy-Authorization: Basic c2VjcmV0\r\nProxy-Connection: keep-alive\r\n\
             Connection: X-Hop\r\nX-Hop: 1\r\nX-Kept: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        let mut line = Line::to(proxy).await;
        let answer = line.ask(&request).await;
        assert_eq!(status(&answer), 200);
        assert!(!answer.to_lowercase().contains("keep-alive: timeout"), "{answer}");
        let heard = within("the origin", heard.recv()).await.unwrap();
        assert!(heard.starts_with("POST /a/b?c=d HTTP/1.1\r\n"), "{heard}");
        assert!(heard.contains("abc"), "{heard}");
        let lower = heard.to_lowercase();
        assert!(lower.contains(&format!("host: api.test:{}\r\n", server.port())) && lower.contains("x-kept: 2"), "{heard}");
        for gone in ["secret", "proxy-", "x-hop", "wrong.test"] {
            assert!(!lower.contains(gone), "{gone}: {heard}");
        }
    }

    async fn private_addresses_are_refused_however_they_are_reached(app, |setup| setup.paper_cells()
        .host_name("rebound.test", &[&["127.0.0.1"]]).host_name("ten.test", &[&["10.0.0.1"]])
        .host_name("metadata.test", &[&["169.254.169.254"]]).host_name("six.test", &[&["::1"]])
        .host_name("mapped.test", &[&["::ffff:127.0.0.1"]]).host_name("shared.test", &[&["100.64.0.1"]])
        .host_name("cast.test", &[&["224.0.0.1"]]).host_name("local.test", &[&["fe80::1"]])
        .host_name("unique.test", &[&["fd00::1"]]).host_name("zero.test", &[&["0.0.0.0"]])
        .host_name("mixed.test", &[&["93.184.215.14", "127.0.0.1"]]).host_name("localhost", &[&["127.0.0.1"]])) {
        let (owner, server) = (app.owner(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let (workspace, proxy) = cell(app).await;
        let port = server.local_addr().unwrap().port();
        for name in ["rebound", "ten", "metadata", "six", "mapped", "shared", "cast", "local", "unique", "zero", "mixed"]
            .map(|name| format!("{name}.test")).into_iter().chain(["localhost".to_owned()]) {
            let to = format!("{name}:{port}");
            grant(&owner, workspace, &to).await;
            for request in [connect(&to), get(&format!("http://{to}/"))] {
                let answer = ask(proxy, &request).await;
                assert_eq!(status(&answer), 403, "{to}");
                assert!(answer.contains("has a private address"), "{answer}");
            }
        }
        for address in ["127.0.0.1", "127.1:80", "0x7f000001", "[::1]:443", "[::ffff:10.0.0.1]", "169.254.169.254", "192.168.1.1:8080", "[fe80::1]"] {
            let body = json!({ "action": "network", "resource": address });
            let refused = owner.post(&format!("/api/workspaces/{workspace}/grants"), body).await;
            assert!(refused.refused_field(Code::Invalid, "resource").detail.contains("private"), "{address}");
            let host = if address.contains(":80") || address.contains("]:") { address.to_owned() } else { format!("{address}:443") };
            assert_eq!(status(&ask(proxy, &connect(&host)).await), 403, "{address}");
        }
        let knocked = tokio::time::timeout(Duration::ZERO, server.accept()).await;
        assert!(knocked.is_err(), "somebody connected to a private address");
    }

    async fn a_name_that_changes_its_mind_gains_nothing(app, |setup| private(setup).host_name("rebind.test", &[&["127.0.0.1"], &["127.0.0.2"]])) {
        let (workspace, proxy) = cell(app).await;
        let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = first.local_addr().unwrap().port();
        let second = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
        let to = format!("rebind.test:{port}");
        grant(&app.owner(), workspace, &to).await;
        let mut line = Line::to(proxy).await;
        assert_eq!(status(&line.ask(&connect(&to)).await), 200);
        assert_eq!(app.names.asked("rebind.test"), 1, "asked once, for check and connection alike");
        within("the address that was checked", first.accept()).await.unwrap();
        assert!(tokio::time::timeout(Duration::ZERO, second.accept()).await.is_err());
    }

    async fn hostile_requests_are_refused(app, private) {
        let (server, mut heard) = origin().await;
        let (workspace, proxy) = cell(app).await;
        grant(&app.owner(), workspace, &server.to_string()).await;
        let huge = format!("GET http://{server}/ HTTP/1.1\r\nHost: a\r\nX-Big: {}\r\n\r\n", "a".repeat(200 * 1024));
        let many = format!("GET http://{server}/ HTTP/1.1\r\nHost: a\r\n{}\r\n", "X-Many: 1\r\n".repeat(500));
        let lengths = format!("POST http://{server}/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab");
        let coding = format!("POST http://{server}/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity, gzip\r\n\r\nab");
        for (request, expected) in [
            (connect("junk"), 400), (connect(""), 400), (connect(":443"), 400), (connect("a.test:0"), 400),
            (connect("a.test:99999"), 400), (connect("a b:443"), 400), (connect("http://a.test:443/"), 400),
            (connect("user@a.test:443"), 400), (connect("..:443"), 400), (connect(&format!("{}:443", "a".repeat(5_000))), 400),
            ("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n".to_owned(), 400),
            (get("https://a.test/"), 400), (get("ftp://a.test/"), 400), (get("http:///a"), 400), (get("*"), 400),
            ("\x16\x03\x01\x02\r\n\r\n".to_owned(), 400), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 400),
            (huge, 431), (many, 431), (lengths, 400), (coding, 400),
        ] {
            let answer = Line::to(proxy).await.ask(&request).await;
            let shown: String = request.chars().take(80).collect();
            // Who goes on talking may be cut off before the answer is through.
            let cut = answer.is_empty() && (expected == 431 || request.starts_with("PRI"));
            assert!(cut || answer.starts_with(&format!("HTTP/1.1 {expected} ")), "{shown:?}: {answer}");
        }
        // What a request hides behind its end is no part of what goes out.
        for framing in ["Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 60"] {
            let request = format!("POST http://{server}/first HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            let mut line = Line::to(proxy).await;
            line.say(&request).await;
            let answer = line.hear("").await;
            assert_eq!(status(&answer), 200, "{answer}");
            assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
            let heard = within("the origin", heard.recv()).await.unwrap();
            assert!(heard.starts_with("POST /first") && !heard.contains("smuggled"), "{heard}");
            assert!(!heard.to_lowercase().contains("content-length"), "{heard}");
        }
        assert!(heard.try_recv().is_err(), "the origin heard more than it should");
    }

    async fn grants_expire_and_are_renewed(app, private) {
        let (owner, server) = (app.owner(), echo().await);
        let (workspace, proxy) = cell(app).await;
        let path = format!("/api/workspaces/{workspace}/grants");
        let with = |until: &str| json!({ "action": "network", "resource": server.to_string(), "until": until });
        for until in ["yesterday", "", "2020-01-01T00:00:00Z"] {
            owner.post(&path, with(until)).await.refused_field(Code::Invalid, "until");
        }
        let short: Grant = owner.post(&path, with("2026-01-01T01:00:00Z")).await.ok();
        let longer: Grant = owner.post(&path, with("2026-01-01T02:00:00Z")).await.ok();
        assert_eq!((short.id, longer.until.as_deref()), (longer.id, Some("2026-01-01T02:00:00.000000Z")));
        app.clock.advance(Duration::from_mins(90));
        let to = connect(&server.to_string());
        assert_eq!(status(&Line::to(proxy).await.ask(&to).await), 200);
        app.clock.advance(Duration::from_mins(31));
        assert_eq!(status(&ask(proxy, &to).await), 403);
        assert!(grants(&owner, workspace).await.is_empty());
        let again = grant(&owner, workspace, &server.to_string()).await;
        assert_eq!(again.until, None);
        assert_ne!(again.id, short.id);
    }

    async fn a_tunnel_ends_when_its_grant_expires(app, private) {
        let (owner, server) = (app.owner(), echo().await);
        let (workspace, proxy) = cell(app).await;
        let body = json!({ "action": "network", "resource": server.to_string(), "until": "2026-01-01T01:00:00Z" });
        owner.post(&format!("/api/workspaces/{workspace}/grants"), body).await.ok::<Grant>();
        app.clock.advance(Duration::from_hours(1).checked_sub(Duration::from_secs(2)).unwrap());
        let mut line = Line::to(proxy).await;
        assert_eq!(status(&line.ask(&connect(&server.to_string())).await), 200);
        assert_eq!(line.hear("\n").await, "");
    }

    async fn grants_are_checked_and_belong_to_members(app, |setup| setup.paper_cells()) {
        let (owner, stranger) = (app.owner(), app.stranger().await);
        let workspace = owner.workspace("a").await.id;
        let path = format!("/api/workspaces/{workspace}/grants");
        for (resource, hint) in [("", "not the name"), ("https://example.org/", "without `https://`"), ("*.org", "top-level"), ("a:b", "65535"), ("a b", "not the name")] {
            let refused = owner.post(&path, json!({ "action": "network", "resource": resource })).await;
            assert!(refused.refused_field(Code::Invalid, "resource").detail.contains(hint), "{resource}");
        }
        owner.post(&path, json!({ "action": "shell", "resource": "a.test" })).await.refused(Code::Invalid);
        let granted = grant(&owner, workspace, " BÜCHER.example. ").await;
        assert_eq!(granted.resource, "xn--bcher-kva.example");
        assert_eq!(grant(&owner, workspace, "registries").await.resource, "registries");
        assert_eq!(grant(&owner, workspace, "bücher.example").await.id, granted.id);
        assert_eq!(grants(&owner, workspace).await, ["xn--bcher-kva.example", "registries"]);

        stranger.get(&path).await.refused(Code::NotFound);
        stranger.post(&path, json!({ "action": "network", "resource": "a.test" })).await.refused(Code::NotFound);
        stranger.delete(&format!("/api/grants/{}", granted.id)).await.refused(Code::NotFound);
        stranger.get(&format!("/api/workspaces/{workspace}/network/denials")).await.refused(Code::NotFound);
        assert_eq!(grants(&owner, workspace).await.len(), 2);
        for n in 2..200 {
            grant(&owner, workspace, &format!("h{n}.test")).await;
        }
        owner.post(&path, json!({ "action": "network", "resource": "one.more.test" })).await.refused(Code::TooLarge);
    }

    async fn a_stopped_cell_has_no_way_out(app, private) {
        let (owner, server) = (app.owner(), echo().await);
        let (workspace, proxy) = cell(app).await;
        grant(&owner, workspace, &server.to_string()).await;
        let mut line = Line::to(proxy).await;
        assert_eq!(status(&line.ask(&connect(&server.to_string())).await), 200);
        let mut idle = Line::to(proxy).await;
        owner.poke(&format!("/api/workspaces/{workspace}/cell/stop")).await.done();
        for line in [&mut line, &mut idle] {
            assert_eq!(line.hear("\n").await, "");
        }
        assert!(TcpStream::connect(proxy).await.is_err(), "its socket is let go");
        let site = Site::workspace(&app.files_of(workspace));
        let again = app.cells.start(&site).await;
        assert_eq!(status(&Line::to(again).await.ask(&connect(&server.to_string())).await), 200);
    }

    async fn a_program_in_a_real_cell_reaches_what_is_granted(app, |setup| setup.settings(|s| s.network.allow_private = true).host_name("api.test", &[&["127.0.0.1"]])) {
        let (owner, (server, _heard)) = (app.owner(), origin().await);
        let workspace = owner.workspace("a").await.id;
        let port = server.port();
        let program = |url: String| format!("import urllib.request as r, urllib.error as e\ntry: print(r.urlopen('{url}').read().decode())\nexcept e.HTTPError as f: print(f.code, f.reason)\nexcept e.URLError as f: print(f.reason)");
        let code = |url: String| Execute { workspace_id: workspace, code: Some(program(url)), language: Some("python".to_owned()), ..Execute::default() };
        let (plain, secret) = (format!("http://api.test:{port}/"), format!("https://api.test:{port}/"));
        let ended = owner.run(&code(plain.clone())).await;
        assert_eq!(ended.stdout, Some(format!("403 api.test:{port} is not granted in Atelier\n")), "{ended:?}");
        let ended = owner.run(&code(secret)).await;
        assert_eq!(ended.stdout, Some(format!("Tunnel connection failed: 403 api.test:{port} is not granted in Atelier\n")), "{ended:?}");
        let denied = denials(&owner, workspace).await;
        assert_eq!((denied.len(), denied[0].count), (1, 2));
        grant(&owner, workspace, &denied[0].resource).await;
        assert_eq!(owner.run(&code(plain)).await.stdout.as_deref(), Some("ok\n"));
        // Around the proxy there is nothing, granted or not.
        let around = format!("import socket\ntry: socket.create_connection(('127.0.0.1', {port}), 2); print('reached')\nexcept OSError: print('no')");
        let around = Execute { workspace_id: workspace, code: Some(around), language: Some("python".to_owned()), ..Execute::default() };
        assert_eq!(owner.run(&around).await.stdout.as_deref(), Some("no\n"));
    }
}

/// A cell's connections are bounded: what comes on top waits its turn.
#[tokio::test]
async fn a_cell_has_256_connections_at_a_time_and_others_wait() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = listener.local_addr().unwrap();
    let over = CancellationToken::new();
    let grants = FixedGrants::parse("none").unwrap();
    let serving = TaskTracker::new();
    serving.spawn(atelier_server::serve_fixed(listener, grants, over.clone()));
    let mut held = Vec::new();
    for _ in 0..256 {
        let mut line = Line::to(proxy).await;
        assert_eq!(status(&line.ask(&get("http://a.test/")).await), 403);
        held.push(line);
    }
    let mut late = Line::to(proxy).await;
    late.say(&connect("late.test:443")).await;
    // All others are served meanwhile, again and again.
    for line in &mut held {
        line.hear("\n").await;
        assert_eq!(status(&line.ask(&get("http://b.test/")).await), 403);
    }
    let unanswered = late.0.try_read(&mut [0; 1]).unwrap_err();
    assert_eq!(unanswered.kind(), std::io::ErrorKind::WouldBlock);
    held.pop();
    assert_eq!(status(&late.hear("\r\n\r\n").await), 403);
    over.cancel();
    serving.close();
    within("the proxy to end", serving.wait()).await;
}

/// Whatever bytes a program sends, the next one is answered.
#[tokio::test]
async fn no_bytes_bring_the_proxy_down() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = listener.local_addr().unwrap();
    let over = CancellationToken::new();
    let grants = FixedGrants::parse("none").unwrap();
    let serving = TaskTracker::new();
    serving.spawn(atelier_server::serve_fixed(listener, grants, over.clone()));
    let whole = "POST http://a.test:80/x?y HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\nX: \u{ff}\r\n\r\nabc";
    let mut chance = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = move |below: usize| {
        // Xorshift: the same bytes each time.
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        usize::try_from(chance % below as u64).unwrap()
    };
    for _ in 0..400 {
        let mut bytes = whole.as_bytes().to_vec();
        for _ in 0..random(6) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes[at] = u8::try_from(random(256)).unwrap(),
                1 => bytes.truncate(at + 1),
                _ => bytes.extend_from_within(..at),
            }
        }
        let mut line = Line::to(proxy).await;
        let _ = line.0.write_all(&bytes).await;
        let _ = line.0.shutdown().await;
        let mut answer = Vec::new();
        // It may be cut off with what was not read.
        let _ = within("the end", line.0.read_to_end(&mut answer)).await;
        assert!(
            answer.is_empty() || answer.starts_with(b"HTTP/1."),
            "{bytes:?}"
        );
    }
    let mut line = Line::to(proxy).await;
    assert_eq!(status(&line.ask(&connect("a.test:443")).await), 403);
    over.cancel();
    serving.close();
    within("the proxy to end", serving.wait()).await;
}
