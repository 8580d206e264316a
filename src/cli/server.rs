//! The server's configuration: a file, and flags or the environment over it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::args::ServerArgs;
use crate::config::server::{self, Server};

/// Where the file lies if nobody names one.
const FILE: &str = "/etc/t5/server.yml";

/// Reads the configuration. Without a file the flags have to say where people reach the server.
pub(super) fn config(args: &ServerArgs) -> Result<Server, String> {
    let named = args.config.clone();
    let path = named.clone().unwrap_or_else(|| PathBuf::from(FILE));
    let mut config = match fs::read_to_string(&path) {
        Ok(text) => {
            server::parse(&text).map_err(|mistakes| mistakes.render(&path.display().to_string()))?
        }
        Err(error) if named.is_none() && error.kind() == io::ErrorKind::NotFound => {
            let Some(url) = &args.public_url else {
                return Err(format!(
                    "no {FILE}, and no --public-url; say where GitHub reaches this server, for \
                     example: t5 serve --public-url https://t5.example.org --data ./t5-data"
                ));
            };
            Server::default_for(url)
        }
        Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
    };
    if let Some(url) = &args.public_url {
        config.set_public_url(url).map_err(|mistake| format!("--public-url: {mistake}"))?;
    }
    if let Some(listen) = &args.listen {
        config.listen.clone_from(listen);
    }
    if let Some(data) = &args.data {
        config.data = data.display().to_string();
    }
    Ok(config)
}

/// The database in the data folder.
pub(super) fn database(config: &Server) -> PathBuf {
    Path::new(&config.data).join("t5.db")
}
