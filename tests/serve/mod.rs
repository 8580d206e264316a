//! The server as a process, and its pages.
