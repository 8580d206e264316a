//! GitHub's own description of its API, which every request has to fit.

use std::{collections::BTreeMap, fs, path::Path, process, sync::OnceLock};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::ask::Ask;
use crate::support::npm;

const PACKAGE: (&str, &str) = ("@octokit/openapi", "23.0.2");
/// The paths of which this gate may use something.
const PATHS: &[&str] = &[
    "/app",
    "/app-manifests/{code}/conversions",
    "/app/hook/deliveries",
    "/app/hook/deliveries/{delivery_id}/attempts",
    "/app/installations/{installation_id}/access_tokens",
    "/repos/{owner}/{repo}/branches/{branch}",
    "/repos/{owner}/{repo}/check-runs",
    "/repos/{owner}/{repo}/check-runs/{check_run_id}",
    "/repos/{owner}/{repo}/code-scanning/sarifs",
    "/repos/{owner}/{repo}/collaborators/{username}/permission",
    "/repos/{owner}/{repo}/commits/{ref}/check-runs",
    "/repos/{owner}/{repo}/issues/comments/{comment_id}",
    "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions",
    "/repos/{owner}/{repo}/issues/{issue_number}/comments",
    "/repos/{owner}/{repo}/issues/{issue_number}/labels",
    "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}",
    "/repos/{owner}/{repo}/pulls",
    "/repos/{owner}/{repo}/pulls/{pull_number}",
    "/repos/{owner}/{repo}/pulls/{pull_number}/files",
    "/repos/{owner}/{repo}/statuses/{sha}",
];

/// What a request may look like.
#[derive(Debug, Serialize, Deserialize)]
struct Operation {
    query: Vec<String>,
    /// None where there is no body.
    body: Option<Value>,
    required: bool,
}

/// Path to method to operation.
type Operations = BTreeMap<String, BTreeMap<String, Operation>>;

/// What is wrong with a request, if GitHub's description is at hand.
pub fn violation(ask: &Ask) -> Option<String> {
    static OPERATIONS: OnceLock<Option<Operations>> = OnceLock::new();
    let operations = OPERATIONS.get_or_init(load).as_ref()?;
    let why = judge(operations, ask).err()?;
    Some(format!("{} {}: {why}", ask.method, ask.path))
}

fn judge(operations: &Operations, ask: &Ask) -> Result<(), String> {
    let methods = template(operations, &ask.parts).ok_or("GitHub has no such path")?;
    let method = ask.method.to_lowercase();
    let operation = methods.get(&method).ok_or("GitHub has no such method there")?;
    if let Some(name) = ask.query.keys().find(|name| !operation.query.contains(name)) {
        return Err(format!("GitHub knows no `{name}` in the query"));
    }
    match (&operation.body, &ask.body) {
        (_, Value::Null) if operation.required => Err("it has no body".to_owned()),
        (_, Value::Null) => Ok(()),
        (None, _) => Err("it has a body, and GitHub expects none".to_owned()),
        (Some(schema), body) => fits(schema, body),
    }
}

/// The path of the description that a request means, the most literal one.
fn template<'o>(
    operations: &'o Operations,
    parts: &[String],
) -> Option<&'o BTreeMap<String, Operation>> {
    let moved: Vec<String>;
    let parts = match parts {
        [first, _, rest @ ..] if first == "repositories" => {
            moved =
                ["repos", "o", "r"].iter().map(|p| (*p).to_owned()).chain(rest.to_vec()).collect();
            &moved
        }
        parts => parts,
    };
    let fits = |template: &&String| {
        let wanted: Vec<&str> = template.trim_start_matches('/').split('/').collect();
        wanted.len() == parts.len()
            && wanted.iter().zip(parts).all(|(w, p)| w.starts_with('{') || w == p)
    };
    let literal = |template: &&String| std::cmp::Reverse(template.matches('{').count());
    operations.keys().filter(fits).max_by_key(literal).map(|template| &operations[template])
}

fn fits(schema: &Value, body: &Value) -> Result<(), String> {
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(schema)
        .map_err(|error| format!("the description cannot be used: {error}"))?;
    let errors: Vec<String> = validator
        .iter_errors(body)
        .map(|error| {
            let said: String = error.to_string().chars().take(200).collect();
            format!("{}: {said}", error.instance_path())
        })
        .collect();
    if !errors.is_empty() {
        return Err(errors.join("; "));
    }
    // GitHub ignores what it does not know; a name that was mistyped must not be lost so.
    let known = schema.get("properties").and_then(Value::as_object);
    let unknown = |known: &Map<String, Value>| {
        body.as_object()?.keys().find(|name| !known.contains_key(*name)).cloned()
    };
    match known.and_then(unknown) {
        Some(name) => Err(format!("GitHub knows no `{name}` in the body")),
        None => Ok(()),
    }
}

/// Reads the few operations, from what an earlier process extracted if there was one.
fn load() -> Option<Operations> {
    let (name, version) = PACKAGE;
    let paths = HEXLOWER.encode(&Sha256::digest(PATHS.concat()));
    let file = format!("github-operations-{version}-{}.json", &paths[..16]);
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
    if let Ok(text) = fs::read(&kept) {
        return Some(serde_json::from_slice(&text).unwrap());
    }
    let whole = npm::package(name, version)?.join("generated/api.github.com.json");
    let whole: Value = serde_json::from_slice(&fs::read(whole).unwrap()).unwrap();
    let operations: Operations =
        PATHS.iter().map(|path| ((*path).to_owned(), extract(&whole, path))).collect();
    let fresh = kept.with_extension(format!("{}.fresh", process::id()));
    fs::write(&fresh, serde_json::to_vec(&operations).unwrap()).unwrap();
    fs::rename(fresh, kept).unwrap();
    Some(operations)
}

fn extract(whole: &Value, path: &str) -> BTreeMap<String, Operation> {
    let methods = whole["paths"][path].as_object().unwrap_or_else(|| panic!("no {path}"));
    let of = |operation: &Value| {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let query = parameters
            .into_iter()
            .map(|parameter| inlined(whole, parameter))
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        let body = &operation["requestBody"];
        let schema = body["content"]["application/json"].get("schema").cloned();
        let required = body["required"].as_bool().unwrap_or(false);
        Operation { query, body: schema.map(|schema| inlined(whole, schema)), required }
    };
    methods.iter().map(|(method, operation)| (method.clone(), of(operation))).collect()
}

/// A schema without references, and in the words of JSON Schema.
fn inlined(whole: &Value, schema: Value) -> Value {
    match schema {
        Value::Object(mut object) => {
            if let Some(to) = object.get("$ref").and_then(Value::as_str) {
                let found = whole.pointer(to.trim_start_matches('#')).unwrap().clone();
                return inlined(whole, found);
            }
            let nullable = object.remove("nullable") == Some(Value::Bool(true));
            // Examples are no schemas, and may look like references.
            object.remove("example");
            let object: Map<String, Value> =
                object.into_iter().map(|(key, value)| (key, inlined(whole, value))).collect();
            match nullable {
                true => serde_json::json!({ "anyOf": [object, { "type": "null" }] }),
                false => Value::Object(object),
            }
        }
        Value::Array(list) => list.into_iter().map(|item| inlined(whole, item)).collect(),
        other => other,
    }
}
