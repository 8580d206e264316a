//! Commands that are not ours: what they can do, and what is left of them.

mod answer;
mod job;
mod limits;
mod walls;
