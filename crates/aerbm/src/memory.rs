//! Memory limits: work that would take more memory than is free is refused before it begins.

use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

use crate::config::Memory;
use crate::{ConfigError, Error};

/// Refuses work that takes more memory than is free on this machine and in its control group.
pub(crate) fn require(memory: &Memory) -> Result<(), Error> {
    refuse_above(memory, free())
}

fn refuse_above(memory: &Memory, free: f64) -> Result<(), Error> {
    let needed = memory.bytes();
    if needed <= free {
        return Ok(());
    }
    let setting = memory.largest().unwrap_or("settings");
    let message = format!(
        "{setting}: training would take about {} of memory, but only {} are free; lower this setting",
        size(needed),
        size(free)
    );
    Err(ConfigError(message).into())
}

/// Free memory in bytes; infinite if the system does not report it.
fn free() -> f64 {
    let Ok(mut system) = System::new() else { return f64::INFINITY };
    system.refresh_memory();
    let of_group = free_in_group(&mut system).unwrap_or(u64::MAX);
    match system.available_memory().min(of_group) {
        0 => f64::INFINITY,
        bytes => bytes as f64,
    }
}

/// Free memory in bytes within the limit of this process's control group, which may be below that of the
/// whole container: a scheduler gives each job its own group.
fn free_in_group(system: &mut System) -> Option<u64> {
    let this = sysinfo::get_current_pid().ok()?;
    let nothing_else = ProcessRefreshKind::nothing();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[this]), false, nothing_else);
    let of_process = system.process(this).and_then(sysinfo::Process::cgroup_limits);
    let limits = of_process.or_else(|| system.cgroup_limits())?;
    // Pages of files are given back when memory is short, so they count as free.
    Some(limits.total_memory.saturating_sub(limits.rss))
}

/// A number of bytes in the largest unit that it fills.
fn size(bytes: f64) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"];
    let (mut value, mut unit) = (bytes, 0);
    while value >= 1000.0 && unit + 1 < units.len() {
        (value, unit) = (value / 1000.0, unit + 1);
    }
    format!("{value:.1} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RunConfig;

    #[test]
    fn settings_that_take_more_than_there_is_are_named() {
        let refused = |preset: &str, assignment: &str| {
            let config = RunConfig::preset(preset).expect("a preset");
            let memory = config.with(assignment).expect("a setting").memory(784);
            refuse_above(&memory, 16e9).expect_err("too large").to_string()
        };
        let found = refused("rbm", "model.n_hidden=9999999999");
        let expected = "model.n_hidden: training would take about 180.8 TB of memory, but only 16.0 GB are free";
        assert!(found.contains(expected), "{found}");
        for (preset, assignment, named) in [
            ("autoencoder", "model.n_hidden=999999999", "model.n_hidden"),
            ("autoencoder", "model.encoder_layers=[99999999]", "model.encoder_layers"),
            ("autoencoder", "training.batch_size=99999999999", "training.batch_size"),
            ("rbm-pcd", "training.algorithm.chains=10000000000", "training.algorithm.chains"),
            ("dbn", "layers=[500, 999999999999]", "layers.1"),
            ("conv-autoencoder", "model.convolution.maps=65536", "model.convolution.maps"),
            ("conv-autoencoder", "training.batch_size=99999999999", "training.batch_size"),
        ] {
            let found = refused(preset, assignment);
            assert!(found.starts_with(&format!("{named}: ")), "{found}");
        }
    }

    #[test]
    fn every_preset_fits() {
        for (name, _) in crate::config::presets() {
            let memory = RunConfig::preset(name).expect("a preset").memory(784);
            assert!(memory.bytes() < 1e9, "{name}: {}", size(memory.bytes()));
        }
        assert_eq!(size(1.5e9), "1.5 GB");
        assert!(free() > 1e6);
    }
}
