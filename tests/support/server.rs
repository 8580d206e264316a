//! `t5 serve` as an operator runs it: a process with a configuration file.

use std::{
    fs,
    io::{BufRead as _, BufReader, Lines},
    path::PathBuf,
    process::{Child, ChildStderr, Command, Stdio},
};

use tempfile::TempDir;

use super::{emulate, tool};

/// Everything that a server is told.
pub struct Setting {
    keep: TempDir,
    app: u64,
    pub port: u16,
    /// How much the server says.
    pub rust_log: &'static str,
    pub api_url: String,
    pub web_url: String,
}

/// A running server.
pub struct Server {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    seen: Vec<String>,
}

impl Setting {
    /// A server for this GitHub, on a port of its own, with an empty data folder.
    pub fn new(port: u16, api_url: &str, web_url: &str) -> Self {
        Self::of_app((emulate::APP, emulate::SECRET), port, api_url, web_url)
    }

    /// The same for another App: its id, and the secret of its webhook.
    pub fn of_app((app, secret): (u64, &str), port: u16, api_url: &str, web_url: &str) -> Self {
        let keep = TempDir::with_prefix("t5 server ").unwrap();
        let rust_log = "info";
        let made =
            Self { keep, app, port, rust_log, api_url: api_url.into(), web_url: web_url.into() };
        fs::write(made.path("key.pem"), emulate::key()).unwrap();
        fs::write(made.path("secret"), secret).unwrap();
        made.write("");
        made
    }

    /// Writes the configuration, with more lines at its end.
    pub fn write(&self, more: &str) {
        let Self { app, port, api_url, web_url, .. } = self;
        let (data, key, secret) = (self.path("data"), self.path("key.pem"), self.path("secret"));
        let text = format!(
            "public-url: http://127.0.0.1:{port}\nlisten: 127.0.0.1:{port}\ndata: {data:?}\n\
             github:\n  api-url: {api_url}\n  web-url: {web_url}\n  app-id: {app}\n  \
             private-key-file: {key:?}\n  webhook-secret-files: [{secret:?}]\n{more}",
        );
        fs::write(self.path("server.yml"), text).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.keep.path().join(name)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn webhook(&self) -> String {
        format!("{}/webhook", self.url())
    }

    /// `t5` with this configuration.
    pub fn t5(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_t5"));
        command
            .args(args)
            .arg("--config")
            .arg(self.path("server.yml"))
            .env("T5_CACHE", self.path("cache"))
            .env("T5_LOCK", self.path("lock"))
            .env("PATH", tool::path_with_cargo_deny())
            .env("RUST_LOG", self.rust_log)
            .env_remove("T5_ADVISORY_DB")
            .env_remove("T5_DATA")
            .env_remove("T5_PUBLIC_URL")
            .env_remove("T5_LISTEN")
            .current_dir(self.keep.path());
        command
    }

    /// Starts the server's process; its log can be read from standard error.
    pub fn spawn(&self) -> Child {
        self.t5(&["serve", "--offline"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Starts the server, and waits until it listens.
    pub fn start(&self) -> Server {
        let mut child = self.spawn();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut server = Server { child, log, seen: Vec::new() };
        server.until("listening");
        server
    }
}

impl Server {
    /// Reads the log up to a line that holds `text`, and gives that line.
    #[track_caller]
    pub fn until(&mut self, text: &str) -> String {
        loop {
            let Some(line) = self.log.next().transpose().unwrap() else {
                panic!("the server ended before it said {text:?}:\n{}", self.seen.join("\n"));
            };
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Asks it to end, and waits until it has; gives the exit code and the rest of its log.
    pub fn terminate(mut self) -> (Option<i32>, String) {
        let pid = i32::try_from(self.child.id()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let rest: Vec<String> = self.log.by_ref().map_while(Result::ok).collect();
        (self.child.wait().unwrap().code(), rest.join("\n"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let rest: Vec<String> = self.log.by_ref().map_while(Result::ok).collect();
            eprintln!("the server's log:\n{}\n{}", self.seen.join("\n"), rest.join("\n"));
        }
    }
}
