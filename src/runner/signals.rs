//! Signals: asked to stop, a run makes no further change. The runner sends SIGINT, and SIGTERM seven seconds
//! later; as the first process of a container we would not even die of them without a handler.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

/// Returns whether the run was asked to stop. Clones return the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens for SIGINT and SIGTERM from now on, whatever this thread does meanwhile.
    pub(crate) fn on_signals() -> io::Result<Self> {
        listen().map(|(stop, _)| stop)
    }

    /// The flag itself, for code that asks before every change.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }

    /// Asks to stop.
    pub(crate) fn request(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A thread of its own, so that the flag is set also while the run is busy computing. It ends with the first signal; the
/// handlers stay, so that a second one kills nothing half-done.
fn listen() -> io::Result<(Stop, thread::JoinHandle<()>)> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        )
    };
    let stop = Stop::default();
    let requested = stop.clone();
    let listening = thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            });
            requested.request();
        })?;
    Ok((stop, listening))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, id};

    use super::*;

    fn is_requested(stop: &Stop) -> bool {
        stop.flag().load(Ordering::Acquire)
    }

    #[test]
    fn nothing_stops_before_it_is_asked_to() {
        let stop = Stop::default();
        assert!(!is_requested(&stop));
        let clone = stop.clone();
        clone.request();
        assert!(is_requested(&stop));
    }

    #[test]
    fn either_signal_is_a_request_and_kills_nothing() {
        for name in ["INT", "TERM"] {
            let (stop, listening) = listen().unwrap();
            assert!(!is_requested(&stop));
            let sent = Command::new("kill")
                .args(["-s", name, &id().to_string()])
                .status()
                .unwrap();
            assert!(sent.success());
            // The thread ends with the signal, so nothing is waited for that does not come.
            listening.join().unwrap();
            assert!(is_requested(&stop), "{name}");
        }
    }
}
