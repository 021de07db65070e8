//! The OpenAPI 3.1 document, built from the table of operations.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::operation::{Access, Body, MORE, Method, OPERATIONS, Operation, Reply, Type};
use crate::piston::PistonError;
use crate::problem::Problem;
use crate::v1::OpenAiError;
use utoipa::{PartialSchema as _, ToSchema as _};

const PROBLEM: &str = "application/problem+json";

/// Builds the document.
pub fn openapi() -> Value {
    let mut schemas = BTreeMap::new();
    let mut paths: BTreeMap<&str, BTreeMap<&str, Value>> = BTreeMap::new();
    schemas.insert("Problem".to_owned(), plain(&Problem::schema()));
    let mut nested = Vec::new();
    Problem::schemas(&mut nested);
    schemas.extend(
        nested
            .into_iter()
            .map(|(name, schema)| (name, plain(&schema))),
    );
    for kind in MORE {
        named(kind, &mut schemas);
    }
    for operation in OPERATIONS {
        let described = describe(operation, &mut schemas);
        let methods = paths.entry(operation.path).or_default();
        methods.insert(method(operation.method), described);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Atelier",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The AI coding workspace you own. Errors are RFC 9457 problem documents.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "session": { "type": "apiKey", "in": "cookie", "name": "atelier_session" },
                "token": { "type": "http", "scheme": "bearer" },
            },
        },
    })
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "get",
        Method::Post => "post",
        Method::Put => "put",
        Method::Patch => "patch",
        Method::Delete => "delete",
    }
}

fn describe(operation: &Operation, schemas: &mut BTreeMap<String, Value>) -> Value {
    if let Some(query) = operation.query {
        collect(query, schemas);
    }
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": parameters(operation),
        "responses": responses(operation, schemas),
        "security": match operation.access {
            Access::Public => json!([]),
            Access::SignedIn => json!([{ "session": [] }]),
            Access::Program => json!([{ "token": [] }]),
        },
    });
    if let Some(body) = body(&operation.body, schemas) {
        described["requestBody"] = body;
    }
    described
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let in_path = operation
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            let schema = match name {
                "port" => json!({ "type": "integer", "minimum": 1, "maximum": 65535 }),
                _ => json!({ "type": "string", "format": "uuid" }),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        });
    let query = operation.query.map(|kind| plain(&(kind.schema)()));
    let in_query = query.iter().flat_map(|schema| {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let properties = schema["properties"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        properties.into_iter().map(move |(name, schema)| {
            let required = required.contains(&Value::from(name.clone()));
            json!({ "name": name, "in": "query", "required": required, "schema": schema })
        })
    });
    let needs_version = ["update_file", "restore_version"].contains(&operation.id);
    let header = needs_version.then(|| {
        json!({ "name": "If-Match", "in": "header", "required": false, "schema": { "type": "string" },
                "description": "The version that was edited, quoted; needed to change content." })
    });
    in_path.chain(in_query).chain(header).collect()
}

fn body(body: &Body, schemas: &mut BTreeMap<String, Value>) -> Option<Value> {
    let (kind, archive) = match body {
        Body::None => return None,
        Body::Json(kind) => (kind, false),
        Body::JsonOrArchive(kind) => (kind, true),
    };
    let mut content = json!({ "application/json": { "schema": named(*kind, schemas) } });
    if archive {
        content["multipart/form-data"] = json!({ "schema": {
            "type": "object",
            "required": ["name", "archive"],
            "properties": {
                "name": { "type": "string" },
                "archive": { "type": "string", "contentMediaType": "application/zip" },
            },
        }});
    }
    Some(json!({ "required": true, "content": content }))
}

