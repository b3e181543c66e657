//! Ids in JSON bodies: as numbers, as the floats that some clients print, or as text. What is wrong is named by its place.

use std::str::FromStr;

use serde_json::Value;

use crate::problem::Problem;

/// The most ids that one call takes.
const MOST_IDS: usize = 100;

/// One id.
pub(super) fn read_id<T: FromStr>(field: &str, value: &Value, expected: &str) -> Result<T, Problem> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
    };
    text.parse().map_err(|_| Problem::field(field, &value.to_string(), expected))
}

/// Ids, each once, in the order in which they came, with the place of each.
pub(super) fn read_ids<T: FromStr + PartialEq>(
    field: &str,
    values: &[Value],
    expected: &str,
) -> Result<Vec<(usize, T)>, Problem> {
    if values.len() > MOST_IDS {
        let given = format!("{} ids", values.len());
        return Err(Problem::field(field, &given, &format!("a list of at most {MOST_IDS} ids")));
    }
    let mut ids: Vec<(usize, T)> = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        let id = read_id(&format!("{field}[{index}]"), value, expected)?;
        if !ids.iter().any(|(_, known)| *known == id) {
            ids.push((index, id));
        }
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use strongroom_core::id::{ListId, MediaReference};

    use super::*;

    #[test]
    fn ids_are_read_in_every_spelling_and_once() {
        let values = [json!(7), json!(7.0), json!("7"), json!(2.84e7), json!("8")];
        let ids = read_ids::<ListId>("listIds", &values, "a list's id").unwrap();
        assert_eq!(
            ids.iter().map(|(index, id)| (*index, id.number())).collect::<Vec<_>>(),
            [(0, 7), (3, 28_400_000), (4, 8)]
        );
        let upload = json!("upload:00000000-0000-4000-8000-000000000000");
        assert!(read_id::<MediaReference>("mediaIds[0]", &upload, "").is_ok());
        for bad in
            [json!(null), json!(true), json!([]), json!({}), json!("x"), json!(""), json!(0), json!(-1), json!(1.5)]
        {
            let problem = read_ids::<ListId>("listIds", &[json!(1), bad.clone()], "a list's id").unwrap_err();
            assert_eq!(problem.message, format!("listIds[1]: `{bad}` is not a list's id"));
        }
        let many: Vec<_> = (1..=101).map(|id| json!(id)).collect();
        let problem = read_ids::<ListId>("listIds", &many, "a list's id").unwrap_err();
        assert_eq!(problem.message, "listIds: `101 ids` is not a list of at most 100 ids");
    }
}
