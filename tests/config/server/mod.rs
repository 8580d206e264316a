//! What an operator may write into `server.yml`.

mod defaults;
mod mistakes;
mod schema;
