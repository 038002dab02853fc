//! The holder of a lock, as recorded in the lock file.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// Longest lock file that is read, in bytes. A host name has at most 255 bytes.
pub(crate) const LONGEST: u64 = 1024;

/// A process that holds a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Host name of its machine.
    pub host: String,
    /// Process id on that machine.
    pub process: u32,
    /// Time at which it took the lock, in seconds since 1970.
    pub since: u64,
    /// When the process started, in the system's units; 0 if the system does not report it. Distinguishes the
    /// process from a later one with the same id.
    pub(crate) started: u64,
}

impl Holder {
    /// This process, now.
    pub(crate) fn this() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let process = std::process::id();
        Holder { host: host(), process, since, started: started(process).unwrap_or(0) }
    }

    /// Text of the lock file.
    pub(crate) fn to_text(&self) -> String {
        let Holder { host, process, since, started } = self;
        format!("{host}\n{process}\n{since}\n{started}\n")
    }

    /// Reads the text of a lock file; `None` if nobody holds the lock or the text is damaged.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let host = lines.next().filter(|host| !host.is_empty())?.to_owned();
        let process = lines.next()?.parse().ok()?;
        let (since, started) = (lines.next()?.parse().ok()?, lines.next()?.parse().ok()?);
        Some(Holder { host, process, since, started })
    }

    /// Whether the process runs on this machine.
    pub(crate) fn is_here(&self) -> bool {
        self.host == host()
    }

    /// Whether the process, which runs on this machine, is alive; `None` if the system does not report it.
    pub(crate) fn lives_here(&self) -> Option<bool> {
        started(std::process::id())?;
        Some(started(self.process).is_some_and(|found| found == self.started))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        // A name read from a file may contain anything.
        let host = self.host.escape_debug();
        write!(f, "process {} on {host}", self.process)?;
        match now.saturating_sub(self.since) {
            seconds @ 0..120 => write!(f, ", for {seconds} s"),
            seconds => write!(f, ", for {} min", seconds / 60),
        }
    }
}

/// The name of this machine.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = name.or_else(|| std::env::var("HOSTNAME").ok());
    let name = name.or_else(|| std::env::var("COMPUTERNAME").ok()).unwrap_or_default();
    // The name must fit on one line of the lock file.
    let name: String = name.trim().chars().filter(|c| !c.is_control()).collect();
    if name.is_empty() { "unknown".to_owned() } else { name }
}

/// When a process of this machine started, in clock ticks since boot (Linux's proc(5)).
fn started(process: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the name in parentheses, which may contain spaces and parentheses.
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holders_are_read_as_written_and_damage_is_nobody() {
        let this = Holder::this();
        assert_eq!(Holder::from_text(&this.to_text()), Some(this.clone()));
        assert!(this.is_here());
        assert_ne!(this.lives_here(), Some(false));
        for damaged in ["", "\n", "host", "host\nx\n1\n1", "host\n1\n", "\n1\n1\n1\n"] {
            assert_eq!(Holder::from_text(damaged), None, "{damaged:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_later_process_of_the_same_number_is_not_the_holder() {
        let this = Holder::this();
        assert_eq!(this.lives_here(), Some(true));
        assert_eq!(Holder { started: this.started + 1, ..this.clone() }.lives_here(), Some(false));
        assert_eq!(Holder { process: u32::MAX, ..this }.lives_here(), Some(false));
    }
}
