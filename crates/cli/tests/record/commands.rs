//! Every client command once against the real server: what it sends is what the server takes, and people can read what
//! comes back.

use crate::house::{House, Open, invite_of};

/// A house with a customer, its owner, and two administrators.
fn opened(house: &House, made: &serde_json::Value, then: impl FnOnce(&Open<'_>)) {
    let open = house.open();
    for user in ["alice", "bob"] {
        open.enrol(user, &invite_of(made, user));
    }
    open.enter_customer();
    open.owner();
    then(&open);
    let (status, said) = open.process.stop();
    assert!(status.success(), "{said}");
}

/// Runs it for people; it must go well and fit a screen.
fn shown(open: &Open<'_>, who: &str, arguments: &[&str]) -> String {
    let out = open.must(who, arguments).out;
    // A line of one word, such as a receipt, cannot be shorter.
    let long = out.lines().find(|line| line.chars().count() > 100 && line.split_whitespace().count() > 3);
    assert!(long.is_none(), "{arguments:?}: {out}");
    out
}

#[test]
fn parties() {
    let (house, made) = House::new();
    opened(&house, &made, |open| {
        let plan = shown(open, "alice", &["customers", "put", "C2", "--segment", "broker", "--dry-run"]);
        insta::assert_snapshot!(without(&plan, "created"), @"
        would make customer C2; nothing was changed
          customer:C2  segment: - → broker
          customer:C2  state: - → active
        ");
        let put = shown(open, "alice", &["customers", "put", "C2", "--segment", "broker"]);
        insta::assert_snapshot!(without(&without(&put, "created"), "ledger entry"), @"
        customer  C2
        state     active
        country   -
        purpose   -
        segment   broker
        version   1
        ");
        insta::assert_snapshot!(shown(open, "alice", &["customers", "list"]), @"
        CUSTOMER  SEGMENT  COUNTRY  STATE   PURPOSE
        C1        retail   KR       active  -
        C2        broker   -        active  -
        ");
        insta::assert_snapshot!(shown(open, "alice", &["accounts", "list", "--customer", "C1"]), @"
        ACCOUNT  CUSTOMER  PERSON  SEGMENT  STATE   OWNER  PARENT
        A1       C1        P1      retail   active  O1     -
        ");
        insta::assert_snapshot!(shown(open, "alice", &["persons", "list"]), @"
        PERSON  CUSTOMER  ROLE   NAME  EMAIL
        P1      C1        owner  M***  -
        ");
        let read = ["persons", "get", "P1", "--reason", "calls about key K1"];
        assert!(shown(open, "bob", &read).contains("Made Up"));
        let vendor = ["vendors", "put", "V1", "--name", "Made-up Bots", "--class", "tool"];
        shown(
            open,
            "alice",
            &[&vendor[..], &["--networks", "198.51.100.0/24", "--scopes", "read,trade"]].concat(),
        );
        shown(open, "alice", &["vendors", "get", "V1"]);
        insta::assert_snapshot!(shown(open, "alice", &["vendors", "list"]), @"
        VENDOR  NAME          CLASS  STATE    NETWORKS         SCOPES
        V1      Made-up Bots  tool   applied  198.51.100.0/24  cancel, market_data, read_balances, read_dep…
        ");
        shown(
            open,
            "alice",
            &["vendors", "state", "V1", "removed", "--reason", "never answered", "--dry-run"],
        );
        shown(open, "alice", &["operators", "put", "desk-2", "--kind", "desk", "--customer", "C1"]);
        shown(open, "alice", &["operators", "list"]);
        let delegation =
            ["delegations", "put", "D1", "--account", "A1", "--operator", "desk-2", "--scopes", "trade"];
        shown(open, "alice", &[&delegation[..], &["--until", "2027-01-01T00:00:00Z"]].concat());
        shown(open, "alice", &["delegations", "list", "--account", "A1"]);
        shown(open, "alice", &["delegations", "end", "D1", "--reason", "left the desk"]);
        // A version that somebody else has changed since.
        let stale = open.run("alice", &["customers", "put", "C2", "--segment", "retail", "--if-match", "7"]);
        assert_eq!(stale.code, 1, "{}", stale.shown());
        insta::assert_snapshot!(stale.err, @"
        error: customer `C2` stands at version 1, not 7
          code: version_stale
          what to do: load it again, look at what changed, and repeat the request with its present version
        ");
        // What cannot be read is bad input, and for programs the server's own document.
        let bad = open.run("alice", &["customers", "put", "C3", "--segment", "none", "--json"]);
        assert_eq!(bad.code, 2, "{}", bad.shown());
        assert!(bad.json()["code"].is_string(), "{}", bad.out);
    });
}

#[test]
fn staff_machines_gates_and_the_venue() {
    let (house, made) = House::new();
    opened(&house, &made, |open| {
        assert!(shown(open, "alice", &["whoami"]).contains("user:alice"));
        let code = house.place.run(&["totp", "alice.totp"]).out;
        // Used before or not: the server answers in its own words.
        assert!([0, 1, 2].contains(&open.run("alice", &["step-up", "--code", code.trim()]).code));
        let invited = open.json(
            "alice",
            &["users", "invite", "carol", "--name", "Carol Made-Up", "--roles", "viewer,support"],
        );
        let approval = invited["result"]["approval"].as_str().unwrap().to_owned();
        shown(open, "alice", &["users", "show", "carol"]);
        insta::assert_snapshot!(shown(open, "alice", &["users", "list"]), @"
        USER   NAME           ROLES                                                 STATE    INVITED_BY
        alice  alice          analyst, approver, compliance_lead, security_admin,…  active   system:operator
        bob    bob            analyst, approver, compliance_lead, security_admin,…  active   system:operator
        carol  Carol Made-Up  viewer                                                invited  user:alice
        ");
        assert_eq!(
            open.run("alice", &["approvals", "grant", &approval, "--reason", "I asked for it"]).code,
            1
        );
        shown(open, "bob", &["approvals", "list", "--state", "open"]);
        shown(open, "bob", &["approvals", "show", &approval]);
        let early = open.run("bob", &["approvals", "grant", &approval, "--reason", "she answers customers"]);
        assert!(early.code == 1 && early.shown().contains("not_enrolled"), "{}", early.shown());
        open.enrol("carol", invited["result"]["invite"].as_str().unwrap());
        shown(open, "bob", &["approvals", "grant", &approval, "--reason", "she answers customers"]);
        shown(open, "alice", &["users", "roles", "carol", "viewer", "--reason", "new duty", "--dry-run"]);
        let again = open.json("alice", &["users", "roles", "carol", "viewer", "--reason", "new duty"]);
        let approval = again["result"]["approval"].as_str().unwrap().to_owned();
        shown(open, "alice", &["approvals", "withdraw", &approval]);
        shown(open, "alice", &["users", "disable", "carol", "--reason", "left"]);

        let make = ["tokens", "make", "--name", "back end", "--roles", "exchange_backend"];
        let token = open.json("alice", &[&make[..], &["--expires", "2027-03-01T00:00:00Z"]].concat());
        shown(open, "alice", &["tokens", "list"]);
        let id = token["result"]["token"]["token"].as_str().map(str::to_owned);
        if let Some(id) = id {
            shown(open, "alice", &["tokens", "revoke", &id, "--reason", "machine retired", "--dry-run"]);
        }
        let waits = token["result"]["approval"].as_str().unwrap().to_owned();
        shown(open, "bob", &["approvals", "grant", &waits, "--reason", "the nightly sync"]);
        let secret = token["result"]["secret"].as_str().map(str::to_owned);
        if let Some(secret) = secret {
            let mut machine = house.place.command(&["accounts", "list", "--server", &open.server, "--json"]);
            let ran = machine.env("SUMUN_TOKEN", secret).output().unwrap();
            assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        }

        assert!(open.must("alice", &["gates", "invite", "gate-2"]).out.contains("sumun_gin_"));
        insta::assert_snapshot!(steady(&shown(open, "alice", &["gates", "list"])), @"
        GATE    STATE     ENROLLED              INVITED_BY
        gate-1  enrolled  (time)  system:serve
        gate-2  invited   -                     user:alice
        ");
        open.must("alice", &["gates", "revoke", "gate-2", "--reason", "machine given back"]);
        open.must("alice", &["gates", "receipts", "gate-1"]);

        let facts = open.json("alice", &["venue", "show"])["facts"]
            .to_string()
            .replace("\"every_minutes\":1440", "\"every_minutes\":720");
        house.place.write("venue.json", &facts);
        let plan = shown(open, "alice", &["venue", "put", "venue.json", "--dry-run"]);
        assert!(plan.contains("canary") && plan.contains("1440 → 720"), "{plan}");
        insta::assert_snapshot!(without(&shown(open, "alice", &["venue", "put", "venue.json"]), "ledger"), @"  venue:example  canary.every_minutes: 1440 → 720");
        assert_eq!(shown(open, "alice", &["venue", "put", "venue.json"]), "nothing changed\n");
        assert_eq!(shown(open, "alice", &["canaries", "list"]), "none\n");
        assert_eq!(open.run("alice", &["canaries", "start", "--dry-run"]).code, 1);
        open.must("bob", &["logout"]);
        assert_eq!(open.run("bob", &["whoami"]).code, 2);
        // Enrolling took the code of its half minute; the server takes the next one too.
        let code = house.place.run(&["totp", "bob.totp", "--ahead", "1"]).out;
        let login = ["login", "bob", "--password-file", "bob.password", "--code", code.trim()];
        open.must("bob", &[&login[..], &["--server", &open.server]].concat());
    });
}

#[test]
fn keys() {
    let (house, made) = House::new();
    opened(&house, &made, |open| {
        let request = |scopes: &str| {
            let asked = open.json(
                "owner",
                &[
                    "keys",
                    "request",
                    "--account",
                    "A1",
                    "--purpose",
                    "own_bot",
                    "--application",
                    "bot",
                    "--scopes",
                    scopes,
                    "--allow",
                    "127.0.0.1/32",
                    "--expires",
                    "2027-06-01T00:00:00Z",
                    "--terms",
                    "1",
                ],
            );
            asked["result"]["key"]["key"].as_str().unwrap().to_owned()
        };
        let refused = request("read,trade");
        shown(open, "bob", &["keys", "reject", &refused, "--reason", "purpose does not fit"]);
        let key = request("read");
        shown(open, "owner", &["keys", "issue", &key]);
        shown(open, "owner", &["keys", "show", &key]);
        shown(open, "alice", &["keys", "list", "--account", "A1", "--state", "active"]);
        shown(open, "owner", &["keys", "capability", &key]);
        shown(open, "owner", &["keys", "scopes", &key, "read_orders"]);
        // Here addresses are proved: the present one stays until the new one is.
        let none = open.run("owner", &["keys", "allow", &key, "127.0.0.2/32", "--dry-run"]);
        assert!(none.code == 2 && none.err.contains("nothing_in_effect"), "{}", none.shown());
        shown(open, "owner", &["keys", "allow", &key, "127.0.0.1/32", "127.0.0.2/32", "--dry-run"]);
        shown(open, "owner", &["owner", "addresses", "add", &key, "127.0.0.2"]);
        let listed = shown(open, "owner", &["owner", "addresses", "list", &key]);
        assert!(listed.contains("127.0.0.2/32") && listed.contains("false"), "{listed}");
        shown(open, "owner", &["owner", "addresses", "remove", &key, "127.0.0.2/32"]);
        // Two whole ids on a line are wider than a screen, and cut ones could not be told apart.
        let told = open.must("owner", &["owner", "notices", "list", "--key", &key]).out;
        assert!(told.contains("address.registered") && told.contains("key.issued"), "{told}");
        for what in ["questions", "verifications", "objections"] {
            shown(open, "owner", &["owner", what, "list"]);
        }
        shown(open, "alice", &["keys", "suspend", &key, "--reason", "owner travels"]);
        shown(open, "bob", &["keys", "lift", &key, "--reason", "owner is back"]);
        let why = ["--reason", "used from two sides at once", "--lesser", "a warning would leave it open"];
        shown(open, "alice", &[&["keys", "hold", &key, "--reviewer", "bob"][..], &why].concat());
        shown(open, "bob", &["keys", "release", &key, "--reason", "owner confirmed by phone"]);
        shown(open, "owner", &["keys", "rotate", &key, "--overlap-hours", "1", "--dry-run"]);
        shown(open, "alice", &[&["keys", "expire", &key][..], &why].concat());
        let timeline = shown(open, "alice", &["keys", "timeline", &key]);
        assert!(timeline.contains("key.issued") && timeline.contains("key.held"), "{timeline}");
        // Repeated under its key, it is answered and not done again; the secret is not shown again.
        let rotate = ["keys", "rotate", &key, "--overlap-hours", "1", "--idempotency-key", "made-up-0001"];
        let first = open.run("owner", &rotate);
        let again = open.run("owner", &rotate);
        assert_eq!((first.code, again.code), (0, 0), "{}{}", first.shown(), again.shown());
        assert!(first.out.contains("secret") && again.out.contains("answered before"), "{}", again.out);
    });
}

/// Without the lines that hold this.
fn without(text: &str, what: &str) -> String {
    text.lines().filter(|line| !line.contains(what)).collect::<Vec<_>>().join("\n")
}

/// Without what differs from run to run.
fn steady(table: &str) -> String {
    let time = |word: &str| word.len() == 20 && word.ends_with('Z') && word.contains('T');
    table
        .split_inclusive([' ', '\n'])
        .map(|part| if time(part.trim()) { part.replace(part.trim(), "(time)") } else { part.to_owned() })
        .collect()
}
