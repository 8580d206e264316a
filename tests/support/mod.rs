//! What tests have in common: a folder that goes away, a repository, and `t5` itself.

pub mod bench_double;
pub mod elsewhere;
pub mod emulate;
pub mod git_server;
pub mod github;
pub mod hanging;
pub mod http;
pub mod not_run;
pub mod npm;
pub mod repository;
pub mod server;
pub mod signed;
pub mod t5;
pub mod tool;
