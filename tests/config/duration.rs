//! Durations, as the file and the command line take them.

use std::time::Duration;

use proptest::prelude::*;
use t5_gate::config::duration::{NotADuration, parse};

use super::unrecorded;

#[test]
fn durations_are_read() {
    let read = |text| parse(text).map(|length| length.as_secs());
    assert_eq!(read("90s"), Ok(90));
    assert_eq!(read("10m"), Ok(600));
    assert_eq!(read("1h30m"), Ok(5_400));
    assert_eq!(read("30d"), Ok(2_592_000));
    assert_eq!(read("1d1h1m1s"), Ok(90_061));
    assert_eq!(read("0h5s"), Ok(5));
}

#[test]
fn what_is_no_duration_is_refused() {
    for (text, why) in [
        ("", NotADuration::NoNumber),
        ("m", NotADuration::NoNumber),
        (" 10m", NotADuration::NoNumber),
        ("-10m", NotADuration::NoNumber),
        ("10", NotADuration::NoUnit),
        ("10 m", NotADuration::NoUnit),
        ("10M", NotADuration::NoUnit),
        ("10ms", NotADuration::NoNumber),
        ("1.5h", NotADuration::NoUnit),
        ("1h30", NotADuration::NoUnit),
        ("10m ", NotADuration::NoNumber),
        ("30m1h", NotADuration::Order),
        ("1m1m", NotADuration::Order),
        ("0s", NotADuration::Zero),
        ("3651d", NotADuration::TooLong),
        ("99999999999999999999999s", NotADuration::TooLong),
        ("18446744073709551615d", NotADuration::TooLong),
    ] {
        assert_eq!(parse(text), Err(why), "{text:?}");
    }
}

proptest! {
    #![proptest_config(unrecorded())]

    #[test]
    fn what_is_written_is_read(d in 0u64..3_000, h in 0u64..24, m in 0u64..60, s in 1u64..60) {
        let seconds = d * 86_400 + h * 3_600 + m * 60 + s;
        prop_assert_eq!(parse(&format!("{d}d{h}h{m}m{s}s")), Ok(Duration::from_secs(seconds)));
    }

    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,20}|[0-9dhms]{0,30}") {
        if let Ok(length) = parse(&text) {
            prop_assert!(length.as_secs() > 0 && length.as_secs() <= 3_650 * 86_400);
        }
    }
}
