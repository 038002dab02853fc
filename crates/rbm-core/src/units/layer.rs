use ndarray::{Array1, ArrayView1, ArrayView2, ArrayViewMut2, Axis, CowArray, Ix2, s};
use nn_core::{InvalidSetting, Samples, TrainingError, any_missing, check_representable};
use numerics::Real;

use super::{Kind, Part, Unit, Units, categorical};

/// A layer of units: their kind and their parameters.
///
/// Visible units that [have a standard deviation](Unit::has_std) are measured in it: with u = v / σ the
/// mathematics inside the crate are those of units with variance 1. Public functions accept and return v, in
/// the units of the data; names inside the crate say `u` where they mean v / σ. All other units have u = v.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer<F> {
    /// The kind of the units.
    pub unit: Units,
    /// Bias of each unit; that of a unit with a standard deviation is in units of it.
    pub bias: Array1<F>,
    /// Standard deviation σ of each unit, 1 for a unit of a mixed layer that has none; empty if no unit of
    /// the layer has one.
    pub std: Array1<F>,
}

impl<F: Real> Layer<F> {
    /// A layer with these biases, in which the units' variance, if they have one, is 1 and fixed.
    #[must_use]
    pub fn new(unit: impl Into<Units>, bias: Array1<F>) -> Self {
        Layer { unit: unit.into(), bias, std: Array1::zeros(0) }
    }

    /// A layer of `n` visible units with biases 0 and, if they have one, standard deviation 1.
    #[must_use]
    pub fn visible(unit: impl Into<Units>, n: usize) -> Self {
        let unit = unit.into();
        let n_std = if unit.has_std() { n } else { 0 };
        Layer { unit, bias: Array1::zeros(n), std: Array1::ones(n_std) }
    }

    /// Number of units.
    pub fn n_units(&self) -> usize {
        self.bias.len()
    }

    /// The units of this layer at these indices.
    #[must_use]
    pub(crate) fn select(&self, indices: &[usize]) -> Self {
        let of_std = if self.std.is_empty() { &[] } else { indices };
        Layer {
            unit: self.unit.select(indices),
            bias: self.bias.select(Axis(0), indices),
            std: self.std.select(Axis(0), of_std),
        }
    }

