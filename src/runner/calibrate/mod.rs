//! Measures a host against itself: one commit's executables as both sides, pass by pass.

mod injected;
mod passes;
mod store;

pub use injected::Injected;
pub use passes::{Measured, Plan, measure, passes};
pub use store::{StoreError, Stored, last, store};
