//! Listeners on the loopback, in the file system and in the abstract namespace.

use std::{
    io::{self, Read},
    net::{SocketAddr, TcpListener, UdpSocket},
    os::{
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr as UnixAddr, UnixListener},
    },
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// What listeners heard, together.
type Heard = Arc<Mutex<Vec<u8>>>;

/// Listeners of one arena.
pub struct Ears {
    heard: Heard,
    /// Everybody tells here what was stolen.
    pub tcp: SocketAddr,
}

impl Ears {
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (heard, tcp) = (Heard::default(), listener.local_addr().unwrap());
        let into = Arc::clone(&heard);
        listen(move || listener.accept().map(|(stream, _)| stream), into);
        Self { heard, tcp }
    }

    /// Listens for datagrams too.
    pub fn udp(&self) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let into = Arc::clone(&self.heard);
        thread::spawn(move || {
            let mut bytes = [0; 2048];
            while let Ok((length, from)) = socket.recv_from(&mut bytes) {
                into.lock().unwrap().extend(&bytes[..length]);
                // Whoever waits for an answer knows now that it was heard.
                let _ = socket.send_to(b"heard", from);
            }
        });
        address
    }

    /// Listens on a socket in a folder.
    pub fn path(&self, path: &Path) {
        use std::os::unix::fs::PermissionsExt as _;
        let listener = UnixListener::bind(path).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
        let into = Arc::clone(&self.heard);
        listen(move || listener.accept().map(|(stream, _)| stream), into);
    }

    /// Listens on a name in the abstract namespace.
    pub fn abstract_name(&self, name: &str) {
        let listener = UnixListener::bind_addr(&UnixAddr::from_abstract_name(name).unwrap());
        let listener = listener.unwrap();
        let into = Arc::clone(&self.heard);
        listen(move || listener.accept().map(|(stream, _)| stream), into);
    }

    /// Whether somebody said this.
    pub fn heard(&self, text: &str) -> bool {
        let heard = self.heard.lock().unwrap();
        heard.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

/// Takes what each caller says, and answers, so that the caller knows that it was heard.
fn listen<S: Read + io::Write + Send + 'static>(
    accept: impl Fn() -> io::Result<S> + Send + 'static,
    into: Heard,
) {
    thread::spawn(move || {
        while let Ok(mut stream) = accept() {
            let into = Arc::clone(&into);
            thread::spawn(move || {
                let mut bytes = [0; 2048];
                while let Ok(length @ 1..) = stream.read(&mut bytes) {
                    into.lock().unwrap().extend(&bytes[..length]);
                    let _ = stream.write_all(b"heard");
                }
            });
        }
    });
}

/// Looks again and again, and not for ever, whether something is so.
pub fn soon(what: impl Fn() -> bool) -> bool {
    let started = std::time::Instant::now();
    while started.elapsed() < Duration::from_secs(60) {
        if what() {
            return true;
        }
        thread::sleep(Duration::from_millis(20));
    }
    false
}
