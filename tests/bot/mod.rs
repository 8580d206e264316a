//! What the bot makes of deliveries, step by step.
