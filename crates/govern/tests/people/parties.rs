//! Customers, persons, accounts, operators, delegations.

use crate::bench::{Bench, DAY, account, backend, owner, pretty, staff};
use serde_json::json;
use sumun_govern::parties::customer::Standing;
use sumun_govern::parties::operator::{OperatorKind, OperatorPut, OperatorState};
use sumun_govern::parties::person::PersonRole;
use sumun_govern::parties::{
    Account, Customer, CustomerPut, DelegationPut, Person, PersonPut, PersonReadRequest,
};
use sumun_govern::{Call, Refusal, Role};
use sumun_model::{
    AccountId, CustomerId, DelegationId, Mandate, OperatorId, PersonId, Scope, ScopeSet, Segment,
};

fn person(customer: &str) -> PersonPut {
    PersonPut {
        customer: CustomerId::new(customer).unwrap(),
        name: Some("김가상".into()),
        email: Some("made.up@mail.example".into()),
        phone: Some("+82 10 0000 1234".into()),
        role: PersonRole::Owner,
        confirmed: None,
    }
}

fn operator(customer: &str) -> OperatorPut {
    OperatorPut {
        kind: OperatorKind::Desk,
        customer: Some(CustomerId::new(customer).unwrap()),
        vendor: None,
        name: Some("desk two".into()),
        networks: Vec::new(),
        state: OperatorState::Active,
    }
}

fn said(refusal: Refusal) -> String {
    format!(
        "{} {}: {}; {}",
        refusal.code,
        refusal.pointer.unwrap_or_default(),
        refusal.message,
        refusal.remedy
    )
}

#[tokio::test]
async fn a_put_of_what_stands_writes_nothing_and_another_version_is_refused() {
    let bench = Bench::new().await;
    let lead = staff("lina", Role::ComplianceLead);
    bench.customer("C1", Segment::Retail).await;
    bench.customer("C1", Segment::Retail).await;
    assert_eq!(bench.classes().await, ["customer.put"]);
    let id = CustomerId::new("C1").unwrap();
    let put =
        CustomerPut { segment: Segment::Corporate, country: None, state: Standing::Closed, purpose: None };
    let alone = bench.govern.put_customer(&backend(), &id, &put, &Call::default()).await.unwrap_err();
    assert_eq!(alone.code, "segment_by_lead", "a machine moves nobody to other rules");
    let dry = Call { dry_run: true, ..Call::default() };
    let plan = bench.govern.put_customer(&lead, &id, &put, &dry).await.unwrap().plan;
    insta::assert_snapshot!(pretty(&plan));
    assert_eq!(bench.classes().await.len(), 1);
    let stale = Call { if_match: Some(7), ..Call::default() };
    assert_eq!(bench.govern.put_customer(&lead, &id, &put, &stale).await.unwrap_err().code, "version_stale");
    let call = Call { if_match: Some(1), idempotency: Some(("k1".into(), "d1".into())), ..Call::default() };
    let done = bench.govern.put_customer(&lead, &id, &put, &call).await.unwrap();
    assert_eq!((done.value.version, done.committed.unwrap().entry), (2, 1));
    let again = bench.govern.put_customer(&lead, &id, &put, &call).await.unwrap();
    assert!(again.repeated && again.value == done.value, "the same request gets its first answer");
    for role in [Role::Viewer, Role::Analyst, Role::SecurityAdmin, Role::Auditor, Role::Support] {
        let refusal =
            bench.govern.put_customer(&staff("s", role), &id, &put, &Call::default()).await.unwrap_err();
        assert_eq!(refusal.code, "forbidden");
    }
}

