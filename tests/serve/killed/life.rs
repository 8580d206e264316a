//! One process of the server, from its start to its end.

use std::{
    io::{BufRead as _, BufReader},
    process::Child,
    sync::{Arc, Mutex},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::server::Setting;

/// What all processes of a server said, one after the other.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn text(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }

    /// How many lines hold this text.
    pub fn count(&self, text: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|line| line.contains(text)).count()
    }
}

/// A server that runs.
pub struct Life {
    child: Child,
    lines: UnboundedReceiver<String>,
}

impl Life {
    /// Starts it; nobody waits until it listens.
    pub fn begin(setting: &Setting, log: &Log) -> Self {
        let mut child = setting.spawn();
        let (said, lines) = unbounded_channel();
        let (stderr, log) = (child.stderr.take().unwrap(), log.clone());
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                log.0.lock().unwrap().push(line.clone());
                let _ = said.send(line);
            }
        });
        Self { child, lines }
    }

    /// Waits for a line of the log that holds `text`.
    pub async fn until(&mut self, text: &str) -> String {
        loop {
            let line = self.lines.recv().await;
            let line = line.unwrap_or_else(|| panic!("the server ended before it said {text:?}"));
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits until it says anything, or for a second: some work is done in silence.
    pub async fn something(&mut self) {
        let line = tokio::time::timeout(Duration::from_secs(1), self.lines.recv()).await;
        assert!(!matches!(line, Ok(None)), "the server ended by itself");
    }

    /// As the kernel ends a process when memory is short, or a power cut all of them.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end; gives the exit code once it has.
    pub fn terminate(mut self) -> Option<i32> {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
