//! Durations in words.

/// A number of seconds in everyday form, such as "3 h 20 min".
pub(crate) fn words(seconds: f64) -> String {
    const MINUTE: f64 = 60.0;
    const HOUR: f64 = 3600.0;
    const DAY: f64 = 86_400.0;
    let two = |large: f64, large_unit: &str, small: f64, small_unit: &str| {
        let units = (seconds / small).round();
        let per_large = large / small;
        let (most, rest) = ((units / per_large).floor(), units % per_large);
        format!("{most:.0} {large_unit} {rest:.0} {small_unit}")
    };
    match seconds {
        s if s < 9.95 => format!("{s:.1} s"),
        s if s < 2.0 * MINUTE => format!("{s:.0} s"),
        s if s < 2.0 * HOUR => format!("{:.0} min", s / MINUTE),
        s if s < 2.0 * DAY => two(HOUR, "h", MINUTE, "min"),
        _ => two(DAY, "d", HOUR, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_units_that_suit_them() {
        for (seconds, expected) in [
            (0.0, "0.0 s"),
            (9.94, "9.9 s"),
            (59.6, "60 s"),
            (150.0, "2 min"),
            (12_000.0, "3 h 20 min"),
            (7_199.0 + 3600.0, "3 h 0 min"),
            (200_000.0, "2 d 8 h"),
        ] {
            assert_eq!(words(seconds), expected);
        }
    }
}
