//! Any bytes as what comes out of a sandbox: read or refused, and never more of it than was asked
//! for.

#![no_main]

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use libfuzzer_sys::fuzz_target;
use t5_gate::sandbox::{Collect, answer};

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    // The same behind the length of its first line, which no fuzzer guesses.
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let mut framed = u32::try_from(end).unwrap().to_le_bytes().to_vec();
    framed.extend_from_slice(bytes);
    read(&framed);
});

fn read(bytes: &[u8]) {
    for (files, file) in [(0, 0), (3, 64)] {
        let names = vec!["sample.json".to_owned()];
        let total = 2 * file;
        let folder = "/tmp".to_owned();
        let collect = Collect { folder, names, file, files, total, depth: 1 };
        let mut left = bytes;
        let answered = {
            let mut future = pin!(answer(&mut left, Some(&collect)));
            future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        };
        let Poll::Ready(answered) = answered else { panic!("all that comes is there") };
        let Ok((outcome, returned)) = answered else { continue };
        assert!(returned.len() <= files && returned.len() == outcome.files.len());
        let sizes = returned.iter().filter_map(|one| Some(one.bytes.as_ref()?.len() as u64));
        assert!(sizes.sum::<u64>() <= total);
        for (head, one) in outcome.files.iter().zip(&returned) {
            let size = one.bytes.as_ref().map(|bytes| bytes.len() as u64);
            assert!(size == head.bytes && size.is_none_or(|size| size <= file));
        }
        // Nobody asked for files: then there are none.
        let mut left = bytes;
        let mut future = pin!(answer(&mut left, None));
        let nothing = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(nothing) = nothing else { panic!("all that comes is there") };
        assert_eq!(nothing.is_ok(), returned.is_empty());
    }
}
