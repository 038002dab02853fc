use std::collections::HashSet;

use aerbm::study::stage::Key;
use aerbm::{Error, Monitor as _};
use clap::Args;

use crate::interrupt;
use crate::profile_args::ProfileArgs;
use crate::ui::Ui;

/// Compute stages of a profile into its folder, safe to run alongside other workers
#[derive(Debug, Args)]
#[command(after_help = "Example:
  aerbm work --profile quick --stage $(aerbm plan --profile quick --json | jq -r .key | head -1)

Tables and the page are made by `aerbm pipeline` with the same options, which computes what is missing.")]
pub(crate) struct Arguments {
    /// Key of a stage, as `aerbm plan` shows it; may be repeated
    #[arg(long = "stage", value_name = "KEY", required = true, value_parser = key)]
    stages: Vec<Key>,
    #[command(flatten)]
    profile: ProfileArgs,
}

fn key(text: &str) -> Result<Key, String> {
    let expected = "expected a key of 32 hexadecimal digits, as `aerbm plan` shows them";
    Key::parse(text).ok_or_else(|| expected.to_owned())
}

pub(super) fn run(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    interrupt::save_at_first();
    let parts = args.profile.parts()?;
    if let [part] = parts.as_slice() {
        let loaded = part.load(ui)?;
        part.with(&loaded).work(&args.stages, ui)?;
        return done(args, ui);
    }
    // The keys may belong to any part, and equal stages of several parts have the same key.
    let mut left: HashSet<&Key> = args.stages.iter().collect();
    for part in &parts {
        let loaded = part.load(ui)?;
        let part = part.with(&loaded);
        let plan = part.plan()?;
        let is_here = |key: &&Key| plan.stages.iter().any(|stage| stage.key == **key);
        let here: Vec<Key> = args.stages.iter().filter(is_here).cloned().collect();
        if !here.is_empty() {
            part.work(&here, ui)?;
            left.retain(|key| !here.contains(key));
        }
    }
    match left.into_iter().next() {
        Some(key) => Err(Error::NoStage { key: key.as_str().to_owned() }.into()),
        None => done(args, ui),
    }
}

fn done(args: &Arguments, ui: &Ui) -> anyhow::Result<()> {
    ui.finish();
    match args.stages.len() {
        1 => ui.result("1 stage is done"),
        n => ui.result(&format!("{n} stages are done")),
    }
}
