//! The link between two programs, as a relay that a test can cut and mend. Never here: what goes through it.

use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
struct State {
    cut: bool,
    open: Vec<TcpStream>,
}

/// Listens until the test's process ends.
#[derive(Clone)]
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Relay {
    pub(crate) fn to(there: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let this = Self { address: listener.local_addr().unwrap(), state: Arc::default() };
        let own = this.clone();
        std::thread::spawn(move || {
            for here in listener.incoming().flatten() {
                // Nobody there: the connection ends as it would without us.
                let _ = own.join(&here, there);
            }
        });
        this
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, here: &TcpStream, there: SocketAddr) -> std::io::Result<()> {
        let mut state = self.state();
        if state.cut {
            return here.shutdown(Shutdown::Both);
        }
        let there = TcpStream::connect(there)?;
        for (mut from, mut to) in
            [(here.try_clone()?, there.try_clone()?), (there.try_clone()?, here.try_clone()?)]
        {
            from.set_nodelay(true)?;
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(Shutdown::Both);
                let _ = from.shutdown(Shutdown::Both);
            });
        }
        state.open.push(here.try_clone()?);
        state.open.push(there);
        Ok(())
    }

    /// Nothing goes through any more.
    pub(crate) fn cut(&self) {
        let mut state = self.state();
        state.cut = true;
        for stream in state.open.drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub(crate) fn mend(&self) {
        self.state().cut = false;
    }
}