    /// u = v / σ, and 0 for a missing value (NaN). Shapes: (n × units) → the same.
    pub(crate) fn scaled<'a>(&self, v: ArrayView2<'a, F>) -> CowArray<'a, F, Ix2> {
        let mut u: CowArray<F, Ix2> =
            if self.std.is_empty() { v.into() } else { (&v / &self.std).into() };
        if any_missing(v) {
            u.mapv_inplace(|u| if u.is_nan() { F::zero() } else { u });
        }
        u
    }

    /// The part of the free energy that a row of missing values (NaN) would have if they were 0.
    pub(crate) fn energy_of_missing(&self, v: ArrayView1<F>) -> f64 {
        let missing = v.indexed_iter().filter(|(_, v)| v.is_nan()).map(|(i, _)| i);
        let alone: Vec<usize> = missing.collect();
        let mut total = 0.0;
        for (part, columns) in self.unit.parts(v.len()) {
            for &i in alone.iter().filter(|i| columns.contains(i)) {
                if let Part::Each(unit) = part {
                    let zero = Array1::zeros(1);
                    total += unit.energy(zero.view(), self.bias.slice(s![i..=i])).as_f64();
                }
                total += self.std.get(i).map_or(0.0, |std| std.as_f64().ln());
            }
        }
        total
    }

    /// Replaces v by u = v / σ.
    pub(crate) fn scale(&self, v: &mut ArrayViewMut2<F>) {
        if !self.std.is_empty() {
            *v /= &self.std;
        }
    }

    /// v = σ u. Shapes: (n × units) → the same.
    pub(crate) fn unscaled<'a>(&self, u: ArrayView2<'a, F>) -> CowArray<'a, F, Ix2> {
        if self.std.is_empty() { u.into() } else { (&u * &self.std).into() }
    }

    /// Replaces u by v = σ u.
    pub(crate) fn unscale(&self, u: &mut ArrayViewMut2<F>) {
        if !self.std.is_empty() {
            *u *= &self.std;
        }
    }

    /// Σ ln σ: the density of v is that of u over Π σ.
    pub(crate) fn log_volume(&self) -> f64 {
        self.std.iter().map(|&std| std.as_f64().ln()).sum()
    }

    /// The part of the energy that this layer has without the other one, for a state in units of σ.
    pub(crate) fn energy(&self, u: ArrayView1<F>) -> F {
        if let Units::Same(unit) = self.unit {
            return unit.energy(u, self.bias.view());
        }
        let of_part = |(part, columns): (Part, std::ops::Range<usize>)| {
            let (u, bias) = (u.slice(s![columns.clone()]), self.bias.slice(s![columns]));
            match part {
                Part::Each(unit) => unit.energy(u, bias),
                Part::Group => -u.dot(&bias),
            }
        };
        self.unit.parts(u.len()).into_iter().map(of_part).sum()
    }

    /// The mean of each unit whose input is its bias alone.
    pub(crate) fn independent_means(&self) -> Array1<F> {
        let mut means = Array1::zeros(self.n_units());
        let mut row = means.view_mut().insert_axis(Axis(0));
        self.unit.parameters(self.bias.view(), &mut row);
        self.unit.means(&mut row);
        means
    }

    /// The biases of independent units with these means over `n_samples` data.
    pub(crate) fn biases_of(&self, means: &Array1<f64>, n_samples: usize) -> Array1<F> {
        let n = n_samples as f64;
        let mut biases = Array1::zeros(means.len());
        for (part, columns) in self.unit.parts(means.len()) {
            let means = means.slice(s![columns.clone()]);
            let found = match part {
                Part::Each(unit) => {
                    with_kind!(unit, K => means.mapv(|mean| K::bias_of_mean(mean, n)))
                }
                Part::Group => categorical::biases_of_means(&means.to_vec(), n).into(),
            };
            biases.slice_mut(s![columns]).assign(&found.mapv(F::of));
        }
        if self.std.is_empty() { biases } else { biases / &self.std }
    }

    /// Checks that the units can represent the data, given the columns' means and variances.
    ///
    /// # Errors
    /// [`TrainingError::OutOfRange`] for a value that they cannot take, [`InvalidSetting`] for data that must
    /// be standardised first, and [`TrainingError::Unreadable`].
    pub(crate) fn check_data(
        &self,
        data: &impl Samples<F>,
        (means, variances): (&Array1<f64>, &Array1<f64>),
    ) -> Result<(), TrainingError> {
        self.check_values(data)?;
        if let Units::Same(unit) = self.unit {
            let std = self.std.view();
            let checked: Result<(), InvalidSetting> =
                with_kind!(unit, K => K::check_moments(std, means, variances));
            return Ok(checked?);
        }
        for columns in self.unit.columns_with_std(means.len()) {
            let of = |moments: &Array1<f64>| moments.slice(s![columns.clone()]).to_owned();
            let std = self.std.slice(s![columns.clone()]);
            with_kind!(Unit::Gaussian, K => K::check_moments(std, &of(means), &of(variances)))?;
        }
        Ok(())
    }

    /// Checks that the units can take the values of the data.
    ///
    /// # Errors
    /// [`TrainingError::OutOfRange`] and [`TrainingError::Unreadable`].
    pub(crate) fn check_values(&self, data: &impl Samples<F>) -> Result<(), TrainingError> {
        let unit = match &self.unit {
            Units::Same(unit) => unit,
            Units::Mixed { layout, .. } => return layout.check_data(data),
        };
        check_representable(data, unit.activation()).map_err(|error| match error {
            TrainingError::OutOfRange { sample, column, value, range, .. } => {
                TrainingError::OutOfRange { sample, column, value, range, unit: unit.name().into() }
            }
            other => other,
        })
    }

    /// Σ of the columns' variances in units of σ².
    pub(crate) fn total_variance(&self, variances: &Array1<f64>) -> f64 {
        if self.std.is_empty() {
            return variances.sum();
        }
        let std = self.std.iter().map(|std| std.as_f64());
        variances.iter().zip(std).map(|(variance, std)| variance / (std * std)).sum()
    }

    /// Σ of the largest variances of units about which nothing is known, in units of σ².
    pub(crate) fn largest_variance(&self) -> f64 {
        let of_part = |(part, columns): (Part, std::ops::Range<usize>)| {
            let unit = if let Part::Each(unit) = part { unit } else { Unit::Binary };
            with_kind!(unit, K => K::LARGEST_VARIANCE) * columns.len() as f64
        };
        self.unit.parts(self.n_units()).into_iter().map(of_part).sum()
    }

    /// Adds ∂(−energy) / ∂ ln σ for states and means in units of σ to `gradient`. Shapes:
    /// (n × units), (n × units) → units.
    pub(crate) fn add_std_gradient(
        &self,
        u: ArrayView2<F>,
        means: ArrayView2<F>,
        gradient: &mut Array1<F>,
    ) {
        // Units without a standard deviation do not contribute.
        let unit = if self.unit.has_std() { Unit::Gaussian } else { Unit::Binary };
        with_kind!(unit, K => {
            for (u, mean) in u.rows().into_iter().zip(means.rows()) {
                for ((g, &u), &mean) in gradient.iter_mut().zip(u).zip(mean) {
                    *g += K::std_gradient(u, mean);
                }
            }
        });
    }
}
