// Runs a command with a key in a session keyring of its own.
use std::os::unix::process::CommandExt as _;

extern "C" {
    fn syscall(number: i64, ...) -> i64;
}

fn main() {
    let (add_key, keyctl) = if cfg!(target_arch = "aarch64") { (217, 219) } else { (248, 250) };
    let mut args = std::env::args_os().skip(1);
    let secret = args.next().unwrap().into_string().unwrap();
    let joined = unsafe { syscall(keyctl, 1i64, std::ptr::null::<u8>()) };
    let key = unsafe {
        syscall(add_key, c"user".as_ptr(), c"t5-arena".as_ptr(), secret.as_ptr(), secret.len(), -3i64)
    };
    assert!(joined > 0 && key > 0, "this kernel keeps no keys");
    let mut command = std::process::Command::new(args.next().unwrap());
    panic!("{}", command.args(args).exec());
}
