//! Deliveries, jobs and the outbox in a database.
