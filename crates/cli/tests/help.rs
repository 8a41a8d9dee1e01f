//! Help and version: what a person sees first.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests may panic, and their names say what they are"
)]

mod support;

use support::Place;

#[test]
fn the_first_screen() {
    insta::assert_snapshot!(Place::new().run(&["--help"]).out, @"
    Sumun watches over exchange API keys: it checks every request made with one, records what it saw,
    and ends keys that no longer belong to who they were given to

    Usage: sumun <COMMAND>

    Commands:
      init         Make a control plane's folder: keys, database, record, and invites for the first two
                   administrators
      serve        Run gate and control plane in one process, on one folder
      gate         Run the gate: the reverse proxy that checks every request
      govern       Run the control plane: REST, the record, and the feed of keys to gates
      config       Look at the configuration
      keys         Keys of the control plane, and keys in a file
      request      Look at signed requests
      log          Read the event log
      login        Sign in. The session is kept as a profile, readable by its owner only
      logout       Sign out: end the session and forget the profile
      step-up      Show the second factor again, as some actions ask for
      whoami       Show who is signed in, and what he may do
      totp         Print the current one-time code of a second factor
      users        Staff: invite, enrol, disable
      tokens       Machines' API tokens
      venue        The venue's own facts
      customers    Verified customers
      persons      Natural persons behind customers
      accounts     What customers trade from
      operators    Who in fact drives keys
      vendors      Third-party tools
      delegations  Who may use another's key
      approvals    What waits for a second pair of eyes
      gates        Gates that receive the feed, and their receipts
      ledger       The record: proofs, and their check
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Exit codes: 0 done, 1 the operation failed, 2 what was given is bad.
    Log lines go to stderr; SUMUN_LOG filters them, such as SUMUN_LOG=debug.
    ");
    assert_eq!(Place::new().run(&["--version"]).out, format!("sumun {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_command_has_help_with_an_example() {
    for command in [
        &["init"][..],
        &["serve"],
        &["govern"],
        &["gate"],
        &["config", "check"],
        &["keys", "new"],
        &["keys", "seal"],
        &["keys", "check"],
        &["keys", "kek-new"],
        &["request", "check"],
        &["log", "tail"],
        &["log", "dump"],
        &["login"],
        &["logout"],
        &["step-up"],
        &["whoami"],
        &["totp"],
        &["users", "invite"],
        &["users", "enrol"],
        &["users", "list"],
        &["users", "show"],
        &["users", "roles"],
        &["users", "disable"],
        &["tokens", "make"],
        &["tokens", "list"],
        &["tokens", "revoke"],
        &["venue", "show"],
        &["venue", "put"],
        &["customers", "put"],
        &["customers", "get"],
        &["customers", "list"],
        &["persons", "put"],
        &["persons", "get"],
        &["persons", "list"],
        &["accounts", "put"],
        &["accounts", "get"],
        &["accounts", "list"],
        &["operators", "put"],
        &["operators", "get"],
        &["operators", "list"],
        &["vendors", "put"],
        &["vendors", "get"],
        &["vendors", "list"],
        &["vendors", "state"],
        &["delegations", "put"],
        &["delegations", "get"],
        &["delegations", "list"],
        &["delegations", "end"],
        &["keys", "request"],
        &["keys", "list"],
        &["keys", "show"],
        &["keys", "timeline"],
        &["keys", "capability"],
        &["keys", "approve"],
        &["keys", "reject"],
        &["keys", "issue"],
        &["keys", "allow"],
        &["keys", "scopes"],
        &["keys", "rotate"],
        &["keys", "suspend"],
        &["keys", "lift"],
        &["keys", "hold"],
        &["keys", "release"],
        &["keys", "expire"],
        &["keys", "revoke"],
        &["approvals", "list"],
        &["approvals", "show"],
        &["approvals", "grant"],
        &["approvals", "refuse"],
        &["approvals", "withdraw"],
        &["gates", "invite"],
        &["gates", "list"],
        &["gates", "revoke"],
        &["gates", "receipts"],
        &["ledger", "checkpoint"],
        &["ledger", "entries"],
        &["ledger", "entry"],
        &["ledger", "proof"],
        &["ledger", "verify"],
        &["ledger", "verify-proof"],
        &["ledger", "rebuild"],
        &["gate", "enrol"],
    ] {
        let ran = Place::new().run(&[command, &["--help"]].concat());
        assert_eq!(ran.code, 0);
        let example = format!("sumun {}", command.join(" "));
        assert!(ran.out.contains("Example") && ran.out.contains(&example), "{}", ran.out);
    }
}

#[test]
fn help_of_keys_new() {
    insta::assert_snapshot!(Place::new().run(&["keys", "new", "--help"]).out, @"
    Make a key: prints its secret once, keeps it only sealed.

    Without further choices the key can read and nothing else. It needs a purpose and the addresses it
    will be used from. A key for a third-party tool never holds `withdraw`.

    Usage: sumun keys new [OPTIONS] --account <ACCOUNT>

    Options:
          --config <FILE>
              Configuration file [default: sumun.toml if it is there]
              
              [env: SUMUN_CONFIG]

          --kek-file <FILE>
              File with the key-encryption keys, instead of the one the configuration names

          --account <ACCOUNT>
              The account it belongs to

          --purpose <PURPOSE>
              What it is for: portfolio, own_bot, third_party_tool, copy_trading, treasury, omnibus,
              market_making, other

          --allow <PREFIX>
              Address or prefix it may be used from; repeat, or separate by commas

          --scopes <SCOPES>
              What it may do, separated by commas; `read` and `trade` are shorthands
              
              [default: read]

          --id <ID>
              Its id [default: made up]

          --application <APPLICATION>
              The one application it is for

          --vendor <VENDOR>
              The vendor whose tool it is for

          --expires <TIME>
              When it ends, in UTC, such as 2027-06-01T00:00:00Z [default: a year from now]

          --append <FILE>
              Keys file to add it to; made if it is not there. Without this the entry is printed

          --json
              Print JSON

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Examples:
      sumun keys new --account A1 --purpose portfolio --allow 203.0.113.7/32 --append keys.toml
      sumun keys new --account A1 --purpose own_bot --scopes read,trade --allow 203.0.113.7 --expires
      2027-06-01T00:00:00Z

    The secret goes to stdout; it cannot be shown again.
    ");
}

#[test]
fn bad_arguments_are_bad_input() {
    let ran = Place::new().run(&["keys", "chek"]);
    assert_eq!(ran.code, 2);
    insta::assert_snapshot!(ran.err, @"
    error: unrecognized subcommand 'chek'

      tip: a similar subcommand exists: 'check'

    Usage: sumun keys <COMMAND>

    For more information, try '--help'.
    ");
}
