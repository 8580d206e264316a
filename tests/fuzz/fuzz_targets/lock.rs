//! Any text as a lock file and as a manifest: read or refused, and no source is let through under
//! rules that name none.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use t5_gate::runner::scan::{
    RuleFile, Strictness,
    admission::{Admission, in_lock, in_manifest, next, reason},
    lock::Lock,
};

const RULES: &str = "[sources]\nunknown-git = \"deny\"\nunknown-registry = \"deny\"\n\
    allow-registry = []\nallow-git = [\"https://git.example.org/o/r\"]\n";

fuzz_target!(|text: &str| {
    let rules = RuleFile { path: "deny.toml".to_owned(), text: RULES.to_owned() };
    let admission = Admission::new(Some(&rules), Strictness::AsPolicy).unwrap();
    let lines = u32::try_from(text.lines().count()).unwrap_or(u32::MAX);
    let locked = in_lock("Cargo.lock", text);
    for named in [&locked, &in_manifest("Cargo.toml", text)] {
        assert!(named.iter().all(|one| (1..=lines.max(1) + 1).contains(&one.location.line)));
        let refused = admission.admitted(named).err().unwrap_or_default();
        let kept: BTreeSet<_> = refused.iter().map(|refused| &refused.named).collect();
        for one in named.iter().filter(|one| !kept.contains(one)) {
            let rest = one.source.to_ascii_lowercase();
            let rest = rest.strip_prefix("git+https://git.example.org");
            let rest = rest.expect("whatever passes is on that host");
            let path = rest.strip_prefix(":443").unwrap_or(rest);
            assert!(path.starts_with("/o/r"), "{}", one.source);
        }
        if !refused.is_empty() {
            let _ = (reason(&refused), next(&refused));
        }
        // What a base names is let through for its head.
        let known = admission.clone().knowing(named);
        let still = known.admitted(named).err().unwrap_or_default();
        assert!(still.iter().all(|one| kept.contains(&one.named)));
    }
    if let Ok(lock) = Lock::parse(text) {
        let sources = lock.file.packages.iter().filter(|package| package.source.is_some());
        assert!(locked.len() >= sources.count(), "a source that cargo would see is not seen");
        for package in &lock.members {
            assert!(lock.contains(package) && lock.chain(package).is_some());
        }
    }
    // The same text as the rules themselves.
    let rules = RuleFile { path: "deny.toml".to_owned(), text: text.to_owned() };
    if let Ok(admission) = Admission::new(Some(&rules), Strictness::OnlyAllowed) {
        let _ = admission.admitted(&locked);
    }
});
