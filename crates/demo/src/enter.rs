//! Puts the made-up people into the record, as an exchange would: its back end enters customers and accounts, it tells the networks, the
//! vendor is looked into, owners ask for keys, staff agree, and each key is issued to its owner. No row is made by any other way.

use crate::cast::{Cast, Character, Key, NETS, Owner};
use crate::clock;
use crate::house::CANARY_ACCOUNT;
use crate::owner::Session;
use crate::rest::Rest;
use crate::staff::{Staff, agree};
use crate::vouch::Exchange;
use anyhow::{Context, Result};
use http::Method;
use serde_json::{Value, json};

/// The one vendor there is, and who drives keys for it.
const VENDOR: &str = "V1";
const VENDOR_OPERATOR: &str = "O-V1";
/// What approvers say of what they looked at. Staff of a Korean exchange write Korean; a few of them English.
const GRANTED: [&str; 4] = [
    "고객과 통화하여 사용 목적과 접속 주소를 확인했습니다.",
    "신청 내용과 계정 정보가 일치하고, 주소는 고객이 직접 쓰는 서버로 확인했습니다.",
    "용도에 비해 요청한 권한이 과하지 않아 승인합니다.",
    "Purpose and addresses checked with the customer by phone.",
];
const TOKEN_AGREED: &str = "거래소 백엔드 연동용 토큰으로, 만료일과 역할을 확인했습니다.";
const VENDOR_AGREED: &str = "실사 자료를 검토했고 접속 서버 주소를 업체와 대조했습니다.";

/// A key as its owner has it.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// Who enters things.
pub(crate) struct Entering<'a> {
    pub(crate) rest: &'a Rest,
    pub(crate) staff: &'a Staff,
    pub(crate) exchange: &'a Exchange,
    /// The back end's token.
    pub(crate) back_end: String,
}

impl<'a> Entering<'a> {
    /// With a token of the exchange's back end, asked for by one administrator, agreed to by the other.
    pub(crate) async fn begin(rest: &'a Rest, staff: &'a Staff, exchange: &'a Exchange) -> Result<Self> {
        let body = json!({ "name": "exchange back end", "roles": ["exchange_backend"], "expires": clock::in_days(30) });
        let made = rest.post(&staff.of("sora")?.token(), "/v1/tokens", &body).await?;
        let made = &made["result"];
        agree(rest, &staff.of("hana")?.token(), &made["approval"], TOKEN_AGREED).await?;
        let back_end = made["secret"].as_str().context("no token was shown")?.to_owned();
        Ok(Self { rest, staff, exchange, back_end })
    }

    /// What the exchange knows of networks: parts of the loopback network, each in a made-up operator's hands.
    pub(crate) async fn networks(&self) -> Result<usize> {
        let lines: String = NETS
            .iter()
            .map(|net| {
                let line = json!({ "type": "network", "ts": clock::now(), "prefix": net.prefix(), "asn": net.asn,
                    "org": net.org, "country": net.country, "class": net.class });
                format!("{line}\n")
            })
            .collect();
        tell(self.rest, &self.back_end, 1, lines).await?;
        Ok(NETS.len())
    }

    /// The vendor, looked into by one and approved by another.
    pub(crate) async fn vendor(&self, cast: &Cast) -> Result<()> {
        let sora = self.staff.of("sora")?.token();
        let body = json!({ "name": "TradeNest (made up)", "class": "tool", "networks": [format!("{}/32", cast.vendor)],
            "scopes": ["read", "trade"], "attested": clock::in_days(-30),
            "diligence": { "company": "TradeNest Ltd (made up)", "country": "KR", "access": "two engineers, by ticket",
                "secrets_kept": "sealed, in an HSM", "incidents": "none told", "review": "yearly",
                "reviewed": clock::in_days(-30).get(..10).unwrap_or_default() } });
        self.rest.put(&sora, &format!("/v1/vendors/{VENDOR}"), &body).await?;
        let state =
            json!({ "state": "approved", "reason": "보안 실사를 마쳤고 지적 사항이 없습니다. (가상 업체)" });
        let asked = self.rest.post(&sora, &format!("/v1/vendors/{VENDOR}/state"), &state).await?;
        agree(self.rest, &self.staff.of("hana")?.token(), &asked["result"]["approval"], VENDOR_AGREED)
            .await?;
        let body = json!({ "kind": "vendor", "vendor": VENDOR, "name": "TradeNest (made up)" });
        self.rest.put(&self.back_end, &format!("/v1/operators/{VENDOR_OPERATOR}"), &body).await?;
        Ok(())
    }

