//! The command line of the suite: what `cargo test -- ...` gives to any test binary, several filters included.

use libtest_mimic::Arguments;

/// Tests at once for each core. A test needs about a twentieth of a core while it runs.
const TESTS_PER_CORE: usize = 16;

/// Flags that take the next argument as their value.
const WITH_VALUE: [&str; 6] = ["--test-threads", "--skip", "--logfile", "--color", "--format", "-Z"];

/// Which tests are asked for by name.
#[derive(Debug, PartialEq)]
pub(super) struct Wanted {
    /// A test runs if its name holds one of these. Empty: every test runs.
    filters: Vec<String>,
    exact: bool,
}

impl Wanted {
    pub(super) fn has(&self, name: &str) -> bool {
        let fits = |filter: &String| if self.exact { name == filter } else { name.contains(filter) };
        self.filters.is_empty() || self.filters.iter().any(fits)
    }
}

/// Takes the filters out, because the parser of `libtest-mimic` knows one at most.
pub(super) fn read(arguments: impl Iterator<Item = String>) -> (Arguments, Wanted) {
    let (mut options, mut filters, mut value_follows) = (vec![], vec![], true);
    for argument in arguments {
        if value_follows || argument.starts_with('-') {
            // The program's own name comes first, and is passed on like a value.
            value_follows = WITH_VALUE.contains(&argument.as_str());
            options.push(argument);
        } else {
            filters.push(argument);
        }
    }
    let arguments = Arguments::from_iter(options);
    let exact = arguments.exact;
    (arguments, Wanted { filters, exact })
}

/// What `RUST_TEST_THREADS` says, as for any test binary; otherwise more than there are cores.
pub(super) fn default_threads() -> usize {
    let asked = std::env::var("RUST_TEST_THREADS").ok().and_then(|threads| threads.parse().ok());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    asked.unwrap_or(TESTS_PER_CORE * cores)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_line(line: &str) -> (Arguments, Wanted) {
        read(std::iter::once("it").chain(line.split_whitespace()).map(str::to_owned))
    }

    #[test]
    fn several_filters_choose_the_tests_that_fit_any_of_them() {
        let (arguments, wanted) = read_line("answer:: --skip slow --test-threads 3 call:: --nocapture");
        assert_eq!(arguments.skip, ["slow"]);
        assert_eq!((arguments.test_threads, arguments.nocapture, arguments.filter), (Some(3), true, None));
        assert!(wanted.has("answer::a") && wanted.has("call::b"));
        assert!(!wanted.has("slow::a") && !wanted.has("3"));
    }

    #[test]
    fn an_exact_filter_is_the_whole_name_and_no_filter_is_every_test() {
        let (_, wanted) = read_line("--exact answer::a");
        assert!(wanted.has("answer::a") && !wanted.has("answer::ab"));
        assert!(read_line("--skip=answer::a").1.has("anything"));
    }
}
