//! Temperatures between which exchanges are rejected equally often.
//!
//! The rejection rate between neighbours is, for near neighbours, the difference of a function Λ(β), the
//! communication barrier, which rises with β and does not depend on the other temperatures (Syed,
//! Bouchard-Côté, Deligiannidis & Doucet 2022, section 4). The rates of any set of temperatures therefore
//! determine where rates are equal, and how many temperatures are needed.

/// Target rejection rate.
const REJECTION: f64 = 0.4;

/// Smallest number of intervals between temperatures.
const FEWEST: usize = 9;

/// Largest number of intervals between temperatures.
const MOST: usize = 399;

/// Inverse temperatures from 0 to 1 with equal rejection rates, from the rates between the neighbours of
/// `betas`.
#[expect(clippy::cast_sign_loss, reason = "rejection rates are positive")]
pub(crate) fn equal_rejections(betas: &[f64], rejections: &[f64]) -> Vec<f64> {
    // A small rate for each interval keeps Λ rising where nothing was rejected.
    let mut barrier = vec![0.0];
    for rejection in rejections {
        barrier.push(barrier[barrier.len() - 1] + rejection.max(1e-3));
    }
    let whole = barrier[barrier.len() - 1];
    let n = ((whole / REJECTION).round() as usize).clamp(FEWEST, MOST);
    let inner = (1..n).map(|k| {
        let aim = whole * k as f64 / n as f64;
        let after = barrier.partition_point(|&value| value < aim);
        let share = (aim - barrier[after - 1]) / (barrier[after] - barrier[after - 1]);
        betas[after - 1] + share * (betas[after] - betas[after - 1])
    });
    std::iter::once(0.0).chain(inner).chain([1.0]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_short_where_exchanges_are_rejected() {
        // All of the barrier lies between 0.5 and 1.
        let found = equal_rejections(&[0.0, 0.5, 1.0], &[0.0, 0.9]);
        assert_eq!((found.len(), found[0], found[9]), (10, 0.0, 1.0));
        assert!(found.is_sorted() && found[1] > 0.5, "{found:?}");
        // Λ is linear there, so the temperatures are evenly spaced.
        assert!((found[9] - found[8] - (found[5] - found[4])).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn the_number_of_temperatures_follows_the_barrier() {
        let betas: Vec<f64> = (0..=40).map(|k| f64::from(k) / 40.0).collect();
        assert_eq!(equal_rejections(&betas, &[0.4; 40]).len(), 41);
        assert_eq!(equal_rejections(&betas, &[0.8; 40]).len(), 81);
        assert_eq!(equal_rejections(&betas, &[0.0; 40]).len(), 10);
    }
}
