//! From nothing to a running demo and back: makes the record, opens the servers, enters the people, lets them live, stops everything.

use crate::cast::Cast;
use crate::desk;
use crate::enter::{self, Entering, Issued};
use crate::house::{House, Programs};
use crate::links::Links;
use crate::live;
use crate::policy;
use crate::ports::Ports;
use crate::process::Server;
use crate::rest::Rest;
use crate::show::Show;
use crate::staff::Staff;
use crate::vouch::Exchange;
use crate::world::{Entered, LiveKey, Notes, World};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

/// What a demo is asked to be.
pub(crate) struct Options {
    pub(crate) seed: u64,
    pub(crate) day_s: u32,
    pub(crate) folder: PathBuf,
    pub(crate) ports: u16,
    pub(crate) json: bool,
    pub(crate) quiet: bool,
}

/// What is stopped at the end: tasks first, then servers in the order in which they were opened.
#[derive(Default)]
struct Running {
    tasks: JoinSet<Result<()>>,
    servers: Vec<Server>,
    house: Option<House>,
}

/// Plays until somebody stops it, or something of it ends by itself.
pub(crate) async fn play(programs: &Programs, options: &Options) -> Result<()> {
    // Taken first: unheard, they would end us at once.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hang_up = signal(SignalKind::hangup())?;
    let show = Show::new(options.json);
    let mut running = Running::default();
    let outcome = tokio::select! {
        outcome = live(programs, options, &show, &mut running) => outcome,
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        _ = hang_up.recv() => Ok(()),
    };
    show.say("stopping …");
    running.tasks.shutdown().await;
    for server in running.servers.drain(..) {
        server.stop().await;
    }
    show.say("stopped; nothing is left running");
    outcome
}

async fn live(programs: &Programs, options: &Options, show: &Show, running: &mut Running) -> Result<()> {
    let world = Arc::new(open(programs, options, show, running).await?);
    let listener = TcpListener::bind(world.ports.desk)
        .await
        .with_context(|| format!("the desk cannot listen on {}", world.ports.desk))?;
    running.tasks.spawn(desk::serve(Arc::clone(&world), listener));
    show.ready(&world)?;
    if !options.quiet {
        live::begin(&world, show, &mut running.tasks);
    }
    // Whatever ends first is the trouble: nothing here ends by itself.
    let Running { tasks, servers, .. } = running;
    let mut servers = servers.iter_mut();
    let (Some(plane), Some(exchange)) = (servers.next(), servers.next()) else {
        anyhow::bail!("a server was not opened");
    };
    tokio::select! {
        error = plane.ended() => Err(error),
        error = exchange.ended() => Err(error),
        Some(ended) = tasks.join_next() => match ended {
            Ok(Ok(())) => Err(anyhow::anyhow!("a part of the demo ended by itself")),
            Ok(Err(error)) => Err(error),
            Err(error) => Err(anyhow::anyhow!("a part of the demo broke down: {error}")),
        },
    }
}

/// Makes everything and enters everybody.
async fn open(programs: &Programs, options: &Options, show: &Show, running: &mut Running) -> Result<World> {
    let ports = Ports::from(options.ports)?;
    let cast = Cast::of_seed(options.seed);
    let exchange = Exchange::new()?;
    let banner = format!(
        "시연: 사람과 키는 모두 가상이며 이용자의 하루는 {0}초입니다. 시계는 실제입니다. · Demo: everybody is made up, and a user's day is {0} seconds. The clock is real.",
        options.day_s
    );
    show.say("making the record (sumun init) …");
    let policy = (policy::DEMO, options.day_s);
    let house = House::make(&options.folder, programs, &exchange, &ports, &banner, policy).await?;
    let folder = house.folder.clone();
    let house = running.house.insert(house);
    let plane = house.open_plane(programs)?;
    opened(&mut running.servers, plane).await?;

    let rest = Rest::at(&ports.console.to_string());
    show.say("enrolling staff: mina, joon, yuna, sora, hana …");
    let staff = Staff::enrol(&rest, house).await?;
    let entering = Entering::begin(&rest, &staff, &exchange).await?;
    let told = entering.networks().await?;
    entering.vendor(&cast).await?;
    show.say(&format!("entering {} customers with {} keys …", cast.owners.len(), cast.keys()));
    let mut entered = Vec::new();
    for owner in &cast.owners {
        let (session, keys) =
            entering.owner(owner).await.with_context(|| format!("entering {}", owner.customer()))?;
        entered.push((session, keys));
    }
    let accounts: Vec<(_, &[Issued])> =
        cast.owners.iter().zip(&entered).map(|(owner, (_, keys))| (owner, keys.as_slice())).collect();
    let upstream = house.open_exchange(programs, &ports, &enter::accounts(&accounts))?;
    let ready = opened(&mut running.servers, upstream).await?;
    // Not before somebody answers behind the gate: a canary is first seen to be served.
    entering.canaries().await?;
    let control =
        ready["control"].as_str().context("the mock exchange names no control listener")?.to_owned();
    let entered = entered
        .into_iter()
        .map(|(session, keys)| Entered { session, keys: keys.into_iter().map(LiveKey::of).collect() });
    let pids = running.servers.iter().map(|server| (server.file().to_owned(), server.pid())).collect();
    Ok(World {
        seed: options.seed,
        day_s: f64::from(options.day_s),
        ports,
        notes: Notes::in_folder(&folder),
        folder,
        told: tokio::sync::Mutex::new(told as u64),
        back_end: entering.back_end.clone(),
        entered: entered.collect(),
        rest: rest.clone(),
        staff,
        exchange,
        cast,
        links: Links::default(),
        control: Rest::at(&control),
        pids,
    })
}

/// Waits until a server says where it listens. It is on the list of what must be stopped before that: whoever stops us meanwhile stops it.
async fn opened(servers: &mut Vec<Server>, server: Server) -> Result<serde_json::Value> {
    servers.push(server);
    match servers.last_mut() {
        Some(server) => server.ready().await,
        None => anyhow::bail!("a server was not opened"),
    }
}
