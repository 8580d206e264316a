//! What is kept between a delivery and a published report, behind one trait.
//!
//! [`Store`] is what the bot knows of a database; `store` holds the SQL. Every method is one
//! transaction: a process may be killed at any point between two of them.

mod coordinator;
mod job;
mod outbox;
mod store;

pub use coordinator::{Coordinator, CoordinatorError, Work};
pub use job::{
    Asked, Ended, Finish, Heard, Job, JobState, NewJob, Phase, Progress, Reaped, Run, Scope,
    Subject, Trust, Waiting,
};
pub use outbox::{Due, Lane, Published, Target};
pub use store::{
    Accepted, Delivery, DeliveryState, DeliverySummary, Effect, Settled, Store, StoreError,
};
