//! The server's pages and what it takes in.

mod badges;
mod listening;
mod pages;
mod report;
mod setup;
mod webhook;
mod world;
