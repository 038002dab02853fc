//! Dates and times as seconds since 1970.

use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// The recognised formats, in chrono's notation. If a column fits two of them, the first is used: 03/04/2024
/// is the fourth of March.
pub(crate) const FORMATS: [&str; 20] = [
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y/%m/%d",
    "%Y/%m/%d %H:%M:%S%.f",
    "%Y/%m/%d %H:%M",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y",
    "%d/%m/%Y %H:%M",
    "%d-%b-%Y",
];

/// Parses a text in this format into seconds since 1970. Without a zone it is taken as UTC.
pub(crate) fn seconds(text: &str, format: &str) -> Option<f64> {
    let text = text.trim();
    // Requires four digits, so that a year is not read from the first two.
    if !text.as_bytes().first()?.is_ascii_digit() || text.len() < 8 {
        return None;
    }
    let moment = if format.contains("%#z") {
        DateTime::parse_from_str(text, format).ok()?.naive_utc()
    } else if format.contains("%H") {
        NaiveDateTime::parse_from_str(text, format).ok()?
    } else {
        NaiveDate::parse_from_str(text, format).ok()?.and_hms_opt(0, 0, 0)?
    };
    let moment = moment.and_utc();
    let plausible = (1000..=9999).contains(&chrono::Datelike::year(&moment));
    let fraction = f64::from(moment.timestamp_subsec_nanos()) / 1e9;
    plausible.then(|| moment.timestamp() as f64 + fraction)
}

/// The text of a moment, rounded to the day, the second or, if the format has fractions, the microsecond.
pub(crate) fn text(seconds: f64, format: &str) -> String {
    let step = if !format.contains("%H") {
        86_400.0
    } else if !format.contains("%S") {
        60.0
    } else if format.contains("%.f") {
        1e-6
    } else {
        1.0
    };
    let micros = ((seconds / step).round() * step * 1e6).round();
    match DateTime::from_timestamp_micros(micros as i64) {
        Some(moment) if micros.abs() < 8e18 => {
            moment.format(&format.replace("%#z", "%:z")).to_string()
        }
        _ => seconds.to_string(),
    }
}

/// The text of a moment in ISO 8601: the date alone at midnight.
pub(crate) fn iso(seconds: f64) -> String {
    let is_day = seconds.rem_euclid(86_400.0) == 0.0;
    text(seconds, if is_day { "%Y-%m-%d" } else { "%Y-%m-%dT%H:%M:%S%.f" })
}

/// The first format, from number `from` on, that parses this text.
pub(crate) fn format_of(text: &str, from: usize) -> Option<usize> {
    (from..FORMATS.len()).find(|&format| seconds(text, FORMATS[format]).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_every_form_come_back() {
        for (text, expected) in [
            ("1970-01-02", 86_400.0),
            ("2024-02-29 12:30:15", 1_709_209_815.0),
            ("2024-02-29T12:30:15.250", 1_709_209_815.25),
            ("2024-02-29T12:30:15+00:00", 1_709_209_815.0),
            ("2024/02/29", 1_709_164_800.0),
            ("29.02.2024", 1_709_164_800.0),
            ("02/29/2024", 1_709_164_800.0),
            ("29/02/2024", 1_709_164_800.0),
            ("29-Feb-2024", 1_709_164_800.0),
        ] {
            let format = format_of(text, 0).map(|format| FORMATS[format]);
            let Some(format) = format else { panic!("{text} is a date") };
            assert_eq!(seconds(text, format), Some(expected), "{text} as {format}");
            assert_eq!(super::text(expected, format), text, "{format}");
        }
        for text in ["2024", "12", "1.5", "20240229", "Seoul", "2024-02-30", "99/99/9999", ""] {
            assert_eq!(format_of(text, 0), None, "{text}");
        }
    }
}
