//! Any bytes as what cargo and the compiler say of a build that a stranger's code took part in: its
//! metadata, its messages, its list of sources. What is read belongs to what was asked for.

#![no_main]

use std::path::{Component, Path};

use libfuzzer_sys::fuzz_target;
use t5_gate::runner::{benches, build, dep_info};

fuzz_target!(|bytes: &[u8]| {
    // Metadata, and then messages; the whole as a list of sources.
    let end = bytes.windows(5).position(|window| window == b"\n---\n").unwrap_or(bytes.len());
    let (metadata, messages) = bytes.split_at(end);
    let targets = benches::listed(metadata, &[]).unwrap_or_default();
    assert!(targets.is_sorted());
    for target in &targets {
        let only = benches::listed(metadata, std::slice::from_ref(&target.package)).unwrap();
        assert!(only.contains(target) && only.iter().all(|one| one.package == target.package));
    }
    let wanted: Vec<_> = targets.iter().collect();
    for made in build::executables(messages, &wanted) {
        assert!(targets.iter().any(|target| {
            (&target.package, &target.name, &target.folder)
                == (&made.package, &made.target, &made.folder)
        }));
    }
    assert!(build::executables(messages, &[]).is_empty());

    let text = String::from_utf8_lossy(bytes);
    for path in dep_info::named(&text, Path::new("/checkout/w"), Path::new("/checkout")) {
        let plain = |part| matches!(part, Component::Normal(_));
        assert!(!path.is_empty() && Path::new(&path).components().all(plain), "{path}");
    }
});
