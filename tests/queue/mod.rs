//! Deliveries, jobs and the outbox in a database.

mod deliveries;
mod jobs;
mod leases;
mod model;
mod opening;
mod outbox;
mod together;
mod world;
