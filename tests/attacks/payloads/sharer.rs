// Runs a command while a segment of shared memory exists that anybody may read.
extern "C" {
    fn shmget(key: i32, size: usize, flags: i32) -> i32;
    fn shmat(id: i32, at: *const u8, flags: i32) -> *mut u8;
    fn shmctl(id: i32, command: i32, buffer: *mut u8) -> i32;
}

fn main() {
    const CREATE: i32 = 0o1000;
    const REMOVE: i32 = 0;
    let mut args = std::env::args_os().skip(1);
    let secret = args.next().unwrap().into_string().unwrap();
    let id = unsafe { shmget(0, 4096, CREATE | 0o666) };
    let at = unsafe { shmat(id, std::ptr::null(), 0) };
    assert!(id >= 0 && at as isize != -1, "no memory can be shared here");
    unsafe { at.copy_from(secret.as_ptr(), secret.len()) };
    let status = std::process::Command::new(args.next().unwrap()).args(args).status();
    unsafe { shmctl(id, REMOVE, std::ptr::null_mut()) };
    std::process::exit(status.ok().and_then(|status| status.code()).unwrap_or(99));
}
