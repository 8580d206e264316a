//! The third wall: system calls that no build and no benchmark needs.
//!
//! The kernel looks this list up once for each call number and remembers the answer where it does
//! not depend on arguments, so that what is allowed costs next to nothing.

use std::{collections::BTreeMap, io};

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, sock_filter,
};

/// Refused whatever their arguments: looking into other processes, new namespaces and mounts,
/// kernel interfaces with a history of holes, keys, clocks, handles that go around paths, and what
/// the kernel keeps for a later process without a file.
const REFUSED: [c_long; 50] = [
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kcmp,
    libc::SYS_pidfd_getfd,
    libc::SYS_process_madvise,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_reboot,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_fanotify_init,
    libc::SYS_vhangup,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_shmget,
    libc::SYS_semget,
    libc::SYS_msgget,
    libc::SYS_mq_open,
];

/// Kinds of sockets that are let through: the network namespace holds them. Others, such as those
/// to a hypervisor, have no namespace.
const SOCKETS: [i32; 4] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];

/// Puts it up for this process and everything that it starts.
pub(super) fn put_up() -> io::Result<()> {
    let mut whole = other_abi();
    whole.extend(program().map_err(io::Error::other)?);
    seccompiler::apply_filter(&whole).map_err(io::Error::other)
}

/// Refuses the calls of x32, an ABI that shares its architecture with the usual one and has other
/// numbers: none of those that are refused below is among them.
#[cfg(target_arch = "x86_64")]
fn other_abi() -> BpfProgram {
    /// The bit that all its numbers have.
    const X32: u32 = 0x4000_0000;
    // BPF_LD | BPF_W | BPF_ABS: the number of the call, which stands first.
    let load = sock_filter { code: 0x20, jt: 0, jf: 0, k: 0 };
    // BPF_JMP | BPF_JSET | BPF_K.
    let unless = sock_filter { code: 0x45, jt: 0, jf: 1, k: X32 };
    // BPF_RET | BPF_K: SECCOMP_RET_ERRNO with EPERM.
    let refuse = sock_filter { code: 0x06, jt: 0, jf: 0, k: 0x0005_0001 };
    vec![load, unless, refuse]
}

#[cfg(not(target_arch = "x86_64"))]
fn other_abi() -> BpfProgram {
    Vec::new()
}

fn program() -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules: BTreeMap<c_long, Vec<SeccompRule>> =
        REFUSED.iter().map(|number| (*number, Vec::new())).collect();
    rules.insert(libc::SYS_socket, vec![other_sockets()?]);
    let refuse = SeccompAction::Errno(u32::try_from(libc::EPERM).unwrap_or(1));
    let arch = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)?.try_into()
}

fn other_sockets() -> Result<SeccompRule, seccompiler::BackendError> {
    let unlike = |family: &i32| {
        let family = u64::try_from(*family).unwrap_or(u64::MAX);
        SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, family)
    };
    SeccompRule::new(SOCKETS.iter().map(unlike).collect::<Result<_, _>>()?)
}
