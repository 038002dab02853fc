//! TensorBoard's event files: one folder and file for each run.
//!
//! A file is a sequence of records: the length of a message and its checksum, the message and its checksum. The
//! checksum is CRC-32C, rotated and shifted. Source: TensorFlow's `record_writer.h`, `event.proto` and
//! `summary.proto`, with the numbers of the fields that are used here.

use std::path::Path;

use crc::{CRC_32_ISCSI, Crc};
use prost::Message;

use super::{Source, Tracked};
use crate::Error;

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<SummaryValue>,
}

#[derive(Clone, PartialEq, Message)]
struct SummaryValue {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

pub(super) fn write(runs: &[Tracked], source: &Source, out: &Path) -> Result<(), Error> {
    let seconds = source.written.as_secs();
    for run in runs {
        let file = out.join(&run.name).join(format!("events.out.tfevents.{seconds}.aerbm"));
        report::write_bytes(&file, &events(run, source.written.as_secs_f64()))?;
    }
    Ok(())
}

/// The content of an event file.
fn events(run: &Tracked, wall_time: f64) -> Vec<u8> {
    let first =
        Event { wall_time, step: 0, file_version: Some("brain.Event:2".to_owned()), summary: None };
    let mut points: Vec<_> = run.points.iter().collect();
    points.sort_by_key(|point| point.step); // stable, so metrics keep their order
    let event = |point: &&super::Point| {
        #[allow(clippy::cast_possible_truncation, reason = "the format has single precision")]
        let simple_value = Some(point.value as f32);
        let value = SummaryValue { tag: point.metric.clone(), simple_value };
        let summary = Some(Summary { value: vec![value] });
        let step = i64::try_from(point.step).unwrap_or(i64::MAX);
        Event { wall_time, step, file_version: None, summary }
    };
    let mut bytes = record(&first.encode_to_vec());
    for event in points.iter().map(event) {
        bytes.extend(record(&event.encode_to_vec()));
    }
    bytes
}

/// A message with its length and checksums.
fn record(message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u64).to_le_bytes();
    let parts = [&length[..], &masked_checksum(&length), message, &masked_checksum(message)];
    parts.concat()
}

fn masked_checksum(bytes: &[u8]) -> [u8; 4] {
    const CASTAGNOLI: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);
    let checksum = CASTAGNOLI.checksum(bytes);
    checksum.rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::Point;

    /// The messages of a file whose checksums are right.
    fn messages(mut bytes: &[u8]) -> Vec<Event> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let (length, rest) = bytes.split_at(8);
            assert_eq!(rest[..4], masked_checksum(length));
            let n = u64::from_le_bytes(length.try_into().expect("eight bytes")) as usize;
            let message = &rest[4..4 + n];
            assert_eq!(rest[4 + n..8 + n], masked_checksum(message));
            found.push(Event::decode(message).expect("an event"));
            bytes = &rest[8 + n..];
        }
        found
    }

    #[test]
    fn checksums_are_those_of_the_format() {
        // The CRC-32C of "123456789" is 0xe3069283 (RFC 3720, appendix B.4, has the same polynomial).
        let masked = 0xe306_9283_u32.rotate_right(15).wrapping_add(0xa282_ead8);
        assert_eq!(masked_checksum(b"123456789"), masked.to_le_bytes());
    }

    #[test]
    fn events_are_in_the_order_of_their_steps() {
        let point = |metric: &str, step, value| Point { metric: metric.into(), step, value };
        let points = vec![point("a", 1, 0.5), point("a", 2, 0.25), point("b", 1, 4.0)];
        let run = Tracked { points, ..Tracked::default() };
        let found = messages(&events(&run, 3.5));
        assert_eq!(found[0].file_version.as_deref(), Some("brain.Event:2"));
        let told: Vec<_> = found[1..]
            .iter()
            .map(|event| {
                let value = &event.summary.as_ref().expect("a summary").value[0];
                (event.step, value.tag.as_str(), value.simple_value, event.wall_time)
            })
            .collect();
        assert_eq!(
            told,
            [(1, "a", Some(0.5), 3.5), (1, "b", Some(4.0), 3.5), (2, "a", Some(0.25), 3.5)]
        );
    }
}
