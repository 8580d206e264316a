//! The server's pages, what it takes in, and the server as a process.

mod badges;
mod end_to_end;
mod keys;
mod killed;
mod listening;
mod pages;
mod report;
mod secret_types;
mod setup;
mod webhook;
mod world;
