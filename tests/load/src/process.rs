//! What Linux tells about a process (proc(5)).

use std::path::PathBuf;

/// `USER_HZ`: the unit of the times in `stat`, 100 on every architecture this can run on (proc(5)).
const TICKS_PER_SECOND: u64 = 100;

/// What a process holds and has used at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    /// User and system time since its start, all threads.
    pub(crate) cpu_ms: u64,
    pub(crate) resident_bytes: u64,
    pub(crate) descriptors: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    #[error("cannot read {path}, is the process still running? (only Linux has it): {error}")]
    Read { path: PathBuf, error: std::io::Error },
    #[error("{path} does not look as proc(5) says")]
    Format { path: PathBuf },
}

impl Usage {
    pub(crate) fn of(pid: u32) -> Result<Self, ProcessError> {
        let path = |name: &str| PathBuf::from(format!("/proc/{pid}/{name}"));
        let parsed = |name: &str, parse: fn(&str) -> Option<u64>| {
            let path = path(name);
            match std::fs::read_to_string(&path) {
                Ok(text) => parse(&text).ok_or(ProcessError::Format { path }),
                Err(error) => Err(ProcessError::Read { path, error }),
            }
        };
        let fd = path("fd");
        let descriptors =
            std::fs::read_dir(&fd).map_err(|error| ProcessError::Read { path: fd, error })?.count() as u64;
        Ok(Self {
            cpu_ms: parsed("stat", cpu_ms)?,
            resident_bytes: parsed("status", resident_bytes)?,
            descriptors,
        })
    }
}

/// Fields 14 and 15 of `stat`. The name, field 2, is in parentheses and may hold spaces and more of them.
fn cpu_ms(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut times = after_name.split_ascii_whitespace().skip(11);
    let (user, system): (u64, u64) = (times.next()?.parse().ok()?, times.next()?.parse().ok()?);
    Some((user + system) * 1_000 / TICKS_PER_SECOND)
}

/// `VmRSS` of `status`, which is in units of 1,024 bytes whatever it says.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_found_behind_a_name_that_imitates_it() {
        let stat = "42 (a) R 1 (b c)) S 1 42 42 0 -1 4194560 900 0 3 0 120 30 7 8 20 0 5 0 77 1 2 3";
        assert_eq!(cpu_ms(stat), Some(1_500));
        for broken in
            ["", "42 (a) S 1 42", "42 a S 1 2 3 4 5 6 7 8 9 10 11 12 13", "42 (a) S 1 2 3 4 5 6 7 8 9 10 x y"]
        {
            assert_eq!(cpu_ms(broken), None, "{broken}");
        }
    }

    #[test]
    fn memory_is_the_resident_set_and_not_its_peak() {
        let status = "Name:\tbridge\nVmPeak:\t  900 kB\nVmHWM:\t  300 kB\nVmRSS:\t     256 kB\nThreads:\t3\n";
        assert_eq!(resident_bytes(status), Some(256 * 1_024));
        assert_eq!(resident_bytes("VmPeak:\t 900 kB\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_can_be_measured_and_one_that_is_not_there_is_an_error() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.resident_bytes > 100_000 && usage.descriptors >= 3);
        assert!(Usage::of(u32::MAX).unwrap_err().to_string().contains("running"));
    }
}