#[tokio::test]
async fn what_does_not_fit_together_is_refused_and_says_why() {
    let bench = Bench::new().await;
    bench.customer("C1", Segment::Retail).await;
    bench.customer("C2", Segment::Retail).await;
    bench.account("A1", "C1", Segment::Retail).await;
    bench.account("A2", "C2", Segment::Retail).await;
    let (backend, call) = (backend(), Call::default());
    let p1 = PersonId::new("P1").unwrap();
    bench.govern.put_person(&backend, &p1, &person("C1"), &call).await.unwrap();
    let a9 = AccountId::new("A9").unwrap();
    let a1 = AccountId::new("A1").unwrap();
    let mut lines = Vec::new();
    let base = || account("C1", Segment::Retail);
    let mut puts = vec![account("C9", Segment::Retail), account("C1", Segment::Corporate)];
    puts.push(sumun_govern::parties::AccountPut { person: Some(PersonId::new("P9").unwrap()), ..base() });
    puts.push(sumun_govern::parties::AccountPut {
        person: Some(p1.clone()),
        ..account("C2", Segment::Retail)
    });
    puts.push(sumun_govern::parties::AccountPut { parent: Some(AccountId::new("A2").unwrap()), ..base() });
    puts.push(sumun_govern::parties::AccountPut { parent: Some(a9.clone()), ..base() });
    puts.push(sumun_govern::parties::AccountPut { country: Some("Korea".into()), ..base() });
    for put in &puts {
        lines.push(said(bench.govern.put_account(&backend, &a9, put, &call).await.unwrap_err()));
    }
    lines.push(said(
        bench.govern.put_account(&backend, &a1, &account("C2", Segment::Retail), &call).await.unwrap_err(),
    ));
    lines.push(said(bench.govern.put_person(&backend, &p1, &person("C2"), &call).await.unwrap_err()));
    let bad = PersonPut { email: Some("nowhere".into()), ..person("C1") };
    lines.push(said(bench.govern.put_person(&backend, &p1, &bad, &call).await.unwrap_err()));
    insta::assert_snapshot!(lines.join("\n"));

    let mut other = account("C1", Segment::Corporate);
    other.segment_reason = Some("treasury of a sole trader".into());
    assert_eq!(
        bench.govern.put_account(&backend, &a9, &other, &call).await.unwrap_err().code,
        "segment_by_lead"
    );
    let lead = staff("lina", Role::ComplianceLead);
    bench.govern.put_account(&lead, &a9, &other, &call).await.unwrap();
    assert_eq!(bench.last_facts().await["segment_differs"]["customer"], json!("retail"));
}

#[tokio::test]
async fn a_persons_data_is_masked_everywhere_and_read_only_on_the_record() {
    let bench = Bench::new().await;
    bench.customer("C1", Segment::Retail).await;
    let id = PersonId::new("P1").unwrap();
    let call = Call { idempotency: Some(("k".into(), "d".into())), ..Call::default() };
    let done = bench.govern.put_person(&backend(), &id, &person("C1"), &call).await.unwrap();
    let shown = format!("{}{}{:?}", json!(done.value), json!(done.plan), person("C1"));
    for hidden in ["김가상", "made.up", "1234", "mail.example"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    insta::assert_snapshot!(pretty(&done.value));
    let put = PersonPut { phone: None, ..person("C1") };
    let again = bench.govern.put_person(&backend(), &id, &put, &Call::default()).await.unwrap();
    assert!(!json!(again.plan).to_string().contains("0000 1234"));
    let listed =
        bench.govern.parties::<Person>(&staff("v", Role::Viewer), Vec::new(), None, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].name.as_deref(), Some("김**"));

    let asks =
        PersonReadRequest { reason: "case 2026-114".into(), from: Some("203.0.113.9".parse().unwrap()) };
    let support = staff("sori", Role::Support);
    let viewer = staff("v", Role::Viewer);
    assert_eq!(bench.govern.read_person(&viewer, &id, &asks).await.unwrap_err().code, "forbidden");
    let mute = PersonReadRequest { reason: "  why ".into(), from: None };
    assert_eq!(bench.govern.read_person(&support, &id, &mute).await.unwrap_err().code, "reason_missing");
    let nobody = PersonId::new("P9").unwrap();
    assert_eq!(bench.govern.read_person(&support, &nobody, &asks).await.unwrap_err().code, "not_found");
    assert_eq!(bench.classes().await.last().map(String::as_str), Some("person.put"));
    let read = bench.govern.read_person(&support, &id, &asks).await.unwrap();
    assert_eq!(read.name.as_deref(), Some("김가상"));
    assert!(!format!("{read:?}").contains("김가상"));
    assert_eq!(bench.entries().await[read.entry as usize].class, "read.person");
    insta::assert_snapshot!(pretty(&bench.last_facts().await));
}

