//! Users, sign-in, sessions, tokens.

use crate::bench::{Bench, DAY, HOUR, MINUTE, example, staff, yes};
use std::net::IpAddr;
use sumun_govern::approvals::{Answer, Decision};
use sumun_govern::staff::credential::TOTP_STEP_S;
use sumun_govern::staff::{
    EnrolmentConfirm, EnrolmentRequest, RolesRequest, SignIn, SignIns, TokenRequest, UserInvite,
};
use sumun_govern::venue::adopt::SYSTEM_OPERATOR;
use sumun_govern::{Actor, Call, Role};
use totp_rs::Totp;

const PASSWORD: &str = "a made-up sentence";

fn invite(user: &str, roles: &[Role]) -> UserInvite {
    UserInvite { user: user.into(), name: "Made Up".into(), email: None, roles: roles.to_vec() }
}

fn init() -> Actor {
    Actor { principal: "system:init".into(), ..staff("nobody", Role::Viewer) }
}

impl Bench {
    /// The code an authenticator shows now.
    fn code(&self, totp: &Totp) -> String {
        totp.generate(u64::try_from(self.now().as_micros() / 1_000_000).unwrap()).to_string()
    }

    async fn enrol(&self, invite: &str) -> Totp {
        let request = EnrolmentRequest { invite: invite.into(), password: PASSWORD.into() };
        let enrolling = self.govern.enrol_user(&request).await.unwrap();
        let totp = Totp::from_url(enrolling.otpauth.as_str()).unwrap();
        let confirm = EnrolmentConfirm { invite: invite.into(), totp: self.code(&totp) };
        let enrolled = self.govern.confirm_enrolment(&confirm, None).await.unwrap();
        assert_eq!(enrolled.user.state, "active");
        // He has shown both.
        let session = enrolled.session.unwrap();
        assert_eq!(session.actor.principal, format!("user:{}", enrolled.user.user));
        self.pass(i64::try_from(TOTP_STEP_S).unwrap() * 1_000_000);
        totp
    }

    /// Two security administrators, enrolled.
    async fn founded(&self) -> (Totp, Totp) {
        let admins = [invite("alice", &[Role::SecurityAdmin]), invite("bob", &[Role::SecurityAdmin])];
        let invited = self.govern.found(&init(), &admins).await.unwrap();
        let mut totps = Vec::new();
        for one in &invited {
            totps.push(self.enrol(one.invite.as_ref().unwrap().expose()).await);
        }
        let bob = totps.pop().unwrap();
        (totps.pop().unwrap(), bob)
    }
}

fn sign_in(user: &str, password: &str, totp: &str) -> SignIn {
    SignIn { user: user.into(), password: password.into(), totp: totp.into() }
}

fn from() -> Option<IpAddr> {
    Some("203.0.113.9".parse().unwrap())
}

