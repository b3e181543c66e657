//! One operation.

use serde_json::Value;

use super::html::{escaped, prose, sentence};
use super::schema::{kind, table};
use super::{curl, resolved, text};

/// One operation of the document.
pub(super) struct Operation<'a> {
    /// In lower case, as the document has it.
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) body: &'a Value,
}

impl Operation<'_> {
    fn id(&self) -> String {
        format!("op-{}", escaped(text(&self.body["operationId"])))
    }

    fn is_deprecated(&self) -> bool {
        self.body["deprecated"] == true
    }

    /// Its line in the table of contents.
    pub(super) fn link(&self) -> String {
        let class = if self.is_deprecated() { " class=\"old\"" } else { "" };
        format!("<li{class}><a href=\"#{}\">{}</a></li>\n", self.id(), escaped(text(&self.body["summary"])))
    }

    /// All about it.
    pub(super) fn article(&self, document: &Value) -> String {
        let id = self.id();
        let method = escaped(&self.method.to_uppercase());
        let old = if self.is_deprecated() { "<span class=\"old\">for older clients</span>" } else { "" };
        [
            format!("<article id=\"{id}\"><h3>{} {old}<a class=\"here\" href=\"#{id}\">¶</a></h3>\n", self.summary()),
            format!("<p class=\"call\"><b class=\"{method}\">{method}</b> <code>{}</code></p>\n", escaped(self.path)),
            prose(text(&self.body["description"])),
            format!("<p>Needs <code>{}</code></p>\n", escaped(text(&self.body["x-required-permission"]))),
            self.parameters(document),
            self.request(document),
            self.answers(document),
            self.errors(document),
            details("Call it", &curl::line(document, self)),
            "</article>\n".to_owned(),
        ]
        .concat()
    }

    fn summary(&self) -> String {
        escaped(text(&self.body["summary"]))
    }

    fn parameters(&self, document: &Value) -> String {
        let parameters = self.body["parameters"].as_array().into_iter().flatten();
        let row = |parameter: &Value| {
            let parameter = resolved(document, parameter);
            let mark = if parameter["required"] == true { "" } else { " <i>optional</i>" };
            let (name, place) = (escaped(text(&parameter["name"])), escaped(text(&parameter["in"])));
            let (kind, meaning) = (kind(&parameter["schema"]), sentence(text(&parameter["description"])));
            format!("<tr><td><code>{name}</code>{mark}</td><td>{place}</td><td>{kind}</td><td>{meaning}</td></tr>\n")
        };
        let rows: String = parameters.map(row).collect();
        if rows.is_empty() {
            return rows;
        }
        format!(
            "<h4>Parameters</h4>\n<table><thead><tr><th>Name</th><th>In</th><th>Type</th><th>Meaning</th></tr></thead>\
             <tbody>{rows}</tbody></table>\n"
        )
    }

    fn request(&self, document: &Value) -> String {
        let body = &self.body["requestBody"];
        let contents = body["content"].as_object().into_iter().flatten();
        let shown: String = contents.map(|(media_type, content)| content_of(document, media_type, content)).collect();
        if shown.is_empty() {
            return shown;
        }
        format!("<h4>Body</h4>\n{}{shown}", prose(text(&body["description"])))
    }

    /// What it answers when all is well.
    fn answers(&self, document: &Value) -> String {
        let responses = self.body["responses"].as_object().into_iter().flatten();
        let good = responses.filter(|(status, _)| status.starts_with(['2', '3']));
        good.map(|(status, response)| {
            let contents = response["content"].as_object().into_iter().flatten();
            let shown: String =
                contents.map(|(media_type, content)| content_of(document, media_type, content)).collect();
            let says = sentence(text(&response["description"]));
            format!("<h4>Answer {}</h4>\n<p>{says}</p>\n{}{shown}", escaped(status), headers(response))
        })
        .collect()
    }

    fn errors(&self, document: &Value) -> String {
        let responses = self.body["responses"].as_object().into_iter().flatten();
        let bad = responses.filter(|(status, _)| !status.starts_with(['2', '3']));
        let items: String = bad
            .map(|(status, response)| {
                let says = sentence(text(&resolved(document, response)["description"]));
                format!("<li><b>{}</b> {says}</li>\n", escaped(status))
            })
            .collect();
        format!("<h4>Errors</h4>\n<ul class=\"errors\">{items}</ul>\n")
    }
}

fn headers(response: &Value) -> String {
    let headers = response["headers"].as_object().into_iter().flatten();
    let items: String = headers
        .map(|(name, header)| {
            format!("<li><code>{}</code> {}</li>\n", escaped(name), sentence(text(&header["description"])))
        })
        .collect();
    if items.is_empty() { items } else { format!("<p>Headers</p><ul>{items}</ul>\n") }
}

fn content_of(document: &Value, media_type: &str, content: &Value) -> String {
    let schema = &content["schema"];
    let example = serde_json::to_string_pretty(&content["example"]).unwrap_or_default();
    let example = if content["example"].is_null() { String::new() } else { details("Example", &example) };
    let table = table(document, schema);
    format!("<p><code>{}</code>: {}</p>\n{table}{example}", escaped(media_type), kind(schema))
}

fn details(summary: &str, code: &str) -> String {
    format!("<details><summary>{summary}</summary><pre><code>{}</code></pre></details>\n", escaped(code))
}
