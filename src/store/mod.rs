//! The database, and all of its SQL: a folder for each kind of database.

mod sqlite;

pub use sqlite::Sqlite;
