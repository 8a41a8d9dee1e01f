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
      init         Make a control plane's folder: keys, database, record, and invites for the first
                   administrators
      serve        Run gate and control plane in one process, on one folder
      gate         Run the gate: the reverse proxy that checks every request
      govern       Run the control plane: REST, the record, and the feed of keys to gates
      config       Look at the configuration
      keys         Keys of the control plane, and keys in a file
      request      Look at signed requests
      log          Read the event log
      policy       Policies: check a file, compare two, read one in plain words
      map          Foreign logs and tables into lines: check a mapping against a source, run it
      tap          Follow log files and hand their lines in to a control plane, exactly once
      actuator     What an exchange with its own gateway is told to do: check the file, see what came of
                   it, ask again
      assess       Write a readiness report from exports alone: keys, accounts, an access log, and more
                   where there is more
      backfill     Read history into detection, and leave the tap and live detection to go on behind it,
                   with no gap and no double count
      import       Import keys, accounts or vendors that the exchange has already
      mirror       What the exchange says of its own keys: send a snapshot of all, or what changed since
      drift        Show where the record and the exchange disagree about a key, the worst first
      simulate     Write a made-up population of key users as event lines, with ground truth
      replay       Run detection and policy over recorded lines and print what they find
      explain      Explain a key's points and measures at an instant: term by term, why each measure,
                   and why not the others
      evaluate     Measure detection and policy on made-up worlds: recall, precision, time to detect,
                   false measures
      calibrate    Fit a policy's weights on made-up training worlds, and show what each threshold would
                   meet
      login        Sign in. The session is kept as a profile, readable by its owner only
      logout       Sign out: end the session and forget the profile
      step-up      Show the second factor again, as some actions ask for: whatever gives rights, access
                   or agreement
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
      cases        Cases: the one file on a suspicion, with its tasks
      measures     What was taken or proposed against a suspicion, and on what grounds
      policies     What decides at the control plane, and how another one comes into force
      ramp         How far gates enforce: stages, stepping back, what would have been refused
      campaign     Campaigns in which owners register who uses keys that are there already
      gates        Gates that receive the feed, and their receipts
      owner        What a key's owner is asked, and what he answers
      canaries     Keys of the venue's own, ended to see whether gates obey
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
        &["tap"],
        &["assess"],
        &["backfill"],
        &["import"],
        &["drift"],
        &["simulate"],
        &["calibrate"],
        &["evaluate"],
        &["replay"],
        &["explain"],
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
        &["canaries", "list"],
        &["canaries", "start"],
        &["approvals", "list"],
        &["approvals", "show"],
        &["approvals", "grant"],
        &["approvals", "refuse"],
        &["approvals", "withdraw"],
        &["cases", "list"],
        &["cases", "queue"],
        &["cases", "show"],
        &["cases", "plan"],
        &["cases", "assign"],
        &["cases", "comment"],
        &["cases", "step"],
        &["cases", "ask-waiver"],
        &["cases", "waive"],
        &["cases", "decide"],
        &["cases", "close"],
        &["cases", "tasks"],
        &["cases", "finish"],
        &["measures", "list"],
        &["measures", "show"],
        &["measures", "standing"],
        &["measures", "signals"],
        &["policies", "list"],
        &["policies", "show"],
        &["policies", "propose"],
        &["policies", "activate"],
        &["policies", "retire"],
        &["owner", "questions", "list"],
        &["owner", "questions", "show"],
        &["owner", "questions", "answer"],
        &["owner", "addresses", "list"],
        &["owner", "addresses", "add"],
        &["owner", "addresses", "remove"],
        &["owner", "verifications", "list"],
        &["owner", "verifications", "show"],
        &["owner", "verifications", "start"],
        &["owner", "verifications", "step"],
        &["owner", "verifications", "rotate"],
        &["owner", "notices", "list"],
        &["owner", "notices", "show"],
        &["owner", "notices", "acknowledge"],
        &["owner", "objections", "list"],
        &["owner", "objections", "show"],
        &["owner", "objections", "make"],
        &["gates", "invite"],
        &["gates", "list"],
        &["gates", "revoke"],
        &["gates", "receipts"],
        &["policy", "check"],
        &["policy", "diff"],
        &["policy", "explain"],
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
fn help_of_client_commands() {
    insta::assert_snapshot!(Place::new().run(&["keys", "suspend", "--help"]).out, @r#"
    Cut a key off but for cancelling

    Usage: sumun keys suspend [OPTIONS] --reason <REASON> <KEY>

    Arguments:
      <KEY>  The key

    Options:
          --reason <REASON>        Why, in your own words
          --dry-run                Show the plan; change nothing
          --idempotency-key <KEY>  Repeat a command whose answer was lost: what was done under this key
                                   is not done again
          --if-match <VERSION>     Only if the version is still this one
          --server <URL>           The control plane [default: where the profile is signed in, else
                                   http://127.0.0.1:8070] [env: SUMUN_SERVER]
          --as <PROFILE>           Signed-in profile to act as [default: a machine's token in
                                   SUMUN_TOKEN, else the one signed in last] [env: SUMUN_AS]
          --profile-dir <DIR>      Folder of profiles [default: sumun in the user's configuration
                                   folder] [env: SUMUN_PROFILE_DIR]
          --json                   Print JSON
      -h, --help                   Print help
      -V, --version                Print version

    Example:
      sumun keys suspend K1 --reason "owner travels"
    "#);
    insta::assert_snapshot!(Place::new().run(&["ledger", "verify", "-h"]).out, @"
    Check a published ledger offline, and the database against it

    Usage: sumun ledger verify [OPTIONS]

    Options:
          --config <FILE>   Configuration file [default: sumun.toml if it is there] [env: SUMUN_CONFIG]
          --dir <DIR>       Data folder, instead of the one the configuration names
          --folder <DIR>    A published ledger alone; no database is looked at unless one is named
          --vkey <FILE>     File with the ledger's verifier key, as it was handed out [default: the one
                            in the folder]
          --since <FILE>    An older checkpoint that the ledger must continue
          --database <URL>  Database to compare, such as postgres://sumun@127.0.0.1/sumun
          --json            Print JSON
      -h, --help            Print help (see more with '--help')
      -V, --version         Print version

    Examples:
      sumun ledger verify
      sumun ledger verify --dir sumun-data --since checkpoint.txt
      sumun ledger verify --folder published/ --vkey vkey

    Exit codes: 0 all is as signed, 1 it is not, 2 what was given is bad.
    ");
    insta::assert_snapshot!(Place::new().run(&["keys", "-h"]).out, @"
    Keys of the control plane, and keys in a file

    Usage: sumun keys <COMMAND>

    Commands:
      new         Make a key: prints its secret once, keeps it only sealed
      seal        Seal a secret read from stdin, or reseal a whole keys file
      check       Find everything wrong with a keys file
      kek-new     Make a key-encryption key, under which secrets are sealed
      request     Ask for a key on the control plane
      list        List keys of the control plane
      show        Show a key of the control plane. Never its secret
      timeline    Show what happened to a key, entry by entry of the ledger
      capability  Show in words what a key may do
      approve     Approve a requested key; who requested it cannot
      reject      Reject a requested key
      issue       Issue an approved key, as its owner; its secret is shown once
      allow       Change whence a key may be used; a widening needs what creation needed
      scopes      Change what a key may do; a widening needs what creation needed
      rotate      Put a new key in the place of one, which ends at once or after --overlap-hours
      suspend     Cut a key off but for cancelling
      lift        Give a suspended key back
      hold        Cut a key to reading and cancelling, on suspicion, for a time
      release     End a hold
      expire      Propose to end a key for ever; the venue says who decides
      revoke      End one's own key for ever
      expose      Report a secret or an id that was seen in public; a secret that is a key's ends it at
                  once
      help        Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version
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
