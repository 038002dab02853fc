//! A row of bad input: a command that is refused.

use std::path::Path;
use std::process::Command;

use crate::support::{aerbm, ended, files, place};

/// The longest line that is still clear, in characters.
const LONGEST_LINE: usize = 700;

/// A command, and the words that its one line must contain.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) args: Vec<String>,
    pub(crate) code: i32,
    /// The words that the line must contain.
    pub(crate) says: Vec<String>,
    /// A file that the command reads.
    pub(crate) file: Option<(String, Vec<u8>)>,
}

impl Row {
    pub(crate) fn new(args: &[&str], code: i32, says: &[&str]) -> Self {
        let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        Row { args: owned(args), code, says: owned(says), file: None }
    }

    pub(crate) fn with_file(self, name: &str, bytes: &[u8]) -> Self {
        Row { file: Some((name.to_owned(), bytes.to_owned())), ..self }
    }

    /// The row with more arguments.
    pub(crate) fn and(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(ToString::to_string));
        self
    }

    /// Describes the fault of the refusal, if any.
    fn fault(&self, folder: &Path) -> Option<String> {
        if let Some((name, bytes)) = &self.file {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().expect("inside")).expect("created");
            std::fs::write(path, bytes).expect("written");
        }
        let before = files(folder);
        let ended = ended(aerbm(folder).args(&self.args));
        let fault = self.fault_of(&ended.stderr, ended.status.code());
        let after = files(folder);
        let left = after.iter().find(|(name, bytes)| before.get(*name) != Some(bytes));
        let lost = before.keys().find(|name| !after.contains_key(*name));
        if let Some((name, _)) = &self.file {
            std::fs::remove_file(folder.join(name)).expect("there");
        }
        let left = left.map(|(name, _)| format!("{} is left or changed", name.display()));
        let lost = lost.map(|name| format!("{} is gone", name.display()));
        fault.or(left).or(lost)
    }

    fn fault_of(&self, stderr: &str, code: Option<i32>) -> Option<String> {
        if code != Some(self.code) {
            return Some(format!("exit code {code:?}, expected {}: {stderr}", self.code));
        }
        let (first, rest) = stderr.split_once('\n').unwrap_or((stderr, ""));
        let of_arguments = rest.contains("For more information, try '--help'");
        if !first.starts_with("error: ") || !(rest.is_empty() || of_arguments) {
            return Some(format!("not one line: {stderr}"));
        }
        if first.chars().count() > LONGEST_LINE {
            return Some(format!("a long line: {first}"));
        }
        if stderr.chars().any(|c| c.is_control() && c != '\n') {
            return Some(format!("control characters: {stderr:?}"));
        }
        let says = self.says.iter().find(|says| !stderr.contains(says.as_str()));
        says.map(|says| format!("lacks {says:?}: {first}"))
    }
}

/// Tries all rows, on two threads, in folders that `prepare` prepares; prints their number.
pub(crate) fn try_all(what: &str, rows: &[Row], prepare: impl Fn(&Path) + Sync) {
    let half = rows.len().div_ceil(2).max(1);
    let faults: Vec<String> = std::thread::scope(|scope| {
        let prepare = &prepare;
        let of_half = move |rows: &[Row]| {
            let place = place();
            prepare(place.path());
            let fault = |row: &Row| Some(format!("{:?}: {}", row.args, row.fault(place.path())?));
            rows.iter().filter_map(fault).collect::<Vec<_>>()
        };
        let halves: Vec<_> =
            rows.chunks(half).map(|rows| scope.spawn(move || of_half(rows))).collect();
        halves.into_iter().flat_map(|half| half.join().expect("no panic")).collect()
    });
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), rows.len(), faults.join("\n"));
    println!("rows of bad input refused, {what}: {}", rows.len());
}

/// The output of a command that succeeds.
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.output().expect("the command starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}
