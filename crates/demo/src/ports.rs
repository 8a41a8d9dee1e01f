//! Where everything listens: counted from one port, or wherever there is room.

use anyhow::{Context, Result, bail};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// Every listener of a demo.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    /// REST and the console.
    pub(crate) console: SocketAddr,
    /// The owner's page.
    pub(crate) owner: SocketAddr,
    /// Where clients trade.
    pub(crate) gate: SocketAddr,
    /// The desk.
    pub(crate) desk: SocketAddr,
    /// The exchange behind the gate.
    pub(crate) exchange: SocketAddr,
}

impl Ports {
    /// From this one on (console, owner's page; ten later the gate; twenty later the desk), or free ones for 0.
    pub(crate) fn from(first: u16) -> Result<Self> {
        if first == 0 {
            // Held together, so that none is handed out twice.
            let listeners = (0..5).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
            let listeners = listeners.collect::<std::io::Result<Vec<_>>>().context("no free port")?;
            let mut free = listeners.iter().map(TcpListener::local_addr);
            let mut next = || free.next().context("no free port")?.context("no free port");
            return Ok(Self {
                console: next()?,
                owner: next()?,
                gate: next()?,
                desk: next()?,
                exchange: next()?,
            });
        }
        let at = |more: u16| {
            let port =
                first.checked_add(more).context("the ports would pass 65535; choose a lower --port")?;
            anyhow::Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        };
        let ports = Self { console: at(0)?, owner: at(1)?, gate: at(10)?, desk: at(20)?, exchange: at(11)? };
        ports.must_be_free(first)?;
        Ok(ports)
    }

    /// The origin of the exchange's page that customers sign in from: the desk plays it.
    pub(crate) fn exchange_page(&self) -> String {
        format!("http://{}:{}", crate::links::OWNER_HOST, self.desk.port())
    }

    fn must_be_free(&self, first: u16) -> Result<()> {
        let named = [
            ("the console", self.console),
            ("the owner's page", self.owner),
            ("the gate", self.gate),
            ("the mock exchange", self.exchange),
            ("the desk", self.desk),
        ];
        let taken: Vec<String> = named
            .into_iter()
            .filter(|(_, address)| TcpListener::bind(address).is_err())
            .map(|(name, address)| format!("{} (for {name})", address.port()))
            .collect();
        if taken.is_empty() {
            return Ok(());
        }
        bail!(
            "already in use on 127.0.0.1: {}. Stop what listens there, or choose other ports: --port {}",
            taken.join(", "),
            first.saturating_add(100)
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_named_and_another_port_offered() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = Ports::from(port.checked_sub(20).unwrap()).unwrap_err().to_string();
        assert!(error.contains(&format!("{port} (for the desk)")) && error.contains("--port"), "{error}");
    }

    #[test]
    fn free_ports_differ() {
        let ports = Ports::from(0).unwrap();
        let mut all = [ports.console, ports.owner, ports.gate, ports.desk, ports.exchange];
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]), "{all:?}");
    }
}
