//! What people say to the bot.
