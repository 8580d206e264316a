//! Put into a copy of criterion by t5, which then asks for slices over a unix socket.
//!
//! Nothing but the standard library, in words that a compiler from 1.63 on understands: this is
//! compiled as part of whichever criterion a repository uses. The messages are described, and read
//! on the other side, in t5's `runner::gate::message`.

use std::{
    env,
    fmt::Debug,
    io::{Read, Write},
    os::unix::net::UnixStream,
    process,
    sync::Mutex,
};

/// Names the socket; absent where nobody asks for slices.
const SOCKET: &str = "T5_GATE";

/// Not looked for yet, absent, or there.
static CONNECTION: Mutex<Option<Option<UnixStream>>> = Mutex::new(None);

/// Answers for one benchmark until the other side asks for the next one; false where nobody asks.
///
/// `run` runs so many iterations and says how long they took, in nanoseconds where `timed`.
pub(crate) fn answer(
    id: &str,
    throughput: &dyn Debug,
    timed: bool,
    run: &mut dyn FnMut(u64) -> f64,
) -> bool {
    let mut connection = CONNECTION.lock().unwrap();
    let socket = match connection.get_or_insert_with(connect) {
        Some(socket) => socket,
        None => return false,
    };
    let throughput = format!("{throughput:?}");
    let mut said = vec![b'B', timed as u8];
    for text in [id, &throughput] {
        said.extend_from_slice(&(text.len() as u32).to_le_bytes());
        said.extend_from_slice(text.as_bytes());
    }
    send(socket, &said);
    loop {
        let mut request = [0; 17];
        // Whoever asked has heard enough, or is gone.
        if socket.read_exact(&mut request).is_err() {
            process::exit(0);
        }
        if request[0] == b'N' {
            return true;
        }
        let count = |from: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&request[from..from + 8]);
            u64::from_le_bytes(bytes)
        };
        let (untimed, timed) = (count(1), count(9));
        if untimed > 0 {
            run(untimed);
        }
        let mut answer = vec![b'A'];
        answer.extend_from_slice(&run(timed).to_bits().to_le_bytes());
        send(socket, &answer);
    }
}

fn connect() -> Option<UnixStream> {
    UnixStream::connect(env::var_os(SOCKET)?).ok()
}

fn send(socket: &mut UnixStream, bytes: &[u8]) {
    if socket.write_all(bytes).is_err() {
        process::exit(0);
    }
}
