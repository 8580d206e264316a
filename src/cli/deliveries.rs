//! `t5 deliveries`.

use std::path::Path;

use super::{
    Exit,
    args::{DeliveriesArgs, DeliveriesCommand, DeliveryStateArg},
    fail, print, server,
};
use crate::{
    queue::{DeliveryState, DeliverySummary, Store, StoreError},
    store::Sqlite,
};

/// How many are listed.
const LISTED: u32 = 200;

/// Lists what was made of deliveries, or gives one another chance.
pub(super) fn deliveries(args: &DeliveriesArgs) -> Exit {
    let config = match server::config(&args.server) {
        Ok(config) => config,
        Err(message) => return fail(&message, Exit::Usage),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, Exit::CouldNotRun),
    };
    let database = server::database(&config);
    if !database.exists() {
        let message = format!(
            "{}: no database; `t5 serve` makes it, or name another data folder with --data",
            database.display()
        );
        return fail(&message, Exit::Usage);
    }
    match runtime.block_on(carry_out(&args.command, &database)) {
        Ok(Told::Text(text)) => {
            print(&text);
            Exit::Good
        }
        Ok(Told::NoSuch(guid)) => {
            let message = format!(
                "{guid}: no delivery of that guid can be replayed; `t5 deliveries list` names them, \
                 and bodies are kept for as long as `keep` says"
            );
            fail(&message, Exit::Fail)
        }
        Err(error) => fail(&error, Exit::CouldNotRun),
    }
}

enum Told {
    Text(String),
    NoSuch(String),
}

async fn carry_out(command: &DeliveriesCommand, database: &Path) -> Result<Told, StoreError> {
    let store = Sqlite::open_beside(database).await?;
    match command {
        DeliveriesCommand::List { state } => {
            let state = match state {
                DeliveryStateArg::Dead => Some(DeliveryState::Dead),
                DeliveryStateArg::Waiting => Some(DeliveryState::Waiting),
                DeliveryStateArg::Settled => Some(DeliveryState::Settled),
                DeliveryStateArg::All => None,
            };
            let listed = store.deliveries(state, LISTED).await?;
            Ok(Told::Text(table(&listed)))
        }
        DeliveriesCommand::Replay { guid } => {
            if store.replay(guid, jiff::Timestamp::now()).await? {
                Ok(Told::Text(format!(
                    "{guid}: due again; the server acts on it within a second\n"
                )))
            } else {
                Ok(Told::NoSuch(guid.clone()))
            }
        }
    }
}

fn table(listed: &[DeliverySummary]) -> String {
    if listed.is_empty() {
        return "none\n".to_owned();
    }
    let mut text = String::new();
    for one in listed {
        let state = match one.state {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Settled => "settled",
            DeliveryState::Dead => "dead",
        };
        // The note may hold what somebody else wrote.
        let note: String = one.note.chars().filter(|c| !c.is_control()).collect();
        text.push_str(&format!(
            "{}  {:<36}  {:<20}  {state:<7}  tried {}  {note}\n",
            one.received.strftime("%Y-%m-%d %H:%M:%S"),
            one.guid,
            one.event,
            one.attempts,
        ));
    }
    text
}