#[tokio::test]
async fn from_an_empty_record_to_a_session_and_its_end() {
    let bench = Bench::new().await;
    let (alice, _) = bench.founded().await;
    let govern = &bench.govern;
    assert_eq!(
        govern.found(&init(), &[invite("eve", &[Role::Viewer])]).await.unwrap_err().code,
        "already_founded"
    );
    let code = bench.code(&alice);
    let opened =
        SignIns::default().sign_in(govern, &sign_in("alice", PASSWORD, &code), from()).await.unwrap();
    assert_eq!(bench.classes().await.last().map(String::as_str), Some("session.opened"));
    let token = opened.token.expose();
    let actor = govern.session(token).await.unwrap().unwrap();
    assert_eq!(
        (actor.principal.as_str(), actor.roles.as_slice()),
        ("user:alice", &[Role::SecurityAdmin][..])
    );
    assert_eq!(actor.second_factor.unwrap().method, "totp");

    bench.pass(14 * MINUTE);
    assert!(govern.session(token).await.unwrap().is_some(), "used within its idle time");
    bench.pass(14 * MINUTE);
    assert!(govern.session(token).await.unwrap().is_some(), "each use begins it anew");
    bench.pass(15 * MINUTE);
    assert!(govern.session(token).await.unwrap().is_none(), "idle too long");

    let code = bench.code(&alice);
    let signs = SignIns::default();
    let second = signs.sign_in(govern, &sign_in("alice", PASSWORD, &code), from()).await.unwrap();
    for _ in 0..60 {
        bench.pass(12 * MINUTE);
        govern.session(second.token.expose()).await.unwrap();
    }
    assert!(govern.session(second.token.expose()).await.unwrap().is_none(), "over, though used all the time");
    let code = bench.code(&alice);
    let third = signs.sign_in(govern, &sign_in("alice", PASSWORD, &code), from()).await.unwrap();
    assert!(govern.close_session(third.token.expose()).await.unwrap());
    assert!(govern.session(third.token.expose()).await.unwrap().is_none());

    // Nothing secret of all this stands in the ledger.
    let ledger = bench.ledger().await;
    for secret in [PASSWORD, "argon2", "sealed:", "sumun_inv_", "sumun_ses_", &alice.secret().to_base32()] {
        assert!(!ledger.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn whatever_is_wrong_the_answer_is_the_same_and_a_code_works_once() {
    let bench = Bench::new().await;
    let (alice, _) = bench.founded().await;
    let signs = SignIns::default();
    let code = bench.code(&alice);
    let mut answers = Vec::new();
    for (user, password, totp) in [
        ("alice", "another sentence", code.as_str()),
        ("alice", PASSWORD, "000000"),
        ("alice", PASSWORD, ""),
        ("nobody", PASSWORD, code.as_str()),
    ] {
        answers.push(signs.sign_in(&bench.govern, &sign_in(user, password, totp), None).await.unwrap_err());
    }
    // A wrong password has not used the code up.
    signs.sign_in(&bench.govern, &sign_in("alice", PASSWORD, &code), None).await.unwrap();
    answers.push(signs.sign_in(&bench.govern, &sign_in("alice", PASSWORD, &code), None).await.unwrap_err());
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].code, "sign_in_failed");
}

#[tokio::test]
async fn a_wrong_code_of_who_is_signed_in_is_called_that() {
    let bench = Bench::new().await;
    let (alice, _) = bench.founded().await;
    let (signs, govern) = (SignIns::default(), &bench.govern);
    let code = bench.code(&alice);
    let opened = signs.sign_in(govern, &sign_in("alice", PASSWORD, &code), None).await.unwrap();
    for wrong in ["000000", code.as_str()] {
        let no = signs.step_up(govern, opened.token.expose(), wrong, None).await.unwrap_err();
        assert_eq!((no.code, no.message.as_str()), ("code_wrong", "the code is wrong, or was used before"));
    }
    bench.pass(MINUTE);
    let code = bench.code(&alice);
    signs.step_up(govern, opened.token.expose(), &code, None).await.unwrap();
    let nobody = signs.step_up(govern, "sumun_ses_made-up", &code, None).await.unwrap_err();
    assert_eq!(nobody.code, "sign_in_failed");
}

#[tokio::test]
async fn who_fails_too_often_waits_whether_he_exists_or_not() {
    let bench = Bench::new().await;
    let (alice, _) = bench.founded().await;
    let signs = SignIns::default();
    let mut codes = Vec::new();
    for user in ["alice", "nobody"] {
        let mut said = Vec::new();
        for _ in 0..6 {
            let wrong = sign_in(user, "another sentence", "000000");
            said.push(signs.sign_in(&bench.govern, &wrong, None).await.unwrap_err().code);
        }
        codes.push(said);
    }
    assert_eq!(codes[0], codes[1]);
    assert_eq!(codes[0].last(), Some(&"too_many_attempts"));
    let right = sign_in("alice", PASSWORD, &bench.code(&alice));
    assert_eq!(signs.sign_in(&bench.govern, &right, None).await.unwrap_err().code, "too_many_attempts");
    bench.pass(MINUTE);
    let right = sign_in("alice", PASSWORD, &bench.code(&alice));
    signs.sign_in(&bench.govern, &right, None).await.unwrap();
    // All at once is as often.
    let signs = SignIns::default();
    let wrong = sign_in("alice", "another sentence", "000000");
    let at_once = || signs.sign_in(&bench.govern, &wrong, None);
    let (a, b, c, d, e, f) = tokio::join!(at_once(), at_once(), at_once(), at_once(), at_once(), at_once());
    let waits =
        [a, b, c, d, e, f].into_iter().filter(|one| one.as_ref().unwrap_err().code == "too_many_attempts");
    assert_eq!(waits.count(), 1);
    // By source: many names from one place.
    let signs = SignIns::default();
    for n in 0..5 {
        let wrong = sign_in(&format!("name{n}"), PASSWORD, "000000");
        signs.sign_in(&bench.govern, &wrong, from()).await.unwrap_err();
    }
    bench.pass(MINUTE - 59_500_000);
    let right = sign_in("bob", PASSWORD, "000000");
    assert_eq!(signs.sign_in(&bench.govern, &right, from()).await.unwrap_err().code, "too_many_attempts");
}

#[tokio::test]
async fn an_invitation_is_used_once_and_ends() {
    let bench = Bench::new().await;
    bench.founded().await;
    let (admin, call) = (staff("alice", Role::SecurityAdmin), Call::default());
    let made =
        bench.govern.invite_user(&admin, &invite("carol", &[Role::Viewer]), &call).await.unwrap().value;
    assert_eq!(made.approval, None);
    let ticket = made.invite.unwrap();
    let weak = EnrolmentRequest { invite: ticket.expose().into(), password: "carol".into() };
    assert_eq!(bench.govern.enrol_user(&weak).await.unwrap_err().code, "password_weak");
    // The window was closed before the code was shown: the same invitation, another secret.
    let request = EnrolmentRequest { invite: ticket.expose().into(), password: PASSWORD.into() };
    let lost = bench.govern.enrol_user(&request).await.unwrap();
    let lost = Totp::from_url(lost.otpauth.as_str()).unwrap();
    bench.govern.enrol_user(&request).await.unwrap();
    let confirm = EnrolmentConfirm { invite: ticket.expose().into(), totp: bench.code(&lost) };
    assert_eq!(bench.govern.confirm_enrolment(&confirm, None).await.unwrap_err().code, "totp_wrong");
    bench.enrol(ticket.expose()).await;
    assert_eq!(bench.govern.enrol_user(&request).await.unwrap_err().code, "invite_invalid");

    let late = bench.govern.invite_user(&admin, &invite("dave", &[Role::Viewer]), &call).await.unwrap().value;
    bench.pass(48 * HOUR);
    let admin = staff("alice", Role::SecurityAdmin);
    let request =
        EnrolmentRequest { invite: late.invite.unwrap().expose().into(), password: PASSWORD.into() };
    assert_eq!(bench.govern.enrol_user(&request).await.unwrap_err().code, "invite_invalid");
    let twice = bench.govern.invite_user(&admin, &invite("carol", &[Role::Viewer]), &call).await.unwrap_err();
    assert_eq!(twice.code, "user_exists");
    for user in ["X", "Kim", "a b", "a"] {
        let refusal =
            bench.govern.invite_user(&admin, &invite(user, &[Role::Viewer]), &call).await.unwrap_err();
        assert_eq!(refusal.pointer.as_deref(), Some("/user"), "{user}");
    }
    let owner = bench.govern.invite_user(&admin, &invite("erin", &[Role::Owner]), &call).await.unwrap_err();
    assert_eq!(owner.pointer.as_deref(), Some("/roles"));
}

#[tokio::test]
async fn nobody_gives_himself_a_role_and_one_alone_gives_none() {
    let bench = Bench::new().await;
    let (alice_totp, _) = bench.founded().await;
    let (alice, bob, call) =
        (staff("alice", Role::SecurityAdmin), staff("bob", Role::SecurityAdmin), Call::default());
    let govern = &bench.govern;
    let wish = |roles: &[Role]| RolesRequest { roles: roles.to_vec(), reason: "needed for cases".into() };
    let own = govern.propose_roles(&alice, "alice", &wish(&[Role::Approver]), &call).await.unwrap_err();
    assert_eq!(own.code, "own_account");
    let made = govern.invite_user(&alice, &invite("carol", &[Role::Analyst]), &call).await.unwrap().value;
    assert_eq!(made.user.roles, [Role::Viewer], "an invitation alone gives nothing to decide with");
    let approval = made.approval.unwrap();
    assert_eq!(govern.decide(&alice, &approval, &yes(), &call).await.unwrap_err().code, "own_request");
    bench.works(&[("dave", Role::SecurityAdmin), ("erin", Role::SecurityAdmin)]).await;
    let dave = staff("dave", Role::SecurityAdmin);
    let carol = staff("carol", Role::SecurityAdmin);
    assert_eq!(govern.decide(&carol, &approval, &yes(), &call).await.unwrap_err().code, "own_account");
    assert_eq!(govern.decide(&bob, &approval, &yes(), &call).await.unwrap_err().code, "not_enrolled");
    bench.enrol(made.invite.unwrap().expose()).await;
    govern.decide(&bob, &approval, &yes(), &call).await.unwrap();
    assert_eq!(govern.user(&alice, "carol").await.unwrap().roles, [Role::Analyst]);
    assert_eq!(bench.classes().await.last().map(String::as_str), Some("user.roles"));

    // A role that is taken away is gone with the next request of a session.
    let code = bench.code(&alice_totp);
    let session = SignIns::default().sign_in(govern, &sign_in("alice", PASSWORD, &code), None).await.unwrap();
    let asked = govern.propose_roles(&bob, "alice", &wish(&[Role::Auditor]), &call).await.unwrap().value;
    govern.decide(&dave, &asked.approval, &yes(), &call).await.unwrap();
    assert_eq!(govern.session(session.token.expose()).await.unwrap().unwrap().roles, [Role::Auditor]);
    // Two stay, or nothing could be agreed to any more.
    govern
        .disable_user(&bob, "erin", &format!("left the company\n{}", "made up ".repeat(100)), &call)
        .await
        .unwrap();
    let last = govern.disable_user(&dave, "bob", "left the company", &call).await.unwrap_err();
    assert_eq!(last.code, "last_admin");
    let wish = wish(&[Role::Auditor]);
    let asked = govern.propose_roles(&bob, "dave", &wish, &call).await.unwrap().value;
    let stranger = Actor { principal: "user:bob2".into(), ..bob.clone() };
    let other = govern.decide(&stranger, &asked.approval, &yes(), &call).await;
    assert_eq!(other.unwrap_err().code, "last_admin");
    govern.disable_user(&bob, "alice", "left the company", &call).await.unwrap();
    assert!(govern.session(session.token.expose()).await.unwrap().is_none());
    let code = {
        bench.pass(MINUTE);
        bench.code(&alice_totp)
    };
    let back =
        SignIns::default().sign_in(govern, &sign_in("alice", PASSWORD, &code), None).await.unwrap_err();
    assert_eq!(back.code, "sign_in_failed");
}

#[tokio::test]
async fn a_machines_token_ends_is_revoked_and_never_decides() {
    let bench = Bench::new().await;
    bench.works(&[("alice", Role::SecurityAdmin), ("bob", Role::SecurityAdmin)]).await;
    let (admin, call) = (staff("alice", Role::SecurityAdmin), Call::default());
    let govern = &bench.govern;
    let request = |roles: &[Role], days: i64| TokenRequest {
        name: "back end".into(),
        roles: roles.to_vec(),
        expires: bench.now().plus_micros(days * DAY),
    };
    for (wish, pointer) in [
        (request(&[Role::Approver], 30), "/roles"),
        (request(&[], 30), "/roles"),
        (request(&[Role::ExchangeBackend], 0), "/expires"),
        (request(&[Role::ExchangeBackend], 366), "/expires"),
    ] {
        let refusal = govern.make_token(&admin, &wish, &call).await.unwrap_err();
        assert_eq!(refusal.pointer.as_deref(), Some(pointer));
    }
    let keyed = Call { idempotency: Some(("k".into(), "d".into())), ..Call::default() };
    let wish = request(&[Role::ExchangeBackend], 30);
    let made = govern.make_token(&admin, &wish, &keyed).await.unwrap().value;
    let again = govern.make_token(&admin, &wish, &keyed).await.unwrap();
    assert!(again.repeated && again.value.secret.is_none(), "shown once");
    assert_eq!(again.value.token, made.token);
    let secret = made.secret.unwrap();
    let other = staff("bob", Role::SecurityAdmin);
    assert!(govern.machine(secret.expose()).await.unwrap().is_none(), "one alone makes no principal");
    assert_eq!(govern.decide(&admin, &made.approval, &yes(), &call).await.unwrap_err().code, "own_request");
    govern.decide(&other, &made.approval, &yes(), &call).await.unwrap();
    let actor = govern.machine(secret.expose()).await.unwrap().unwrap();
    assert_eq!(
        (actor.principal, actor.roles),
        (format!("token:{}", made.token.token), vec![Role::ExchangeBackend])
    );
    assert!(govern.machine("sumun_tok_00").await.unwrap().is_none());
    assert!(!bench.ledger().await.contains("sumun_tok_"));
    bench.pass(30 * DAY);
    assert!(govern.machine(secret.expose()).await.unwrap().is_none(), "it ends by itself");
    let (admin, other) = (staff("alice", Role::SecurityAdmin), staff("bob", Role::SecurityAdmin));
    let made = govern.make_token(&admin, &request(&[Role::Viewer], 1), &call).await.unwrap().value;
    govern.decide(&other, &made.approval, &yes(), &call).await.unwrap();
    let revoked =
        govern.revoke_token(&admin, &made.token.token, "no longer used", &call).await.unwrap().value;
    assert_eq!(revoked.state, "revoked");
    assert!(govern.machine(made.secret.unwrap().expose()).await.unwrap().is_none());
    let made = govern.make_token(&admin, &request(&[Role::Viewer], 1), &call).await.unwrap().value;
    let no = Decision {
        decision: Answer::Refuse,
        reason: Some("nobody knows this machine".into()),
        looked_at: None,
    };
    govern.decide(&other, &made.approval, &no, &call).await.unwrap();
    assert!(govern.machine(made.secret.unwrap().expose()).await.unwrap().is_none());
    let late = govern.make_token(&admin, &request(&[Role::Viewer], 1), &call).await.unwrap().value;
    bench.pass(DAY);
    let other = staff("bob", Role::SecurityAdmin);
    assert_eq!(
        govern.decide(&other, &late.approval, &yes(), &call).await.unwrap_err().code,
        "subject_changed"
    );
}

/// Roles in a session are a customer's only. Whoever puts others there has no session.
#[tokio::test]
async fn only_customers_bring_their_roles_along() {
    let bench = Bench::new().await;
    let open = |principal: &str, role| sumun_govern::staff::OpenSession {
        principal: principal.into(),
        customer: Some("C1".into()),
        roles: vec![role],
        second_factor: None,
        from: None,
        reads: Vec::new(),
    };
    let govern = &bench.govern;
    let owner = govern.open_session(open("customer:C1/P1", Role::Owner)).await.unwrap();
    assert_eq!(govern.session(owner.token.expose()).await.unwrap().unwrap().roles, [Role::Owner]);
    let machine = govern.open_session(open("machine:M1", Role::SecurityAdmin)).await.unwrap();
    assert!(govern.session(machine.token.expose()).await.unwrap().is_none());
}

#[tokio::test]
async fn the_word_of_somebody_who_has_gone_counts_no_more() {
    let bench = Bench::new().await;
    let lead = Role::ComplianceLead;
    let admin = Role::SecurityAdmin;
    bench
        .works(&[
            ("alice", admin),
            ("bob", admin),
            ("carol", admin),
            ("dave", admin),
            ("lead", lead),
            ("other", lead),
        ])
        .await;
    let (govern, call) = (&bench.govern, Call::default());
    let operator = Actor { principal: SYSTEM_OPERATOR.into(), ..staff("nobody", Role::Viewer) };
    govern.adopt(&operator, example(&[]), &call).await.unwrap();
    let (alice, bob) = (staff("alice", admin), staff("bob", admin));
    // What he asked for is taken back with him.
    let looser = example(&[("hold_due_hours = 72", "hold_due_hours = 24")]);
    let asked =
        govern.adopt(&staff("lead", lead), looser.clone(), &call).await.unwrap().value.waits_for.unwrap();
    govern.disable_user(&alice, "lead", "left the company", &call).await.unwrap();
    assert_eq!(
        govern.decide(&staff("other", lead), &asked, &yes(), &call).await.unwrap_err().code,
        "approval_closed"
    );
    // Who asked in a role that he has no more, asked for nothing.
    let wish = |roles: &[Role]| RolesRequest { roles: roles.to_vec(), reason: "needed for cases".into() };
    let asked =
        govern.propose_roles(&bob, "other", &wish(&[Role::Analyst]), &call).await.unwrap().value.approval;
    let demoted =
        govern.propose_roles(&alice, "bob", &wish(&[Role::Viewer]), &call).await.unwrap().value.approval;
    govern.decide(&staff("carol", admin), &demoted, &yes(), &call).await.unwrap();
    assert_eq!(govern.decide(&alice, &asked, &yes(), &call).await.unwrap_err().code, "voice_void");
}

#[tokio::test]
async fn nobody_locks_somebody_else_out() {
    let bench = Bench::new().await;
    let (alice, _) = bench.founded().await;
    let signs = SignIns::default();
    let elsewhere: Option<IpAddr> = Some("198.51.100.1".parse().unwrap());
    let attack = async || {
        let wrong = sign_in("alice", "another sentence", "000000");
        for _ in 0..20 {
            let _ = signs.sign_in(&bench.govern, &wrong, elsewhere).await;
            bench.pass(1_000_000);
        }
        let _ = signs.sign_in(&bench.govern, &wrong, elsewhere).await;
        assert_eq!(
            signs.sign_in(&bench.govern, &wrong, elsewhere).await.unwrap_err().code,
            "too_many_attempts"
        );
    };
    attack().await;
    bench.pass(2_000_000);
    let right = sign_in("alice", PASSWORD, &bench.code(&alice));
    signs.sign_in(&bench.govern, &right, from()).await.unwrap();
    // From where she has signed in before, she does not even wait.
    bench.pass(20 * MINUTE);
    attack().await;
    let right = sign_in("alice", PASSWORD, &bench.code(&alice));
    signs.sign_in(&bench.govern, &right, from()).await.unwrap();
}
