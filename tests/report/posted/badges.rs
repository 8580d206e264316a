//! The badge.

use t5_gate::{
    report::posted::{Badge, badge},
    verdict::Outcome,
};

const ALL: [Badge; 7] = [
    Badge::Passing,
    Badge::Attention,
    Badge::Failing,
    Badge::Inconclusive,
    Badge::CouldNotRun,
    Badge::Running,
    Badge::Unknown,
];

/// The value of an attribute in the first tag that has it.
fn attribute<'a>(tag: &'a str, name: &str) -> &'a str {
    tag.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap()
}

#[test]
fn a_badge_is_a_picture_with_a_name() {
    insta::assert_snapshot!(badge(Badge::Passing));
    for state in ALL {
        let svg = badge(state);
        let name = attribute(&svg, "aria-label");
        assert!(svg.contains("role=\"img\""));
        assert!(svg.contains(&format!("<title>{name}</title>")));
    }
}

#[test]
fn badges_of_different_states_differ() {
    let mut all: Vec<String> = ALL.map(badge).to_vec();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), ALL.len());
}

#[test]
fn a_badge_needs_nothing_from_anywhere() {
    for state in ALL {
        let svg = badge(state).replace("http://www.w3.org/2000/svg", "");
        for outside in ["http", "href", "<script", "@import", "<image", "<foreignObject"] {
            assert!(!svg.contains(outside), "{outside}: {svg}");
        }
    }
}

#[test]
fn no_text_leaves_its_field() {
    for state in ALL {
        let svg = badge(state);
        let whole: u32 = attribute(&svg, "width").parse().unwrap();
        let rects: Vec<&str> = svg.lines().filter(|line| line.starts_with("<rect")).collect();
        let left: u32 = attribute(rects[0], "width").parse().unwrap();
        let right: u32 = attribute(rects[1], "width").parse().unwrap();
        assert_eq!(left + right, whole);
        for text in svg.lines().filter(|line| line.starts_with("<text")) {
            let at: u32 = attribute(text, "x").parse().unwrap();
            let length: u32 = attribute(text, "textLength").parse().unwrap();
            let field = if at < left { 0..left } else { left..whole };
            assert!(field.start < at && at + length < field.end, "{text} in {field:?}");
        }
    }
}

/// Relative luminance of a colour, as WCAG defines it.
fn luminance(hex: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

#[test]
fn white_text_can_be_read_on_every_colour() {
    for state in ALL {
        let svg = badge(state);
        for rect in svg.lines().filter(|line| line.starts_with("<rect")) {
            let contrast = 1.05 / (luminance(attribute(rect, "fill")) + 0.05);
            assert!(contrast >= 4.5, "{contrast} in {rect}");
        }
    }
}

#[test]
fn only_a_pass_is_a_passing_badge() {
    let outcomes = [
        Outcome::Pass,
        Outcome::Attention,
        Outcome::Inconclusive,
        Outcome::CouldNotRun,
        Outcome::Fail,
    ];
    assert_eq!(
        outcomes.map(Badge::from),
        [Badge::Passing, Badge::Attention, Badge::Inconclusive, Badge::CouldNotRun, Badge::Failing]
    );
}
