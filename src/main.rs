//! t5
fn main() {}
