//! Attacks on what the kernel keeps for everybody.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    Fought,
    arena::{Arena, DEADLINE, ended},
    reads::stolen,
};

/// Compiles a program of the test's own.
fn compiled(arena: &Arena, source: &str) -> PathBuf {
    let (text, program) = (arena.path("planter.rs"), arena.path("planter"));
    fs::write(&text, source).unwrap();
    let mut rustc = Command::new("rustc");
    rustc.arg("--edition=2021").arg("-o").arg(&program).arg(&text);
    let output = rustc.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
}

/// A user's session keeps keys in the kernel, for every process that descends from it.
pub fn keyring(arena: &Arena) -> Fought {
    let planter = compiled(arena, include_str!("payloads/planter.rs"));
    let attack = "
extern \"C\" {
    fn syscall(number: i64, ...) -> i64;
}
fn attack() {
    let (request_key, keyctl) = if cfg!(target_arch = \"aarch64\") { (218, 219) } else { (249, 250) };
    let nothing = std::ptr::null::<u8>();
    let mut bytes = [0u8; 64];
    unsafe {
        let key = syscall(request_key, c\"user\".as_ptr(), c\"t5-arena\".as_ptr(), nothing, 0i64);
        syscall(keyctl, 11i64, key, bytes.as_mut_ptr(), bytes.len());
    }
    hunt(&bytes);
}
";
    arena.bench(Path::new(""), attack);
    let t5 = arena.t5().within(&[planter.to_str().unwrap(), &arena.prize]);
    let ended = ended(t5.spawn(), DEADLINE);
    Fought { won: arena.stolen(&ended), ended }
}

/// Programs that work together may share memory, whose number anybody may guess.
pub fn shared_memory(arena: &Arena) -> Fought {
    let planter = compiled(arena, include_str!("payloads/sharer.rs"));
    let attack = "
extern \"C\" {
    fn shmat(id: i32, at: *const u8, flags: i32) -> *const u8;
}
fn attack() {
    const READ_ONLY: i32 = 0o10000;
    // The kernel lists the segments of its namespace: the second column is the number.
    let listed = fs::read_to_string(\"/proc/sysvipc/shm\").unwrap_or_default();
    for line in listed.lines().skip(1) {
        let mut columns = line.split_whitespace();
        let Some(id) = columns.nth(1).and_then(|id| id.parse().ok()) else { continue };
        let Some(4096) = columns.nth(1).and_then(|size| size.parse::<u64>().ok()) else { continue };
        let at = unsafe { shmat(id, std::ptr::null(), READ_ONLY) };
        if at as isize != -1 {
            hunt(unsafe { std::slice::from_raw_parts(at, 4096) });
        }
    }
}
";
    arena.build_script(Path::new(""), attack);
    let t5 = arena.t5().within(&[planter.to_str().unwrap(), &arena.prize]);
    let ended = ended(t5.spawn(), DEADLINE);
    Fought { won: arena.stolen(&ended), ended }
}

/// In a user namespace of one's own one may mount, and so reach much of the kernel.
pub fn mount(arena: &Arena) -> Fought {
    let attack = "
extern \"C\" {
    fn unshare(flags: i32) -> i32;
    fn mount(what: *const std::ffi::c_char, at: *const std::ffi::c_char, kind: *const std::ffi::c_char, flags: u64, data: *const u8) -> i32;
}
fn attack() {
    const NEW_MOUNTS: i32 = 0x0002_0000;
    const NEW_USER: i32 = 0x1000_0000;
    const PRIVATE: u64 = 0x4000 | 0x4_0000;
    let at = std::ffi::CString::new(std::env::temp_dir().to_str().unwrap()).unwrap();
    let nothing = std::ptr::null();
    let own = unsafe { unshare(NEW_MOUNTS) == 0 || unshare(NEW_USER | NEW_MOUNTS) == 0 };
    // Only where nobody else sees it.
    let apart = own && unsafe { mount(nothing, c\"/\".as_ptr(), nothing, PRIVATE, nothing.cast()) == 0 };
    let tmpfs = c\"tmpfs\".as_ptr();
    if apart && unsafe { mount(tmpfs, at.as_ptr(), tmpfs, 0, nothing.cast()) == 0 } {
        tell(&prize());
    }
}
";
    arena.bench(Path::new(""), attack);
    stolen(arena)
}

/// Calls that are queued in shared memory pass by every filter of calls.
pub fn ring(arena: &Arena) -> Fought {
    let attack = "
extern \"C\" {
    fn syscall(number: i64, ...) -> i64;
}
fn attack() {
    const SETUP: i64 = 425;
    let mut about = [0u8; 256];
    if unsafe { syscall(SETUP, 1i64, about.as_mut_ptr()) } >= 0 {
        tell(&prize());
    }
}
";
    arena.bench(Path::new(""), attack);
    stolen(arena)
}
