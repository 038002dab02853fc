#![doc = include_str!("../README.md")]

/// A number with a given number of decimals: `−1,234.50`.
#[must_use]
pub fn fixed(value: f64, decimals: usize) -> String {
    if value.is_nan() {
        return "n/a".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞".into() } else { "−∞".into() };
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::new();
    if value < 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) {
        out.push('−');
    }
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A number with its sign; zero has none.
#[must_use]
pub fn signed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    let zero = !text.bytes().any(|b| (b'1'..=b'9').contains(&b));
    if value > 0.0 && value.is_finite() && !zero { format!("+{text}") } else { text }
}

/// A count: `50,000`.
#[must_use]
pub fn count(value: impl TryInto<u64>) -> String {
    value.try_into().map_or_else(|_| "n/a".into(), |n| fixed(n as f64, 0))
}

/// A number with four significant digits, for columns of mixed magnitudes. Very small and very large numbers
/// are written with a power of ten.
#[must_use]
pub fn significant(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() || size == 0.0 {
        return fixed(value, 0);
    }
    if !(1e-4..1e9).contains(&size) {
        return format!("{value:.3e}").replace('-', "−");
    }
    let decimals = (3.0 - size.log10().floor()).clamp(0.0, 7.0);
    #[expect(clippy::cast_sign_loss, reason = "clamped to 0 and above")]
    fixed(value, decimals as usize)
}

/// A p-value with three decimals, or `< 0.001`.
#[must_use]
pub fn p_value(value: f64) -> String {
    if value < 0.001 { "< 0.001".into() } else { fixed(value, 3) }
}

/// A duration: `3.2 s`, `4 min 10 s`, `2 h 05 min`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round();
    if !seconds.is_finite() {
        "n/a".into()
    } else if seconds < 60.0 {
        format!("{} s", fixed(seconds, if seconds < 10.0 { 2 } else { 1 }))
    } else if whole < 3600.0 {
        format!("{:.0} min {:02.0} s", (whole / 60.0).floor(), whole % 60.0)
    } else {
        let minutes = (seconds / 60.0).round();
        format!("{:.0} h {:02.0} min", (minutes / 60.0).floor(), minutes % 60.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(fixed(-1234.5, 2), "−1,234.50");
        assert_eq!(fixed(-0.0, 1), "0.0");
        assert_eq!(fixed(-0.04, 1), "0.0");
        assert_eq!(fixed(f64::NAN, 1), "n/a");
        assert_eq!(fixed(f64::NEG_INFINITY, 1), "−∞");
        assert_eq!(signed(0.04, 1), "0.0");
        assert_eq!(signed(4.84, 1), "+4.8");
        assert_eq!(signed(f64::NAN, 1), "n/a");
        assert_eq!(count(50_000_usize), "50,000");
        assert_eq!(significant(0.012_345), "0.01235");
        assert_eq!(significant(1.5e-7), "1.500e−7");
        assert_eq!(significant(-0.0), "0");
        assert_eq!(significant(f64::INFINITY), "∞");
        assert_eq!(p_value(0.000_2), "< 0.001");
        assert_eq!(p_value(f64::NAN), "n/a");
        assert_eq!(duration(0.5), "0.50 s");
        assert_eq!(duration(59.99), "60.0 s");
        assert_eq!(duration(250.0), "4 min 10 s");
        assert_eq!(duration(7500.0), "2 h 05 min");
        assert_eq!(duration(f64::NAN), "n/a");
    }
}
