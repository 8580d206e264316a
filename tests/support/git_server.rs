//! Repositories behind real smart HTTP: `git http-backend` as a CGI program, and a token that it
//! demands. It runs on a thread of its own and ends when it is dropped.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderMap, Method, Request, Response, StatusCode},
};
use tokio::{io::AsyncWriteExt as _, sync::oneshot};

use super::repository::Repository;

/// A server of every repository below one folder.
pub struct GitServer {
    address: SocketAddr,
    root: PathBuf,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

struct Shared {
    root: PathBuf,
    token: Option<String>,
    /// Whoever's token is good here is let in.
    ask: Option<String>,
    sent: AtomicU64,
    asked: Mutex<Vec<String>>,
    given_away: Mutex<Vec<String>>,
}

impl GitServer {
    /// Serves the bare repositories of a folder; where there is a token, to nobody without it.
    pub fn start(root: &Path, token: Option<&str>) -> Self {
        Self::with(root, token, None)
    }

    /// Serves them to whoever has a token that is good at this address.
    pub fn asking(root: &Path, address: &str) -> Self {
        Self::with(root, None, Some(address.to_owned()))
    }

    fn with(root: &Path, token: Option<&str>, ask: Option<String>) -> Self {
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            token: token.map(str::to_owned),
            ask,
            sent: AtomicU64::new(0),
            asked: Mutex::default(),
            given_away: Mutex::default(),
        });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let routes = Router::new().fallback(answer).with_state(Arc::clone(&shared));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    served = async { axum::serve(listener, routes).await } => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { address, root: root.to_owned(), shared, stop: Some(stop), thread: Some(thread) }
    }

    /// The address that repositories lie below.
    pub fn root_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of a repository of it.
    pub fn url(&self, name: &str) -> String {
        format!("http://{}/{name}.git", self.address)
    }

    /// Where a bare repository of it lies; made on first use.
    pub fn bare(&self, name: &str) -> PathBuf {
        let dir = self.root.join(format!("{name}.git"));
        if !dir.exists() {
            fs::create_dir_all(&dir).unwrap();
            git(&dir, &["init", "--quiet", "--bare", "--initial-branch=main"]);
        }
        dir
    }

    /// Pushes a commit of a local repository to a ref of the server's, as nobody could from
    /// outside: also to a pull request's.
    pub fn put(&self, name: &str, from: &Repository, commit: &str, to: &str) {
        let bare = self.bare(name);
        from.git(&[
            "push",
            "--quiet",
            "--force",
            bare.to_str().unwrap(),
            &format!("{commit}:{to}"),
        ]);
    }

    /// Runs git in a repository of the server's.
    pub fn git(&self, name: &str, args: &[&str]) -> String {
        git(&self.bare(name), args)
    }

    /// How many bytes of repositories were sent so far.
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }

    /// What was asked for so far, by whomever: method, path and the answer's code.
    pub fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap().clone()
    }

    /// Command lines on this machine that held the token while a client waited for an answer.
    pub fn command_lines_with_the_token(&self) -> Vec<String> {
        self.shared.given_away.lock().unwrap().clone()
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn git(dir: &Path, args: &[&str]) -> String {
    let output = std::process::Command::new("git")
        .current_dir(dir)
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {args:?} failed: {said}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let line = format!("{} {}", request.method(), request.uri());
    let answer = if shared.allows(request.headers()).await {
        shared.look_around();
        backend(&shared, request).await
    } else {
        Response::builder()
            .status(StatusCode::UNAUTHORIZED)
            .header("WWW-Authenticate", "Basic realm=\"git\"")
            .body(Body::from("who are you?"))
            .unwrap()
    };
    shared.asked.lock().unwrap().push(format!("{line} {}", answer.status().as_u16()));
    answer
}

impl Shared {
    async fn allows(&self, headers: &HeaderMap) -> bool {
        if let Some(address) = &self.ask {
            let Some(token) = token_of(headers) else { return false };
            let authorization = format!("Bearer {token}");
            let headers = [("authorization", authorization.as_str())];
            let answer = super::http::send(Method::GET, address, &headers, "").await;
            return answer.is_ok_and(|answer| answer.status.is_success());
        }
        let Some(token) = &self.token else { return true };
        let both = format!("x-access-token:{token}");
        let wanted = format!("Basic {}", data_encoding::BASE64.encode(both.as_bytes()));
        headers.get("Authorization").is_some_and(|given| given.as_bytes() == wanted.as_bytes())
    }

    /// The client waits for us, so its processes are there to be looked at.
    fn look_around(&self) {
        let Some(token) = &self.token else { return };
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(line) = fs::read(entry.path().join("cmdline")) else { continue };
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            if line.contains(token.as_str()) {
                self.given_away.lock().unwrap().push(line);
            }
        }
    }
}

/// The password of basic authentication.
fn token_of(headers: &HeaderMap) -> Option<String> {
    let given = headers.get("Authorization")?.to_str().ok()?.strip_prefix("Basic ")?;
    let both = data_encoding::BASE64.decode(given.as_bytes()).ok()?;
    let both = String::from_utf8(both).ok()?;
    both.strip_prefix("x-access-token:").map(str::to_owned)
}

/// One request through the CGI program (RFC 3875).
async fn backend(shared: &Shared, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let header = |name: &str| {
        parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let mut child = tokio::process::Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", &shared.root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("PATH_INFO", parts.uri.path())
        .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
        .env("CONTENT_TYPE", header("Content-Type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", header("Content-Encoding"))
        .env("GIT_PROTOCOL", header("Git-Protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let write = async move {
        // A backend that refuses does not read to the end.
        let _ = stdin.write_all(&body).await;
    };
    let ((), output) = tokio::join!(write, child.wait_with_output());
    let output = output.unwrap().stdout;
    let end = output.windows(4).position(|four| four == b"\r\n\r\n").expect("a CGI answer");
    let content = output[end + 4..].to_vec();
    shared.sent.fetch_add(content.len() as u64, Ordering::SeqCst);
    let mut answer = Response::builder();
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        let (name, value) = line.split_once(": ").unwrap();
        answer = match name {
            "Status" => answer.status(value[..3].parse::<u16>().unwrap()),
            _ => answer.header(name, value),
        };
    }
    answer.body(Body::from(content)).unwrap()
}
