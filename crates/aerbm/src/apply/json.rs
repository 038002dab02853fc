//! Tables as JSON, one object per line.

use std::io::Write;
use std::path::PathBuf;

use mnist_io::Original;
use serde_json::{Number, Value};

use super::csv::{Destination, Stream, in_pieces};
use super::table::{Column, TableSink, Values, io, names};
use crate::Error;

/// Returns a sink of JSON for a stream, such as standard output; `name` is its name in errors. Each row is an
/// object, with numbers as numbers and null for missing values.
pub fn json_stream<'a>(name: &str, stream: impl Write + 'a) -> Box<dyn TableSink + 'a> {
    Box::new(JsonSink { path: PathBuf::from(name), destination: Stream(stream) })
}

struct JsonSink<D> {
    path: PathBuf,
    destination: D,
}

impl<D: Destination> TableSink for JsonSink<D> {
    fn write(&mut self, batch: &[Column]) -> Result<(), Error> {
        let keys: Vec<String> =
            names(batch).into_iter().map(|name| Value::from(name).to_string()).collect();
        let bytes = in_pieces(batch, |rows| {
            let mut lines = String::new();
            for row in rows {
                for (i, (key, column)) in keys.iter().zip(batch).enumerate() {
                    lines.push(if i == 0 { '{' } else { ',' });
                    lines.extend([key, ":", &value(&column.values, row)]);
                }
                lines.push_str("}\n");
            }
            lines.into_bytes()
        });
        self.destination.write_all(&bytes).map_err(|source| io(&self.path, source))
    }

    fn finish(self: Box<Self>) -> Result<(), Error> {
        let JsonSink { path, destination } = *self;
        destination.complete().map_err(|source| io(&path, source))
    }
}

/// A value as JSON.
fn value(values: &Values, row: usize) -> String {
    let word = |word: &str| match word {
        "" => Value::Null.to_string(),
        word => Value::from(word).to_string(),
    };
    match values {
        Values::Text(words) => word(&words[row]),
        Values::Whole(numbers) => numbers[row].to_string(),
        // Null if the value is not a number or not finite.
        Values::Reals(numbers) => serde_json::to_string(&numbers[row]).unwrap_or_default(),
        Values::Doubles(numbers) => Value::from(numbers[row]).to_string(),
        Values::Original(original) if original.is_missing(row) => Value::Null.to_string(),
        Values::Original(original) if original.is_numbers() => {
            // As written in the file, with all digits, if JSON has that notation too.
            let text = original.text(row);
            match serde_json::from_str::<Number>(&text) {
                Ok(_) => text,
                Err(_) => Value::from(original.number(row)).to_string(),
            }
        }
        Values::Original(Original::Booleans(truths)) => Value::from(truths[row]).to_string(),
        Values::Original(original) => word(&original.text(row)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_an_object_with_numbers_as_numbers() {
        let text = ["9007199254740993", "1,5", "NA"].map(str::to_owned).to_vec();
        let numbers = Some(vec![9_007_199_254_740_992.0, 1.5, f64::NAN]);
        let batch = [
            Column::new("class", Values::Text(vec!["a\"1".into(), String::new(), "b".into()])),
            Column::new("p", Values::Reals(vec![0.1, f32::NAN, f32::INFINITY])),
            Column::new("id", Values::Original(Original::Written { text, numbers })),
            Column::new("ok", Values::Original(Original::Booleans(vec![Some(true), None, None]))),
            Column::new("p", Values::Doubles(vec![1e-30, 2.0, f64::NAN])),
        ];
        let mut bytes = Vec::new();
        let mut sink = json_stream("standard output", &mut bytes);
        sink.write(&batch).expect("written");
        sink.finish().expect("finished");
        let expected = concat!(
            r#"{"class":"a\"1","p":0.1,"id":9007199254740993,"ok":true,"p_2":1e-30}"#,
            "\n",
            r#"{"class":null,"p":null,"id":1.5,"ok":null,"p_2":2.0}"#,
            "\n",
            r#"{"class":"b","p":null,"id":null,"ok":null,"p_2":null}"#,
            "\n",
        );
        assert_eq!(String::from_utf8_lossy(&bytes), expected);
    }
}