#[tokio::test]
async fn a_customer_sees_what_is_his_own_and_for_him_the_rest_does_not_exist() {
    let bench = Bench::new().await;
    for (customer, account) in [("C1", "A1"), ("C2", "A2")] {
        bench.customer(customer, Segment::Retail).await;
        bench.account(account, customer, Segment::Retail).await;
    }
    let mine = owner("C1");
    assert_eq!(bench.govern.party::<Customer>(&mine, "C1").await.unwrap().customer, "C1");
    let theirs = bench.govern.party::<Customer>(&mine, "C2").await.unwrap_err();
    let nobodys = bench.govern.party::<Customer>(&mine, "C9").await.unwrap_err();
    assert_eq!((theirs.kind, theirs.code), (nobodys.kind, nobodys.code));
    assert_eq!(theirs.message.replace("C2", "C9"), nobodys.message);
    // Asking for another's by a filter changes nothing.
    let asked = vec![("customer", json!("C2"))];
    let listed = bench.govern.parties::<Account>(&mine, asked, None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|account| account.account.as_str()).collect::<Vec<_>>(), ["A1"]);
    assert_eq!(bench.govern.parties::<Account>(&backend(), Vec::new(), None, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_delegation_names_who_exists_gives_no_more_than_there_is_and_ends_for_ever() {
    let bench = Bench::new().await;
    bench.customer("C1", Segment::Corporate).await;
    bench.account("A1", "C1", Segment::Corporate).await;
    let (backend, call) = (backend(), Call::default());
    let desk = OperatorId::new("desk-2").unwrap();
    let id = DelegationId::new("D1").unwrap();
    let put = DelegationPut {
        account: AccountId::new("A1").unwrap(),
        key: None,
        operator: desk.clone(),
        networks: vec!["203.0.113.0/29".parse().unwrap()],
        scopes: ScopeSet::EMPTY.with(Scope::Trade),
        limits: Mandate::default(),
        from: bench.now(),
        until: bench.now().plus_micros(DAY),
    };
    let mut lines = Vec::new();
    lines.push(said(bench.govern.put_delegation(&backend, &id, &put, &call).await.unwrap_err()));
    bench.govern.put_operator(&backend, &desk, &operator("C1"), &call).await.unwrap();
    let backwards = DelegationPut { until: put.from, ..put.clone() };
    lines.push(said(bench.govern.put_delegation(&backend, &id, &backwards, &call).await.unwrap_err()));
    let keyed = DelegationPut { key: Some("K1".parse().unwrap()), ..put.clone() };
    lines.push(said(bench.govern.put_delegation(&backend, &id, &keyed, &call).await.unwrap_err()));
    bench.govern.put_delegation(&backend, &id, &put, &call).await.unwrap();
    assert_eq!(bench.govern.delegation(&owner("C1"), "D1").await.unwrap().operator, "desk-2");
    let over = bench.govern.delegations_of(&owner("C1"), &put.account, None, 10).await.unwrap();
    assert_eq!(over.len(), 1);
    assert!(bench.govern.delegations_of(&owner("C2"), &put.account, None, 10).await.is_err());
    lines.push(said(bench.govern.delegation(&owner("C2"), "D1").await.unwrap_err()));
    lines.push(said(bench.govern.end_delegation(&owner("C2"), &id, "not mine", &call).await.unwrap_err()));
    let done = bench.govern.end_delegation(&owner("C1"), &id, "the desk was closed", &call).await.unwrap();
    assert_eq!((done.value.state.as_str(), done.value.until), ("ended", bench.now()));
    lines.push(said(bench.govern.end_delegation(&backend, &id, "twice", &call).await.unwrap_err()));
    lines.push(said(bench.govern.put_delegation(&backend, &id, &put, &call).await.unwrap_err()));
    let ended = OperatorPut { state: OperatorState::Ended, ..operator("C1") };
    bench.govern.put_operator(&backend, &desk, &ended, &call).await.unwrap();
    let other = DelegationId::new("D2").unwrap();
    lines.push(said(bench.govern.put_delegation(&backend, &other, &put, &call).await.unwrap_err()));
    insta::assert_snapshot!(lines.join("\n"));
}
