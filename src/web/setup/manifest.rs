//! What is asked of GitHub: `app.yml`, with this server's address filled in.

use serde_json::Value;

use crate::config::server::Server;

const MANIFEST: &str = include_str!("../../../app.yml");

/// GitHub takes no longer name of an App.
const LONGEST_NAME: usize = 34;

/// The manifest as GitHub takes it.
///
/// # Errors
///
/// If the shipped file is broken, which a test rules out.
pub(super) fn manifest(server: &Server) -> Result<Value, serde_yaml::Error> {
    let mut manifest: Value = serde_yaml::from_str(MANIFEST)?;
    fill(&mut manifest, &server.public_url);
    if let Some(Value::String(name)) = manifest.get_mut("name") {
        *name = name.chars().take(LONGEST_NAME).collect::<String>().trim_end().to_owned();
    }
    if let Some(Value::Object(permissions)) = manifest.get_mut("default_permissions") {
        // Nothing is asked for that is not used.
        permissions.retain(|name, _| match name.as_str() {
            "statuses" => server.publish.status,
            "security_events" => server.publish.sarif,
            _ => true,
        });
    }
    Ok(manifest)
}

/// Puts the address into every text.
fn fill(value: &mut Value, public_url: &str) {
    match value {
        Value::String(text) => {
            let host = public_url.split_once("://").map_or(public_url, |(_, host)| host);
            *text = text.replace("{public-url}", public_url).replace("{host}", host);
        }
        Value::Array(values) => values.iter_mut().for_each(|value| fill(value, public_url)),
        Value::Object(fields) => fields.values_mut().for_each(|value| fill(value, public_url)),
        _ => {}
    }
}
