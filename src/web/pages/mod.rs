//! Pages for people: each is a template, filled with words for what is stored.

pub(super) mod fixed;
pub(super) mod home;
pub(super) mod job;
pub(super) mod run;
mod words;