fn responses(operation: &Operation, schemas: &mut BTreeMap<String, Value>) -> Value {
    let (status, success) = match operation.reply {
        Reply::Nothing => (204, json!({ "description": "Done." })),
        Reply::Json(status, kind) => (
            status,
            json!({
                "description": "Done.",
                "content": { "application/json": { "schema": named(kind, schemas) } },
            }),
        ),
        Reply::JsonOrStream(status, kind, event) => (
            status,
            json!({
                "description": "Done; as events when `Accept: text/event-stream` asks for them.",
                "content": {
                    "application/json": { "schema": named(kind, schemas) },
                    "text/event-stream": { "schema": named(event, schemas) },
                },
            }),
        ),
        Reply::Stream(event) => (
            200,
            json!({
                "description": "Server-sent events; each `data` is one of these.",
                "content": { "text/event-stream": { "schema": named(event, schemas) } },
            }),
        ),
        Reply::Socket(event) => (
            101,
            json!({
                "description": "A WebSocket; each text message is one of these.",
                "content": { "application/json": { "schema": named(event, schemas) } },
            }),
        ),
    };
    let own = match (operation.is_piston(), operation.is_openai()) {
        (true, _) => Some(Type::of::<PistonError>()),
        (_, true) => Some(Type::of::<OpenAiError>()),
        _ => None,
    };
    let failure = if let Some(kind) = own {
        let schema = named(kind, schemas);
        json!({
            "description": "What is wrong.",
            "content": { "application/json": { "schema": schema } },
        })
    } else {
        json!({
            "description": "A problem document.",
            "content": { PROBLEM: { "schema": { "$ref": "#/components/schemas/Problem" } } },
        })
    };
    json!({ status.to_string(): success, "default": failure })
}

/// Adds the schemas that `kind` refers to.
fn collect(kind: Type, schemas: &mut BTreeMap<String, Value>) {
    let mut nested = Vec::new();
    (kind.collect)(&mut nested);
    schemas.extend(
        nested
            .into_iter()
            .map(|(name, schema)| (name, plain(&schema))),
    );
}

/// Returns a reference to the type's schema, or the schema itself when the
/// type is generic and so has no name of its own.
fn named(kind: Type, schemas: &mut BTreeMap<String, Value>) -> Value {
    let mut nested = Vec::new();
    (kind.collect)(&mut nested);
    schemas.extend(
        nested
            .into_iter()
            .map(|(name, schema)| (name, plain(&schema))),
    );
    let name = (kind.name)();
    if ["Page", "Numbered"].contains(&name.as_str()) {
        return plain(&(kind.schema)());
    }
    schemas.insert(name.clone(), plain(&(kind.schema)()));
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn plain(schema: &impl serde::Serialize) -> Value {
    // Schemas are maps of strings, so serialising them can't fail.
    let mut value = serde_json::to_value(schema).unwrap_or_default();
    rename_fields(&mut value);
    value
}

/// Writes field names as the wire has them: the derive does not know serde's
/// `rename_all_fields`, so fields of enum variants come in snake_case.
fn rename_fields(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(rename_fields),
        Value::Object(entries) => {
            if let Some(Value::Object(properties)) = entries.get_mut("properties") {
                let renamed = std::mem::take(properties).into_iter();
                properties.extend(renamed.map(|(name, schema)| (camel_case(&name), schema)));
            }
            if let Some(Value::Array(required)) = entries.get_mut("required") {
                for name in required {
                    *name = Value::from(camel_case(name.as_str().unwrap_or_default()));
                }
            }
            entries.values_mut().for_each(rename_fields);
        }
        _ => {}
    }
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut chars = word.chars();
        name.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        name.extend(chars);
        name
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_ids_and_addresses_are_unique() {
        let mut ids = std::collections::BTreeSet::new();
        let mut addresses = std::collections::BTreeSet::new();
        for operation in OPERATIONS {
            assert!(ids.insert(operation.id), "{} stands twice", operation.id);
            assert!(addresses.insert((operation.path, operation.method)));
        }
    }

    #[test]
    fn every_reference_has_its_schema() {
        let document = openapi();
        let text = document.to_string();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} has no schema");
        }
    }

    #[test]
    fn fields_of_events_stand_as_on_the_wire() {
        let document = openapi();
        let events = document["components"]["schemas"]["TurnEvent"].to_string();
        assert!(events.contains("\"modelCallId\"") && !events.contains("model_call_id"));
    }

    #[test]
    fn the_saved_document_is_current() {
        let saved: Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
        assert_eq!(saved, openapi(), "run `cargo xtask openapi`");
    }
}
