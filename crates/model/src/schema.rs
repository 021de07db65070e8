//! JSON Schemas, as far as providers differ about them.

use serde_json::{Map, Value};

/// The keywords that Gemini knows
/// (<https://ai.google.dev/api/generate-content#GenerationConfig>).
const GEMINI_KEYWORDS: &[&str] = &[
    "$id",
    "$defs",
    "$ref",
    "$anchor",
    "type",
    "format",
    "title",
    "description",
    "enum",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "anyOf",
    "oneOf",
    "properties",
    "additionalProperties",
    "required",
];

/// Returns whether OpenAI can enforce a schema: each object in it says that it
/// has no properties but those named and requires them all.
///
/// After <https://platform.openai.com/docs/guides/structured-outputs>; a
/// schema that isn't so is refused with `strict`, and a hint without.
pub(crate) fn is_strict(schema: &Value) -> bool {
    match schema {
        Value::Array(list) => list.iter().all(is_strict),
        Value::Object(map) => {
            let closed = match map.get("properties").and_then(Value::as_object) {
                Some(properties) => {
                    let required = map.get("required").and_then(Value::as_array);
                    let required = required.map_or(&[][..], Vec::as_slice);
                    map.get("additionalProperties") == Some(&Value::Bool(false))
                        && properties
                            .keys()
                            .all(|name| required.iter().any(|item| item == name.as_str()))
                }
                None => map.get("type") != Some(&Value::from("object")),
            };
            closed && map.values().all(is_strict)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// Returns whether each object in a schema says that it has no properties but
/// those named, which Anthropic demands to enforce it
/// (<https://platform.claude.com/docs/en/build-with-claude/structured-outputs>).
pub(crate) fn is_closed(schema: &Value) -> bool {
    match schema {
        Value::Array(list) => list.iter().all(is_closed),
        Value::Object(map) => {
            let is_object =
                map.contains_key("properties") || map.get("type") == Some(&Value::from("object"));
            let closed = map.get("additionalProperties") == Some(&Value::Bool(false));
            (closed || !is_object) && map.values().all(is_closed)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// Returns a schema in the keywords that Gemini knows: others are left out or
/// said in those. What is lost are bounds, never a property.
pub(crate) fn for_gemini(schema: &Value) -> Value {
    let Value::Object(map) = schema else {
        return schema.clone();
    };
    if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
        // Nothing else may stand beside a reference.
        let reference = reference.replacen("#/definitions/", "#/$defs/", 1);
        return Value::Object(Map::from_iter([("$ref".to_owned(), reference.into())]));
    }
    let mut made = Map::new();
    for (key, value) in map {
        match key.as_str() {
            "properties" | "$defs" | "definitions" => {
                let key = if key == "definitions" { "$defs" } else { key };
                made.insert(key.to_owned(), each_value(value));
            }
            "items" | "additionalProperties" => {
                made.insert(key.clone(), for_gemini(value));
            }
            "anyOf" | "oneOf" | "prefixItems" => {
                made.insert(key.clone(), each_item(value));
            }
            "const" => {
                made.insert("enum".to_owned(), Value::Array(vec![value.clone()]));
            }
            "allOf" => merge(&mut made, value),
            known if GEMINI_KEYWORDS.contains(&known) => {
                made.insert(key.clone(), value.clone());
            }
            _ => {}
        }
    }
    Value::Object(made)
}

fn each_value(map: &Value) -> Value {
    let Value::Object(map) = map else {
        return map.clone();
    };
    let made = map
        .iter()
        .map(|(key, value)| (key.clone(), for_gemini(value)));
    Value::Object(made.collect())
}

fn each_item(list: &Value) -> Value {
    let Value::Array(list) = list else {
        return list.clone();
    };
    Value::Array(list.iter().map(for_gemini).collect())
}

/// Adds what all of several schemas say: their properties and what is
/// required together, the first to say anything else.
fn merge(made: &mut Map<String, Value>, all: &Value) {
    for schema in all.as_array().into_iter().flatten() {
        let Value::Object(part) = for_gemini(schema) else {
            continue;
        };
        for (key, value) in part {
            match (made.get_mut(&key), value) {
                (Some(Value::Object(to)), Value::Object(from)) => to.extend(from),
                (Some(Value::Array(to)), Value::Array(from)) if key == "required" => {
                    to.extend(from);
                }
                (Some(_), _) => {}
                (None, value) => {
                    made.insert(key, value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_closed_schemas_are_strict() {
        let inner = json!({"type": "object", "properties": {"x": {"type": "string"}}});
        for (schema, strict, closed) in [
            (json!({"type": "string"}), true, true),
            (json!({"type": "object"}), false, false),
            (inner.clone(), false, false),
            (
                json!({"type": "object", "properties": {"x": {}}, "required": ["x"],
                    "additionalProperties": false}),
                true,
                true,
            ),
            (
                json!({"type": "object", "properties": {"x": {}, "y": {}}, "required": ["x"],
                    "additionalProperties": false}),
                false,
                true,
            ),
            (
                json!({"type": "object", "properties": {"x": inner}, "required": ["x"],
                    "additionalProperties": false}),
                false,
                false,
            ),
        ] {
            assert_eq!(is_strict(&schema), strict, "{schema}");
            assert_eq!(is_closed(&schema), closed, "{schema}");
        }
    }

    #[test]
    fn gemini_gets_the_keywords_it_knows() {
        for (schema, expected) in [
            (
                json!({"$schema": "x", "type": "object", "additionalProperties": false,
                    "properties": {"x": {"type": "string", "minLength": 1, "pattern": "a"}},
                    "patternProperties": {}, "required": ["x"]}),
                json!({"type": "object", "additionalProperties": false,
                    "properties": {"x": {"type": "string"}}, "required": ["x"]}),
            ),
            (json!({"const": "a"}), json!({"enum": ["a"]})),
            (
                json!({"definitions": {"d": {"const": 1}},
                    "items": {"$ref": "#/definitions/d", "description": "beside"}}),
                json!({"$defs": {"d": {"enum": [1]}}, "items": {"$ref": "#/$defs/d"}}),
            ),
            (
                json!({"allOf": [{"properties": {"a": {}}, "required": ["a"], "type": "object"},
                    {"properties": {"b": {"not": {}}}, "required": ["b"], "type": "object"}]}),
                json!({"type": "object", "properties": {"a": {}, "b": {}},
                    "required": ["a", "b"]}),
            ),
            (
                json!({"anyOf": [{"type": "null"}, {"exclusiveMinimum": 1}, true]}),
                json!({"anyOf": [{"type": "null"}, {}, true]}),
            ),
            // A property's name is no keyword.
            (
                json!({"properties": {"pattern": {}, "const": {}}}),
                json!({"properties": {"pattern": {}, "const": {}}}),
            ),
        ] {
            assert_eq!(for_gemini(&schema), expected, "{schema}");
        }
    }
}
