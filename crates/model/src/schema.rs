//! JSON Schemas, as far as providers differ about them.

use serde_json::Value;

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_closed_schemas_are_strict() {
        let inner = json!({"type": "object", "properties": {"x": {"type": "string"}}});
        for (schema, strict) in [
            (json!({"type": "string"}), true),
            (json!({"type": "object"}), false),
            (inner.clone(), false),
            (
                json!({"type": "object", "properties": {"x": {}}, "required": ["x"],
                    "additionalProperties": false}),
                true,
            ),
            (
                json!({"type": "object", "properties": {"x": {}, "y": {}}, "required": ["x"],
                    "additionalProperties": false}),
                false,
            ),
            (
                json!({"type": "object", "properties": {"x": inner}, "required": ["x"],
                    "additionalProperties": false}),
                false,
            ),
        ] {
            assert_eq!(is_strict(&schema), strict, "{schema}");
        }
    }
}