    /// The venue's own account, on which its canaries live. From then on the control plane issues one, ends it and tries every gate.
    pub(crate) async fn canaries(&self) -> Result<()> {
        let put = async |path: String, body: Value| self.rest.put(&self.back_end, &path, &body).await;
        let (customer, operator, segment) = ("venue", "venue", "corporate");
        put(format!("/v1/customers/{customer}"), json!({ "segment": segment, "country": "KR" })).await?;
        let body =
            json!({ "kind": "owner", "customer": customer, "name": "canaries of the exchange (made up)" });
        put(format!("/v1/operators/{operator}"), body).await?;
        let body = json!({ "customer": customer, "segment": segment, "country": "KR", "owner": operator });
        put(format!("/v1/accounts/{CANARY_ACCOUNT}"), body).await?;
        Ok(())
    }

    /// A customer with everything he has.
    pub(crate) async fn owner(&self, owner: &Owner) -> Result<(Session, Vec<Issued>)> {
        let (customer, segment) = (owner.customer(), owner.segment);
        let put = async |path: String, body: Value| self.rest.put(&self.back_end, &path, &body).await;
        put(format!("/v1/customers/{customer}"), json!({ "segment": segment, "country": "KR" })).await?;
        let email = format!("{}@example.test", owner.person().to_lowercase());
        put(
            format!("/v1/persons/{}", owner.person()),
            json!({ "customer": customer, "role": owner.role(), "name": owner.name, "email": email }),
        )
        .await?;
        put(format!("/v1/operators/{}", owner.operator()), json!({ "kind": "owner", "customer": customer }))
            .await?;
        let mut account = json!({ "customer": customer, "person": owner.person(), "segment": segment, "country": "KR",
            "owner": owner.operator() });
        let mut by = self.back_end.clone();
        if owner.character == Character::Guided {
            // In a segment whose warnings leave somebody of flesh and blood time to answer. That takes a compliance lead.
            account["segment"] = json!("corporate");
            account["segment_reason"] = json!("개인사업자로 확인되어 법인 기준을 적용합니다. (가상)");
            by = self.staff.of("sora")?.token();
        }
        self.rest.put(&by, &format!("/v1/accounts/{}", owner.account()), &account).await?;
        let session = Session::of(owner);
        let mut keys = Vec::new();
        for key in &owner.keys {
            keys.push(self.key(owner, &session, key).await?);
        }
        Ok((session, keys))
    }

    /// A key: asked for, agreed to, issued.
    async fn key(&self, owner: &Owner, session: &Session, key: &Key) -> Result<Issued> {
        let token = session.token(self.rest, self.exchange).await?;
        let allow: Vec<String> = key.allow.iter().map(|address| format!("{address}/32")).collect();
        let mut body = json!({ "account": owner.account(), "purpose": key.purpose, "application": key.application,
            "scopes": key.scopes, "allowlist": allow, "expires": clock::in_days(90), "terms": "1" });
        if key.vendor {
            body["vendor"] = json!(VENDOR);
            body["operator"] = json!(VENDOR_OPERATOR);
        }
        let asked = self.rest.post(&token, "/v1/keys", &body).await?;
        let id = asked["result"]["key"]["key"].as_str().context("a key without an id")?.to_owned();
        // Two people share what there is to approve; who asked is neither of them.
        let agrees = self.staff.of(if owner.number.is_multiple_of(2) { "joon" } else { "yuna" })?.token();
        for approval in asked["result"]["waits_for"].as_array().into_iter().flatten() {
            agree(self.rest, &agrees, approval, granted(&id)).await?;
        }
        let path = format!("/v1/keys/{id}/issue");
        let issued = self.rest.must(Some(&token), Method::POST, &path, None).await?;
        let secret = issued["result"]["secret"].as_str().context("an issued key has a secret")?.to_owned();
        Ok(Issued { id, secret })
    }
}

/// Not the same words for every key: whoever decides writes them anew.
fn granted(key: &str) -> &'static str {
    let at = key.bytes().map(usize::from).sum::<usize>() % GRANTED.len();
    GRANTED.get(at).copied().unwrap_or(TOKEN_AGREED)
}

/// Hands lines in to the merged log, from this position on.
pub(crate) async fn tell(rest: &Rest, token: &str, from: u64, lines: String) -> Result<()> {
    let path = format!("/v1/events?from={from}");
    let body = ("application/x-ndjson", lines.into_bytes());
    let answer = rest.send(Some(token), Method::POST, &path, body).await?;
    anyhow::ensure!(answer.status.is_success(), "the exchange's events were refused: {}", answer.body);
    Ok(())
}

/// The mock exchange's accounts file.
pub(crate) fn accounts(entered: &[(&Owner, &[Issued])]) -> String {
    let mut text =
        "# Who trades on the mock exchange. It needs no secret: the gate verifies signatures.\n".to_owned();
    for (owner, keys) in entered {
        let keys: Vec<String> = keys.iter().map(|key| format!("{{ access_key = \"{}\" }}", key.id)).collect();
        text += &format!(
            "\n[[accounts]]\nname = \"{}\"\nkeys = [{}]\nbalances = {{ KRW = \"900000000\", BTC = \"5\" }}\n",
            owner.account(),
            keys.join(", ")
        );
    }
    text
}
