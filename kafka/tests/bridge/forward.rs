//! An address that stays while what is behind it is killed and comes up at another port.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

pub(crate) struct Forward {
    pub(crate) at: SocketAddr,
    to: Arc<Mutex<Option<SocketAddr>>>,
}

impl Forward {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (at, to) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(None)));
        let own = Arc::clone(&to);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let to: Option<SocketAddr> = *own.lock().unwrap();
                // Nobody there: the connection breaks.
                let Some(far) = to.and_then(|to| TcpStream::connect(to).ok()) else { continue };
                let (near2, far2) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                std::thread::spawn(move || pass(near, far));
                std::thread::spawn(move || pass(far2, near2));
            }
        });
        Self { at, to }
    }

    pub(crate) fn to(&self, address: &str) {
        *self.to.lock().unwrap() = Some(address.trim_start_matches("http://").parse().unwrap());
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    let mut bytes = [0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
