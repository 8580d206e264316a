//! `t5 key`.

use super::{
    Exit,
    args::{KeyArgs, KeyCommand},
    fail, keys, print,
};

/// Makes a signing key, or shows the public half of one.
pub(super) fn key(args: &KeyArgs) -> Exit {
    let signer = match &args.command {
        KeyCommand::New { out } => keys::make(out),
        KeyCommand::Public { key } => keys::secret(key),
    };
    match signer {
        Ok(signer) => {
            print(&signer.public().to_text());
            Exit::Good
        }
        Err(error) => fail(&error, Exit::Usage),
    }
}
