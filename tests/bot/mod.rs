//! What the bot makes of deliveries, step by step.

mod buttons;
mod commands;
mod faults;
mod outcomes;
mod partial;
mod publishing;
mod pulls;
mod recovery;
mod refs;
mod strangers;
mod world;
