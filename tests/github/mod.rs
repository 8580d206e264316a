//! What deliveries say, and the calls to GitHub.

mod webhook;
